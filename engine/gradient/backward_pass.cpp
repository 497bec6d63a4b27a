// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/backward_pass.h"

#include "gradient/block_gradient.h"
#include "gradient/head_gradient.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace planish {

void requireGradients(const Model& model) {
    const auto differences = differencesFromLlama(model.config());
    if (!differences.empty()) {
        throw InputError(
            model.path().string(), "gradients",
            "a model that computes as Llama does; those of others are not supported",
            fmt::format("{} with {}", model.config().architecture, fmt::join(differences, ", ")));
    }
}

BackwardPass::BackwardPass(const WeightSource& source, std::size_t longestContext, Workers& workers,
                           Arithmetic arithmetic)
    : source_(source),
      workers_(workers),
      arithmetic_(arithmetic),
      pass_(source, longestContext, workers, arithmetic) {
    requireGradients(source.model());
}

double BackwardPass::run(std::span<const TokenId> tokens, std::size_t windows, const LogitLoss& loss,
                         GradientSink& sink, JobMonitor& monitor, const StateLoss* ofStates) const {
    const Model& model = source_.model();
    const std::size_t blocks = model.config().blocks;
    constexpr double forwardShare = 0.25; // backward: computed anew, and two products where forward has one
    PartMonitor forward(monitor, 0, forwardShare);
    std::vector<HiddenStates> boundaries = pass_.allStates(tokens, windows, forward);
    PartMonitor backward(monitor, forwardShare, 1);
    std::size_t done = 0;
    const TensorInfo& head = LogitHead::tensor(model);
    const TensorInfo& embedding = model.tensor("model.embed_tokens");
    const TensorInfo& norm = model.tensor("model.norm");
    HeadGradient::Result top = HeadGradient(source_, workers_, arithmetic_)
                                   .differentiate(boundaries.back(), loss, sink.wants(head), monitor);
    if (sink.wants(norm)) {
        sink.take(norm, top.norm);
    }
    for (std::size_t index = blocks; index-- > 0;) {
        if (ofStates != nullptr) {
            ofStates->differentiate(index, boundaries.back().values, top.states);
        }
        boundaries.pop_back();
        BlockGradient block(pass_, source_, index, workers_, arithmetic_, sink);
        const std::size_t each = BlockGradient::windowsAtOnce(boundaries.back().context);
        for (std::size_t begin = 0; begin < windows; begin += each) {
            const std::size_t count = std::min(each, windows - begin);
            block.addWindows(boundaries.back(), begin, count, top.states, monitor);
            done += count;
            backward.report({"", done, blocks * windows, fmt::format("block {}", index)});
        }
        block.finish();
    }
    if (&head != &embedding && sink.wants(head)) {
        sink.take(head, std::exchange(top.head, Matrix()));
    }
    if (sink.wants(embedding)) {
        sink.take(embedding, embeddingGradient(tokens, top.states, std::move(top.head)));
    }
    return top.loss;
}

/// Rows of the states' gradient to those of their tokens, on top of the head's where that is the same tensor.
Matrix BackwardPass::embeddingGradient(std::span<const TokenId> tokens, const Matrix& states,
                                       Matrix head) const {
    const Shape shape = source_.model().tensor("model.embed_tokens").shape;
    if (head.size() == 0) {
        head = Matrix::Zero(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
    }
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        head.row(tokens[i]) += states.row(static_cast<Eigen::Index>(i));
    }
    return head;
}

} // namespace planish
