// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/head_gradient.h"

#include "algebra/outer_product.h"
#include "gradient/gradient_kernels.h"
#include "inference/block.h"

#include <algorithm>
#include <numeric>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;

std::span<const float> rowOf(MatrixView matrix, Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

std::span<float> rowOf(MutableMatrixView matrix, Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

} // namespace

HeadGradient::HeadGradient(const WeightSource& source, Workers& workers, Arithmetic arithmetic)
    : workers_(workers),
      arithmetic_(arithmetic),
      norm_(source.vector(source.model().tensor("model.norm"))),
      epsilon_(static_cast<float>(source.model().config().normEpsilon)) {
    const Matrix weights = source.matrix(LogitHead::tensor(source.model()), workers);
    head_.packTransposed(weights, workers, arithmetic);
    transposed_.pack(weights, workers, arithmetic);
}

HeadGradient::Result HeadGradient::differentiate(const HiddenStates& states, const LogitLoss& loss,
                                                 bool wantsHead, const JobMonitor& monitor) const {
    const Index tokens = states.values.rows();
    const Index hidden = states.values.cols();
    const auto vocabulary = static_cast<Index>(head_.outputs());
    const auto tile = static_cast<Index>(LogitHead::rowsPerTile(head_.outputs()));
    // So many logits at a time, of which every thread has several tiles.
    const Index batch = 32 * tile;
    Result result{0, Matrix::Zero(tokens, hidden), Matrix::Zero(1, hidden), {}};
    if (wantsHead) {
        result.head = Matrix::Zero(vocabulary, hidden);
    }
    Matrix logits(std::min(batch, tokens), vocabulary);
    Matrix normalized(logits.rows(), hidden);
    for (Index begin = 0; begin < tokens; begin += batch) {
        const Index count = std::min(batch, tokens - begin);
        const auto tiles = static_cast<std::size_t>((count + tile - 1) / tile);
        Matrix gains = Matrix::Zero(static_cast<Index>(tiles), hidden);
        std::vector<double> losses(tiles);
        workers_.forEach(
            tiles,
            [&](std::size_t index) {
                const Index first = static_cast<Index>(index) * tile;
                const Index rows = std::min(tile, count - first);
                const auto inputs = states.values.middleRows(begin + first, rows);
                auto own = logits.middleRows(first, rows);
                normalizeRows(inputs, norm_, static_cast<double>(epsilon_),
                              normalized.middleRows(first, rows));
                multiply(normalized.middleRows(first, rows), head_, own);
                losses[index] = loss.differentiate(static_cast<std::size_t>(begin + first), own);
                Matrix gradient(rows, hidden);
                multiply(own, transposed_, gradient);
                for (Index row = 0; row < rows; ++row) {
                    rmsNormGradient(rowOf(MatrixView(inputs), row),
                                    {norm_.data(), static_cast<std::size_t>(hidden)}, epsilon_,
                                    rowOf(MatrixView(gradient), row),
                                    rowOf(MutableMatrixView(result.states), begin + first + row),
                                    rowOf(MutableMatrixView(gains), static_cast<Index>(index)));
                }
            },
            monitor);
        result.loss = std::accumulate(losses.begin(), losses.end(), result.loss);
        result.norm += gains.colwise().sum();
        if (wantsHead) {
            addOuterProducts(logits.topRows(count), normalized.topRows(count), arithmetic_, result.head,
                             workers_, monitor);
        }
    }
    return result;
}

} // namespace planish
