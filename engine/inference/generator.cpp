// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/generator.h"

#include "inference/attention.h"
#include "inference/forward_pass.h"
#include "inference/kernels.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace planish {
namespace {

TokenId choose(const Vector& logits, const Sampling& sampling, std::mt19937_64& random) {
    const std::span<const float> values(logits.data(), static_cast<std::size_t>(logits.size()));
    const LogitSummary summary = summarizeLogits(values);
    if (sampling.temperature <= 0) {
        return static_cast<TokenId>(summary.argmax);
    }
    std::vector<double> weights(values.size());
    const auto top = static_cast<double>(values[summary.argmax]);
    double total = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
        weights[i] = std::exp((static_cast<double>(values[i]) - top) / sampling.temperature);
        total += weights[i];
    }
    // The draw is spelled out, as the standard library's distributions differ between implementations.
    double left = static_cast<double>(random() >> 11) * 0x1.0p-53 * total;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        left -= weights[i];
        if (left < 0) {
            return static_cast<TokenId>(i);
        }
    }
    return static_cast<TokenId>(summary.argmax);
}

std::vector<BlockWeights> readBlocks(const WeightSource& source, Workers& workers) {
    std::vector<BlockWeights> blocks;
    for (std::size_t i = 0; i < source.model().config().blocks; ++i) {
        blocks.push_back(BlockWeights::read(source, i, workers));
    }
    return blocks;
}

/// All heads of a few new tokens; keys and values are packed anew, as there are more of them each time.
void attendAll(const ModelConfig& config, std::size_t window, MatrixView queries, const KeyValues& seen,
               std::size_t past, MutableMatrixView attended) {
    const auto headSize = static_cast<Eigen::Index>(config.headSize);
    const auto tokens = static_cast<std::size_t>(queries.rows());
    const auto visible = static_cast<Eigen::Index>(past + tokens);
    PackedHead head;
    for (std::size_t source = 0; source < config.keyValueHeads; ++source) {
        const Eigen::Index column = static_cast<Eigen::Index>(source) * headSize;
        head.pack(seen.keys.block(0, column, visible, headSize),
                  seen.values.block(0, column, visible, headSize), Arithmetic::float32);
        for (std::size_t first = 0; first < tokens; first += queriesPerTile) {
            const auto rows = static_cast<Eigen::Index>(std::min(queriesPerTile, tokens - first));
            attend(config, window, queries, head, source, past, first,
                   attended.middleRows(static_cast<Eigen::Index>(first), rows));
        }
    }
}

} // namespace

Generator::Generator(const WeightSource& source, Workers& workers)
    : source_(source), workers_(workers), blocks_(readBlocks(source, workers)), head_(source, workers) {}

Vector Generator::step(std::span<const TokenId> tokens, std::size_t past, const RopeTables& ropes,
                       std::vector<KeyValues>& cache) {
    const ModelConfig& config = source_.model().config();
    const auto count = static_cast<Eigen::Index>(tokens.size());
    const auto seen = static_cast<Eigen::Index>(past);
    Matrix hidden = ForwardPass(source_, 1, workers_).embed(tokens, 1).values;
    Matrix queries(count, static_cast<Eigen::Index>(config.querySize()));
    Matrix attended(count, static_cast<Eigen::Index>(config.querySize()));
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
        KeyValues& seenHere = cache[b];
        projectQueryKeyValue(blocks_[b], config, ropes, hidden, past, queries,
                             seenHere.keys.middleRows(seen, count), seenHere.values.middleRows(seen, count));
        attendAll(config, blocks_[b].attention.window, queries, seenHere, past, attended);
        finishBlock(blocks_[b], config, attended, hidden);
    }
    Matrix logits(1, static_cast<Eigen::Index>(head_.vocabularySize()));
    head_.compute(hidden.bottomRows(1), logits);
    return logits.row(0).transpose();
}

std::vector<TokenId> Generator::generate(std::span<const TokenId> prompt, std::size_t count,
                                         const Sampling& sampling, JobMonitor& monitor,
                                         const std::function<void(TokenId)>& next) {
    const ModelConfig& config = source_.model().config();
    if (prompt.empty() || prompt.size() >= config.maximumContext) {
        throw InputError("prompt", "length", fmt::format("1 to {} tokens", config.maximumContext - 1),
                         std::to_string(prompt.size()));
    }
    count = std::min(count, config.maximumContext - prompt.size());
    const auto capacity = static_cast<Eigen::Index>(prompt.size() + count);
    const RopeTables ropes(config, prompt.size() + count);
    const auto width = static_cast<Eigen::Index>(config.keyValueSize());
    std::vector<KeyValues> cache(blocks_.size(), {Matrix(capacity, width), Matrix(capacity, width)});
    std::mt19937_64 random(sampling.seed);
    std::vector<TokenId> result;
    std::vector<TokenId> tokens(prompt.begin(), prompt.end());
    std::size_t past = 0;
    while (result.size() < count && past + tokens.size() <= static_cast<std::size_t>(capacity)) {
        monitor.throwIfCancelled();
        const Vector logits = step(tokens, past, ropes, cache);
        past += tokens.size();
        tokens.assign(1, choose(logits, sampling, random));
        if (config.endToken && tokens.front() == *config.endToken) {
            break;
        }
        result.push_back(tokens.front());
        next(tokens.front());
        monitor.report({"generate", result.size(), count, ""});
    }
    return result;
}

} // namespace planish
