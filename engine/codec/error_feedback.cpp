// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/error_feedback.h"

#include "algebra/inverse_factor.h"
#include "codec/input_statistics.h"
#include "codec/principal_outputs.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace planish {
namespace {

using Index = Eigen::Index;

std::vector<Index> columnOrder(const Matrix& hessian, bool byActivation) {
    std::vector<Index> order(static_cast<std::size_t>(hessian.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    if (byActivation) {
        std::stable_sort(order.begin(), order.end(),
                         [&](Index a, Index b) { return hessian(a, a) > hessian(b, b); });
    }
    return order;
}

std::vector<ErrorFeedback::Block> blocksOf(Index columns, Index groupSize) {
    constexpr Index most = 128;
    std::vector<ErrorFeedback::Block> blocks;
    const Index whole = groupSize <= most ? most / groupSize * groupSize : groupSize;
    for (Index group = 0; group < columns; group += whole) {
        const Index groupEnd = std::min(columns, group + whole);
        for (Index begin = group; begin < groupEnd; begin += most) {
            blocks.push_back({begin, std::min(groupEnd, begin + most), {}});
        }
    }
    return blocks;
}

/// P with (W P) having column order[i] of W in place i.
Eigen::PermutationMatrix<Eigen::Dynamic> permutationOf(const std::vector<Index>& order) {
    Eigen::PermutationMatrix<Eigen::Dynamic> permutation(static_cast<Index>(order.size()));
    for (std::size_t i = 0; i < order.size(); ++i) {
        permutation.indices()[static_cast<Index>(i)] = static_cast<int>(order[i]);
    }
    return permutation;
}

} // namespace

Matrix dampedInverseFactor(const Matrix& hessian, const std::vector<Index>& order, bool onlyDiagonal,
                           const EncodeContext& context) {
    const double mean = hessian.diagonal().cast<double>().mean();
    const double usual = mean > 0 ? mean : 1.0;
    for (double damping = 0.01; damping < 1e9; damping *= 10) {
        const auto damped = [&](std::size_t row, std::size_t firstColumn, std::span<double> numbers) {
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                const std::size_t column = firstColumn + i;
                const double number = hessian(order[row], order[column]);
                if (column == row) {
                    numbers[i] = (number > 0 ? number : usual) + damping * usual;
                } else {
                    numbers[i] = onlyDiagonal ? 0 : number;
                }
            }
        };
        if (auto factor = inverseFactor(order.size(), damped, context.workers, context.monitor)) {
            return *std::move(factor);
        }
    }
    throw Error("the statistics are no covariance: no damping makes them positive definite");
}

ErrorFeedback::ErrorFeedback(const InputStatistics& inputs, const GptqOptions& options, Index groupSize,
                             const EncodeContext& context)
    : order_(columnOrder(inputs.hessian, options.activationOrder)),
      factor_(dampedInverseFactor(inputs.hessian, order_, options.diagonal, context)),
      blocks_(blocksOf(factor_.rows(), groupSize)) {
    for (Block& block : blocks_) {
        block.further.pack(
            factor_.block(block.begin, block.end, block.end - block.begin, factor_.cols() - block.end));
    }
    importance_.resize(order_.size());
    for (std::size_t i = 0; i < order_.size(); ++i) {
        const float u = factor_(static_cast<Index>(i), static_cast<Index>(i));
        importance_[static_cast<std::size_t>(order_[i])] = 1.0F / (u * u);
    }
}

Matrix ErrorFeedback::inOrder(MatrixView weights) const {
    Matrix ordered(weights.rows(), weights.cols());
    for (Index i = 0; i < weights.cols(); ++i) {
        ordered.col(i) = weights.col(order_[static_cast<std::size_t>(i)]);
    }
    return ordered;
}

Matrix ErrorFeedback::asymmetricTargets(MatrixView weights, const EncodeContext& context) const {
    const InputStatistics& inputs = *context.inputs;
    if (inputs.crossMoment.size() == 0) {
        return weights;
    }
    const Eigen::PermutationMatrix<Eigen::Dynamic> permutation = permutationOf(order_);
    const Matrix shift = (inputs.crossMoment - inputs.hessian).transpose();
    Matrix moved = product(weights, shift, context) * permutation;
    moved = product(moved, factor_.transpose(), context);
    moved = product(moved, factor_, context);
    return weights + moved * permutation.transpose();
}

} // namespace planish
