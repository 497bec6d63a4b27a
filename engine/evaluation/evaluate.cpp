// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/evaluate.h"

#include "inference/kernels.h"
#include "inference/logits.h"

#include <algorithm>
#include <numeric>

namespace planish {
namespace {

std::size_t windowsPerPart(const WindowPlan& plan, const ModelConfig& config, std::size_t models) {
    const std::uint64_t each = HiddenStates::bytes(1, plan.context, config.hiddenSize) * models;
    return std::clamp<std::size_t>(
        static_cast<std::size_t>(hiddenStateBudget / std::max<std::uint64_t>(each, 1)), 1, plan.windows);
}

std::span<const TokenId> tokensOf(const WindowPlan& plan, std::size_t firstWindow, std::size_t count) {
    return std::span(plan.tokens).subspan(firstWindow * plan.context, count * plan.context);
}

/// A run of targets of one window, small enough that its logits stay in the cache.
struct TargetTile {
    std::size_t window;
    std::size_t firstTarget;
    std::size_t count;
};

std::vector<TargetTile> targetTiles(const WindowPlan& plan, std::size_t firstWindow, std::size_t windows,
                                    std::size_t rowsPerTile) {
    std::vector<TargetTile> tiles;
    for (std::size_t window = firstWindow; window < firstWindow + windows; ++window) {
        for (std::size_t target = plan.firstTarget; target < plan.context; target += rowsPerTile) {
            tiles.push_back({window, target, std::min(rowsPerTile, plan.context - target)});
        }
    }
    return tiles;
}

/// Rows whose logits predict the tile's targets: each target is predicted at the position before it.
auto predictingRows(const HiddenStates& states, std::size_t windowInStates, const TargetTile& tile) {
    return states.values.middleRows(
        static_cast<Eigen::Index>(windowInStates * states.context + tile.firstTarget - 1),
        static_cast<Eigen::Index>(tile.count));
}

std::span<const float> rowOf(const Matrix& matrix, std::size_t row) {
    const auto columns = static_cast<std::size_t>(matrix.cols());
    return {matrix.data() + row * columns, columns};
}

double nll(std::span<const float> logits, const LogitSummary& summary, TokenId target) {
    return summary.logSumExp - static_cast<double>(logits[static_cast<std::size_t>(target)]);
}

void finish(LossResult& loss, const std::vector<TargetTile>& tiles, const std::vector<double>& tileNll) {
    for (std::size_t i = 0; i < tiles.size(); ++i) {
        loss.windowNll[tiles[i].window] += tileNll[i];
    }
}

/// Calls body(firstWindow, count, monitor of that part) for each part of the plan.
template <class Body>
void forParts(const WindowPlan& plan, std::size_t windowsPerPart, JobMonitor& monitor, const Body& body) {
    const auto all = static_cast<double>(plan.windows);
    for (std::size_t first = 0; first < plan.windows; first += windowsPerPart) {
        const std::size_t count = std::min(windowsPerPart, plan.windows - first);
        PartMonitor part(monitor, static_cast<double>(first) / all, static_cast<double>(first + count) / all);
        body(first, count, part);
    }
}

} // namespace

std::shared_ptr<const HiddenStates> finalHiddenStates(const WeightSource& source, const WindowPlan& plan,
                                                      Workers& workers, JobMonitor& monitor,
                                                      Arithmetic arithmetic) {
    if (windowsPerPart(plan, source.model().config(), 1) < plan.windows) {
        return nullptr;
    }
    const ForwardPass pass(source, plan.context, workers, arithmetic);
    return std::make_shared<const HiddenStates>(pass.run(plan.tokens, plan.windows, monitor));
}

LossResult evaluateLoss(const WeightSource& source, const WindowPlan& plan, Workers& workers,
                        JobMonitor& monitor, Arithmetic arithmetic) {
    const ForwardPass pass(source, plan.context, workers, arithmetic);
    LossResult loss{std::vector<double>(plan.windows), 0};
    forParts(plan, windowsPerPart(plan, source.model().config(), 1), monitor,
             [&](std::size_t first, std::size_t count, JobMonitor& part) {
                 const HiddenStates states = pass.run(tokensOf(plan, first, count), count, part);
                 const LogitHead head(source, workers, arithmetic);
                 const auto tiles = targetTiles(plan, first, count, head.rowsPerTile());
                 std::vector<double> tileNll(tiles.size());
                 workers.forEach(
                     tiles.size(),
                     [&](std::size_t i) {
                         const TargetTile& tile = tiles[i];
                         Matrix logits(static_cast<Eigen::Index>(tile.count),
                                       static_cast<Eigen::Index>(head.vocabularySize()));
                         head.compute(predictingRows(states, tile.window - first, tile), logits);
                         for (std::size_t row = 0; row < tile.count; ++row) {
                             const auto values = rowOf(logits, row);
                             const TokenId target =
                                 plan.tokens[tile.window * plan.context + tile.firstTarget + row];
                             tileNll[i] += nll(values, summarizeLogits(values), target);
                         }
                     },
                     part);
                 finish(loss, tiles, tileNll);
             });
    loss.nllSum = std::accumulate(loss.windowNll.begin(), loss.windowNll.end(), 0.0);
    return loss;
}

ComparisonResult evaluateAgainst(const WeightSource& quantized, const WeightSource& baseline,
                                 const std::shared_ptr<const HiddenStates>& baselineStates,
                                 const WindowPlan& plan, Workers& workers, JobMonitor& monitor,
                                 Arithmetic arithmetic) {
    const ForwardPass pass(quantized, plan.context, workers, arithmetic);
    const ForwardPass baselinePass(baseline, plan.context, workers, arithmetic);
    ComparisonResult result;
    result.loss.windowNll.assign(plan.windows, 0);
    result.baseline.windowNll.assign(plan.windows, 0);
    std::vector<float> divergence(plan.tokensScored());
    std::size_t agreements = 0;

    const std::size_t partSize =
        baselineStates ? plan.windows : windowsPerPart(plan, quantized.model().config(), 2);
    forParts(plan, partSize, monitor, [&](std::size_t first, std::size_t count, JobMonitor& part) {
        const auto tokens = tokensOf(plan, first, count);
        PartMonitor baselineProgress(part, 0, 0.45);
        const auto reference =
            baselineStates
                ? baselineStates
                : std::make_shared<const HiddenStates>(baselinePass.run(tokens, count, baselineProgress));
        PartMonitor quantizedProgress(part, baselineStates ? 0 : 0.45, 0.9);
        const HiddenStates states = pass.run(tokens, count, quantizedProgress);
        const LogitHead head(quantized, workers, arithmetic);
        const LogitHead baselineHead(baseline, workers, arithmetic);
        const auto tiles = targetTiles(plan, first, count, head.rowsPerTile());
        std::vector<double> tileNll(tiles.size());
        std::vector<double> tileBaselineNll(tiles.size());
        std::vector<std::size_t> tileAgreements(tiles.size());
        workers.forEach(
            tiles.size(),
            [&](std::size_t i) {
                const TargetTile& tile = tiles[i];
                Matrix logits(static_cast<Eigen::Index>(tile.count),
                              static_cast<Eigen::Index>(head.vocabularySize()));
                Matrix baselineLogits(logits.rows(), logits.cols());
                head.compute(predictingRows(states, tile.window - first, tile), logits);
                baselineHead.compute(predictingRows(*reference, tile.window - first, tile), baselineLogits);
                for (std::size_t row = 0; row < tile.count; ++row) {
                    const std::size_t offset = tile.firstTarget + row;
                    const TokenId target = plan.tokens[tile.window * plan.context + offset];
                    const auto p = rowOf(baselineLogits, row);
                    const auto q = rowOf(logits, row);
                    const LogitSummary pSummary = summarizeLogits(p);
                    const LogitSummary qSummary = summarizeLogits(q);
                    tileBaselineNll[i] += nll(p, pSummary, target);
                    tileNll[i] += nll(q, qSummary, target);
                    divergence[tile.window * plan.targetsPerWindow() + offset - plan.firstTarget] =
                        static_cast<float>(klDivergence(p, pSummary.logSumExp, q, qSummary.logSumExp));
                    tileAgreements[i] += pSummary.argmax == qSummary.argmax ? 1U : 0U;
                }
            },
            part);
        finish(result.loss, tiles, tileNll);
        finish(result.baseline, tiles, tileBaselineNll);
        agreements += std::accumulate(tileAgreements.begin(), tileAgreements.end(), std::size_t{0});
    });
    for (LossResult* loss : {&result.loss, &result.baseline}) {
        loss->nllSum = std::accumulate(loss->windowNll.begin(), loss->windowNll.end(), 0.0);
    }
    result.top1Agreement = static_cast<double>(agreements) / static_cast<double>(plan.tokensScored());
    result.divergence = summarizeDivergence(std::move(divergence));
    return result;
}

} // namespace planish
