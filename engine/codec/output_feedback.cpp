// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/output_feedback.h"

#include "codec/error_feedback.h"

#include <algorithm>
#include <numeric>

namespace planish {

Matrix OutputFeedback::factorOf(const Matrix* outputs, const EncodeContext& context) {
    if (outputs == nullptr) {
        return {};
    }
    std::vector<Index> order(static_cast<std::size_t>(outputs->rows()));
    std::iota(order.begin(), order.end(), Index{0});
    return dampedInverseFactor(*outputs, order, false, context);
}

OutputFeedback::OutputFeedback(const Matrix& factor, std::span<const std::size_t> tileBegins,
                               MatrixView wanted)
    : factor_(factor), begins_(tileBegins), wanted_(wanted) {
    if (factor_.size() > 0) {
        errors_.resize(wanted.rows(), wanted.cols());
    }
}

void OutputFeedback::forEachBlock(std::size_t blocks,
                                  const std::function<void(std::size_t, std::size_t)>& body,
                                  const EncodeContext& context) const {
    if (factor_.size() == 0) {
        context.workers.forEach(
            tiles(),
            [&](std::size_t tile) {
                for (std::size_t block = 0; block < blocks; ++block) {
                    body(tile, block);
                }
            },
            context.monitor);
        return;
    }
    for (std::size_t wave = 0; wave + 1 < tiles() + blocks; ++wave) {
        const std::size_t first = wave < blocks ? 0 : wave - blocks + 1;
        const std::size_t end = std::min(wave + 1, tiles());
        context.workers.forEach(
            end - first, [&](std::size_t i) { body(first + i, wave - first - i); }, context.monitor);
    }
}

void OutputFeedback::receive(std::size_t tile, Index begin, Index end, Matrix& weights) {
    if (factor_.size() == 0) {
        return;
    }
    const Index before = firstRow(tile);
    auto errors = errors_.block(before, begin, rows(tile), end - begin);
    errors = -wanted_.block(before, begin, rows(tile), end - begin);
    if (before > 0) {
        const Matrix asked = factor_.block(0, before, before, rows(tile)).transpose() *
                             errors_.block(0, begin, before, end - begin);
        weights.middleCols(begin, end - begin) += asked;
        errors -= asked;
    }
}

void OutputFeedback::pass(std::size_t tile, Index begin, Index end, const Matrix& stored) {
    if (factor_.size() == 0) {
        return;
    }
    auto errors = errors_.block(firstRow(tile), begin, rows(tile), end - begin);
    errors += stored.middleCols(begin, end - begin);
    factor_.block(firstRow(tile), firstRow(tile), rows(tile), rows(tile))
        .transpose()
        .triangularView<Eigen::Lower>()
        .solveInPlace(errors);
}

} // namespace planish
