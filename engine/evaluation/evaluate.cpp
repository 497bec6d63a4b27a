// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/evaluate.h"

#include "evaluation/baseline_logits.h"
#include "inference/kernels.h"
#include "inference/logits.h"
#include "support/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <numeric>

namespace planish {
namespace {

std::span<const TokenId> tokensOf(const WindowPlan& plan, std::size_t firstWindow, std::size_t count) {
    return std::span(plan.tokens).subspan(firstWindow * plan.context, count * plan.context);
}

std::span<const float> rowOf(MatrixView matrix, std::size_t row) {
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

/// Hidden states behind the last block.
std::shared_ptr<const HiddenStates> finalStates(const ForwardPass& pass, std::span<const TokenId> tokens,
                                                std::size_t windows, JobMonitor& monitor, StateCache* cache) {
    return cache != nullptr ? pass.run(tokens, windows, monitor, *cache)
                            : std::make_shared<const HiddenStates>(pass.run(tokens, windows, monitor));
}

/// What logits are made of: final states, norm, head, and the positions that are scored.
std::string logitsKey(const ForwardPass& pass, const WeightSource& source, std::span<const TokenId> tokens,
                      std::size_t windows, const WindowPlan& plan) {
    const Model& model = source.model();
    return sha256Hex(fmt::format("logits {} {} {} {}", pass.boundaries(tokens, windows).back().key,
                                 source.identity(model.tensor("model.norm")),
                                 source.identity(LogitHead::tensor(model)), plan.firstTarget));
}

} // namespace

std::size_t windowsPerPart(const WindowPlan& plan, const ModelConfig& config, std::size_t models) {
    const std::uint64_t each = HiddenStates::bytes(1, plan.context, config.hiddenSize) * models;
    return std::clamp<std::size_t>(
        static_cast<std::size_t>(hiddenStateBudget / std::max<std::uint64_t>(each, 1)), 1, plan.windows);
}

LossResult evaluateLoss(const WeightSource& source, const WindowPlan& plan, Workers& workers,
                        JobMonitor& monitor, const EvaluateOptions& options) {
    const ForwardPass pass(source, plan.context, workers, options.arithmetic);
    LossResult loss{std::vector<double>(plan.windows), 0};
    forParts(plan, windowsPerPart(plan, source.model().config(), 1), monitor,
             [&](std::size_t first, std::size_t count, JobMonitor& part) {
                 PartMonitor passing(part, 0, 0.85);
                 const auto states =
                     finalStates(pass, tokensOf(plan, first, count), count, passing, options.cache);
                 const LogitHead head(source, workers, options.arithmetic);
                 const auto tiles = targetTiles(plan, first, count, head.rowsPerTile());
                 std::vector<double> tileNll(tiles.size());
                 PartMonitor scoring(part, 0.85, 1);
                 FinishedWork finished(scoring, tiles.size());
                 workers.forEach(
                     tiles.size(),
                     [&](std::size_t i) {
                         const TargetTile& tile = tiles[i];
                         Matrix logits(static_cast<Eigen::Index>(tile.count),
                                       static_cast<Eigen::Index>(head.vocabularySize()));
                         head.compute(predictingRows(*states, first, tile), logits);
                         for (std::size_t row = 0; row < tile.count; ++row) {
                             const auto values = rowOf(logits, row);
                             const TokenId target =
                                 plan.tokens[tile.window * plan.context + tile.firstTarget + row];
                             tileNll[i] += nll(values, summarizeLogits(values), target);
                         }
                         finished.add(1, "head");
                     },
                     part);
                 finish(loss, tiles, tileNll);
             });
    loss.nllSum = std::accumulate(loss.windowNll.begin(), loss.windowNll.end(), 0.0);
    return loss;
}

ComparisonResult evaluateAgainst(const WeightSource& quantized, const WeightSource& baseline,
                                 const WindowPlan& plan, Workers& workers, JobMonitor& monitor,
                                 const EvaluateOptions& options) {
    const ForwardPass pass(quantized, plan.context, workers, options.arithmetic);
    const ForwardPass baselinePass(baseline, plan.context, workers, options.arithmetic);
    ComparisonResult result;
    result.loss.windowNll.assign(plan.windows, 0);
    result.baseline.windowNll.assign(plan.windows, 0);
    std::vector<float> divergence(plan.tokensScored());
    std::size_t agreements = 0;

    forParts(
        plan, windowsPerPart(plan, quantized.model().config(), 2), monitor,
        [&](std::size_t first, std::size_t count, JobMonitor& part) {
            using Clock = std::chrono::steady_clock;
            const auto tokens = tokensOf(plan, first, count);
            const Clock::time_point start = Clock::now();
            PartMonitor baselineProgress(part, 0, 0.4, "baseline");
            const auto reference = finalStates(baselinePass, tokens, count, baselineProgress, options.cache);
            result.baselineSeconds += std::chrono::duration<double>(Clock::now() - start).count();
            PartMonitor quantizedProgress(part, 0.4, 0.8, "evaluate");
            const auto states = finalStates(pass, tokens, count, quantizedProgress, options.cache);
            const LogitHead head(quantized, workers, options.arithmetic);
            const LogitHead baselineHead(baseline, workers, options.arithmetic);
            BaselineLogits baselineLogits(baselineHead, *reference, plan, first,
                                          logitsKey(baselinePass, baseline, tokens, count, plan),
                                          options.keepLogits ? options.cache : nullptr);
            const auto tiles = targetTiles(plan, first, count, head.rowsPerTile());
            std::vector<double> tileNll(tiles.size());
            std::vector<double> tileBaselineNll(tiles.size());
            std::vector<std::size_t> tileAgreements(tiles.size());
            PartMonitor scoring(part, 0.8, 1, "evaluate");
            FinishedWork finished(scoring, tiles.size());
            workers.forEach(
                tiles.size(),
                [&](std::size_t i) {
                    const TargetTile& tile = tiles[i];
                    Matrix logits(static_cast<Eigen::Index>(tile.count),
                                  static_cast<Eigen::Index>(head.vocabularySize()));
                    Matrix scratch;
                    head.compute(predictingRows(*states, first, tile), logits);
                    const MatrixView expected = baselineLogits.of(tile, scratch);
                    for (std::size_t row = 0; row < tile.count; ++row) {
                        const std::size_t offset = tile.firstTarget + row;
                        const TokenId target = plan.tokens[tile.window * plan.context + offset];
                        const auto p = rowOf(expected, row);
                        const auto q = rowOf(logits, row);
                        const LogitSummary pSummary = summarizeLogits(p);
                        const LogitSummary qSummary = summarizeLogits(q);
                        tileBaselineNll[i] += nll(p, pSummary, target);
                        tileNll[i] += nll(q, qSummary, target);
                        divergence[tile.window * plan.targetsPerWindow() + offset - plan.firstTarget] =
                            static_cast<float>(klDivergence(p, pSummary.logSumExp, q, qSummary.logSumExp));
                        tileAgreements[i] += pSummary.argmax == qSummary.argmax ? 1U : 0U;
                    }
                    finished.add(1, "head");
                },
                part);
            baselineLogits.keep();
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
