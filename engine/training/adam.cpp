// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/adam.h"

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

constexpr float firstDecay = 0.9F;
constexpr float secondDecay = 0.95F;
/// Far below the square of any gradient that says something.
constexpr float smallest = 1e-20F;

} // namespace

void adamStep(MutableMatrixView weights, MatrixView gradient, AdamMoments& moments, std::uint64_t step,
              double size, Workers& workers) {
    using Index = Eigen::Index;
    const Index rows = weights.rows();
    const Index columns = weights.cols();
    if (moments.first.size() == 0) {
        moments = {Matrix::Zero(rows, columns), Matrix::Zero(rows, columns)};
    }
    const auto steps = static_cast<double>(step);
    const auto firstScale = static_cast<float>(size / (1 - std::pow(double{firstDecay}, steps)));
    const auto secondScale = static_cast<float>(1 / (1 - std::pow(double{secondDecay}, steps)));
    const Index together = std::max<Index>(1, (Index{1} << 16) / columns);
    workers.forEach(static_cast<std::size_t>((rows + together - 1) / together), [&](std::size_t task) {
        const Index begin = static_cast<Index>(task) * together;
        const Index count = std::min(together, rows - begin);
        auto first = moments.first.middleRows(begin, count).array();
        auto second = moments.second.middleRows(begin, count).array();
        const auto slope = gradient.middleRows(begin, count).array();
        first = firstDecay * first + (1 - firstDecay) * slope;
        second = secondDecay * second + (1 - secondDecay) * slope.square();
        weights.middleRows(begin, count).array() -=
            firstScale * first / (secondScale * second + smallest).sqrt();
    });
}

double rootMeanSquare(MatrixView weights) {
    return std::sqrt(weights.cast<double>().squaredNorm() / static_cast<double>(weights.size()));
}

} // namespace planish
