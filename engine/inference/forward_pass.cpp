// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/forward_pass.h"

#include "inference/attention.h"
#include "inference/tiles.h"
#include "support/sha256.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace planish {
ForwardPass::ForwardPass(const WeightSource& source, std::size_t longestContext, Workers& workers,
                         Arithmetic arithmetic)
    : source_(source),
      workers_(workers),
      arithmetic_(arithmetic),
      ropes_(source.model().config(), longestContext) {}

HiddenStates ForwardPass::embed(std::span<const TokenId> tokens, std::size_t windows) const {
    const ModelConfig& config = source_.model().config();
    const TensorInfo& embedding = source_.model().tensor("model.embed_tokens");
    HiddenStates states{
        windows, tokens.size() / windows,
        Matrix(static_cast<Eigen::Index>(tokens.size()), static_cast<Eigen::Index>(config.hiddenSize))};
    for (std::size_t i = 0; i < tokens.size(); ++i) {
        if (tokens[i] < 0 || static_cast<std::size_t>(tokens[i]) >= config.vocabularySize) {
            throw InputError("token ids", fmt::format("[{}]", i),
                             fmt::format("an id below the vocabulary size {}", config.vocabularySize),
                             std::to_string(tokens[i]));
        }
    }
    constexpr std::size_t tokensPerTask = 256;
    workers_.forEach((tokens.size() + tokensPerTask - 1) / tokensPerTask, [&](std::size_t task) {
        const std::size_t end = std::min(tokens.size(), (task + 1) * tokensPerTask);
        for (std::size_t i = task * tokensPerTask; i < end; ++i) {
            source_.rows(embedding, static_cast<std::size_t>(tokens[i]),
                         states.values.middleRows(static_cast<Eigen::Index>(i), 1));
        }
        if (config.embeddingScale != 1) {
            states.values.middleRows(static_cast<Eigen::Index>(task * tokensPerTask),
                                     static_cast<Eigen::Index>(end - task * tokensPerTask)) *=
                static_cast<float>(config.embeddingScale);
        }
    });
    return states;
}

std::size_t ForwardPass::windowsAtOnce(std::size_t context, int threads) {
    return std::max<std::size_t>(1, static_cast<std::size_t>(threads) * 4 /
                                        tilesPerWindow(context, tokensPerTile));
}

Projections ForwardPass::project(const BlockWeights& block, const HiddenStates& states, std::size_t begin,
                                 std::size_t count, const JobMonitor& monitor) const {
    const ModelConfig& config = source_.model().config();
    const auto windowRows = static_cast<Eigen::Index>(states.context);
    const auto hiddenStart = static_cast<Eigen::Index>(begin) * windowRows;
    const auto rows = static_cast<Eigen::Index>(count) * windowRows;
    Projections projected{Matrix(rows, static_cast<Eigen::Index>(config.querySize())),
                          Matrix(rows, static_cast<Eigen::Index>(config.keyValueSize())),
                          Matrix(rows, static_cast<Eigen::Index>(config.keyValueSize()))};
    workers_.forEach(
        count * tilesPerWindow(states.context, tokensPerTile),
        [&](std::size_t index) {
            const Tile tile = tileAt(index, states.context, tokensPerTile);
            const Eigen::Index row = tile.window * windowRows + tile.first;
            projectQueryKeyValue(
                block, config, ropes_, states.values.middleRows(hiddenStart + row, tile.count),
                static_cast<std::size_t>(tile.first), projected.queries.middleRows(row, tile.count),
                projected.keys.middleRows(row, tile.count), projected.values.middleRows(row, tile.count));
        },
        monitor);
    return projected;
}

void ForwardPass::attendProjected(const BlockWeights& block, const Projections& projected,
                                  std::size_t context, MutableMatrixView attended,
                                  const JobMonitor& monitor) const {
    const ModelConfig& config = source_.model().config();
    const auto windowRows = static_cast<Eigen::Index>(context);
    const auto count = static_cast<std::size_t>(projected.queries.rows()) / context;
    const std::size_t sources = config.keyValueHeads;
    const auto headSize = static_cast<Eigen::Index>(config.headSize);
    std::vector<PackedHead> heads(count * sources);
    workers_.forEach(
        heads.size(),
        [&](std::size_t index) {
            const Eigen::Index window = static_cast<Eigen::Index>(index / sources) * windowRows;
            const Eigen::Index column = static_cast<Eigen::Index>(index % sources) * headSize;
            heads[index].pack(projected.keys.block(window, column, windowRows, headSize),
                              projected.values.block(window, column, windowRows, headSize), block.arithmetic);
        },
        monitor);
    workers_.forEach(
        heads.size() * tilesPerWindow(context, queriesPerTile),
        [&](std::size_t index) {
            const std::size_t source = index % sources;
            const Tile tile = tileAt(index / sources, context, queriesPerTile);
            const Eigen::Index window = tile.window * windowRows;
            attend(config, block.attention.window, projected.queries.middleRows(window, windowRows),
                   heads[static_cast<std::size_t>(tile.window) * sources + source], source, 0,
                   static_cast<std::size_t>(tile.first),
                   attended.middleRows(window + tile.first, tile.count));
        },
        monitor);
}

