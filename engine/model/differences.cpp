// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/config.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

void addAttention(const ModelConfig& config, std::vector<std::string>& notes) {
    const auto windowed = std::count_if(config.attention.begin(), config.attention.end(),
                                        [](const BlockAttention& block) { return block.window > 0; });
    const auto unrotated = std::count_if(config.attention.begin(), config.attention.end(),
                                         [](const BlockAttention& block) { return !block.rotated; });
    if (windowed > 0) {
        const auto widest = std::max_element(
            config.attention.begin(), config.attention.end(),
            [](const BlockAttention& a, const BlockAttention& b) { return a.window < b.window; });
        notes.push_back(fmt::format("sliding windows of {} tokens in {} of {} blocks", widest->window,
                                    windowed, config.blocks));
    }
    if (windowed > 0 && config.windowRope) {
        notes.push_back(
            fmt::format("rotary embedding of its own in those (theta {})", config.windowRope->theta));
    }
    if (unrotated > 0) {
        notes.push_back(fmt::format("no rotary embedding in {} of {} blocks", unrotated, config.blocks));
    }
    if (config.rotarySize != config.headSize) {
        notes.push_back(fmt::format("rotary embedding of {} of {} dimensions of a head", config.rotarySize,
                                    config.headSize));
    }
}

} // namespace

std::vector<std::string> differencesFromLlama(const ModelConfig& config) {
    const BlockDesign& design = config.design;
    std::vector<std::string> notes;
    if (design.norms != NormPlacement::before) {
        notes.emplace_back(design.norms == NormPlacement::around ? "norms after attention and MLP too"
                                                                 : "norms after attention and MLP only");
    }
    if (design.queryKeyNorm != QueryKeyNorm::none) {
        notes.emplace_back(design.queryKeyNorm == QueryKeyNorm::eachHead
                               ? "norms of queries and keys"
                               : "norms of queries and keys over all heads");
    }
    if (design.onePlusGain) {
        notes.emplace_back("gains of norms stored less one");
    }
    if (design.activation == Activation::geluTanh) {
        notes.emplace_back("GELU in the MLP");
    }
    if (design.fusedProjections) {
        notes.emplace_back("fused projections");
    }
    addAttention(config, notes);
    if (design.attentionScale != 0) {
        notes.push_back(fmt::format("scores times {:.4g}", design.attentionScale));
    }
    if (design.scoreCap != 0) {
        notes.push_back(fmt::format("scores capped at {}", design.scoreCap));
    }
    if (design.residualScale != 1) {
        notes.push_back(fmt::format("residual times {:.4g}", design.residualScale));
    }
    if (config.embeddingScale != 1) {
        notes.push_back(fmt::format("embedding times {:.4g}", config.embeddingScale));
    }
    if (config.logitScale != 1) {
        notes.push_back(fmt::format("logits times {:.4g}", config.logitScale));
    }
    if (config.logitCap != 0) {
        notes.push_back(fmt::format("logits capped at {}", config.logitCap));
    }
    return notes;
}

} // namespace planish