void ForwardPass::attendWindows(const BlockWeights& block, const HiddenStates& states, std::size_t begin,
                                std::size_t count, MutableMatrixView attended,
                                const JobMonitor& monitor) const {
    attendProjected(block, project(block, states, begin, count, monitor), states.context, attended, monitor);
}

void ForwardPass::applyBlock(const BlockWeights& block, HiddenStates& states, JobMonitor& monitor,
                             const std::function<void(std::size_t)>& windowsDone) const {
    const ModelConfig& config = source_.model().config();
    const std::size_t context = states.context;
    const std::size_t batch = windowsAtOnce(context, workers_.threads());
    Matrix attended(static_cast<Eigen::Index>(std::min(batch, states.windows) * context),
                    static_cast<Eigen::Index>(config.querySize()));
    for (std::size_t begin = 0; begin < states.windows; begin += batch) {
        const std::size_t count = std::min(batch, states.windows - begin);
        attendWindows(block, states, begin, count,
                      attended.topRows(static_cast<Eigen::Index>(count * context)), monitor);
        workers_.forEach(
            count * tilesPerWindow(context, tokensPerTile),
            [&](std::size_t index) {
                const Tile tile = tileAt(index, context, tokensPerTile);
                const Eigen::Index row = tile.window * static_cast<Eigen::Index>(context) + tile.first;
                finishBlock(
                    block, config, attended.middleRows(row, tile.count),
                    states.values.middleRows(static_cast<Eigen::Index>(begin * context) + row, tile.count));
            },
            monitor);
        windowsDone(begin + count);
    }
}

void ForwardPass::passBlock(std::size_t index, HiddenStates& states, JobMonitor& monitor) const {
    monitor.throwIfCancelled();
    const std::size_t blocks = source_.model().config().blocks;
    const BlockWeights block = BlockWeights::read(source_, index, workers_, arithmetic_);
    applyBlock(block, states, monitor, [&](std::size_t done) {
        monitor.report(
            {"", index * states.windows + done, blocks * states.windows, fmt::format("block {}", index)});
    });
}

HiddenStates ForwardPass::run(std::span<const TokenId> tokens, std::size_t windows,
                              JobMonitor& monitor) const {
    HiddenStates states = embed(tokens, windows);
    for (std::size_t index = 0; index < source_.model().config().blocks; ++index) {
        passBlock(index, states, monitor);
    }
    return states;
}

std::vector<HiddenStates> ForwardPass::allStates(std::span<const TokenId> tokens, std::size_t windows,
                                                 JobMonitor& monitor) const {
    std::vector<HiddenStates> all{embed(tokens, windows)};
    for (std::size_t index = 0; index < source_.model().config().blocks; ++index) {
        HiddenStates states = all.back();
        passBlock(index, states, monitor);
        all.push_back(std::move(states));
    }
    return all;
}

std::shared_ptr<const HiddenStates> ForwardPass::run(std::span<const TokenId> tokens, std::size_t windows,
                                                     JobMonitor& monitor, StateCache& cache) const {
    const std::vector<Boundary> all = boundaries(tokens, windows);
    const std::size_t blocks = all.size() - 1;
    std::size_t passed = blocks;
    std::shared_ptr<const HiddenStates> known = cache.find(all[passed].key);
    while (!known && passed > 0) {
        known = cache.find(all[--passed].key);
    }
    cache.count().blocksReused += passed;
    cache.count().blocksComputed += blocks - passed;
    if (known && passed == blocks) {
        return known;
    }
    HiddenStates states = known ? HiddenStates(*known) : embed(tokens, windows);
    known.reset();
    for (std::size_t index = passed; index < blocks; ++index) {
        passBlock(index, states, monitor);
        const Boundary& boundary = all[index + 1];
        if (index + 1 < blocks &&
            cache.hasRoom(HiddenStates::bytes(windows, states.context, source_.model().config().hiddenSize),
                          boundary.ofUnquantized)) {
            cache.keep(boundary.key, std::make_shared<const HiddenStates>(states), boundary.ofUnquantized);
        }
    }
    auto last = std::make_shared<const HiddenStates>(std::move(states));
    cache.keep(all[blocks].key, last, all[blocks].ofUnquantized);
    return last;
}

std::vector<Boundary> ForwardPass::boundaries(std::span<const TokenId> tokens, std::size_t windows) const {
    const Model& model = source_.model();
    Sha256 first;
    first.add(fmt::format("{} {} {} ", model.path().string(), windows, arithmeticName(arithmetic_)));
    first.add(std::as_bytes(tokens));
    const std::string embedding = source_.identity(model.tensor("model.embed_tokens"));
    first.add(embedding);
    std::vector<Boundary> all{{first.hex(), embedding.empty()}};
    for (std::size_t index = 0; index < model.config().blocks; ++index) {
        const std::string prefix = fmt::format("model.layers.{}.", index);
        std::string passed;
        for (const TensorInfo& tensor : model.tensors()) {
            if (tensor.name.starts_with(prefix)) {
                passed += source_.identity(tensor) + ' ';
            }
        }
        const bool unchanged = passed.find_first_not_of(' ') == std::string::npos;
        all.push_back({sha256Hex(all.back().key + passed), all.back().ofUnquantized && unchanged});
    }
    return all;
}

} // namespace planish
