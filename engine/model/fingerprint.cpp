// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fingerprint.h"

#include "support/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::size_t pieceBytes = 1 << 20;

/// What changes the frequencies of the same theta.
std::string describe(const Rope& rope) {
    std::string text;
    if (rope.scaling) {
        const RopeScaling& scaling = *rope.scaling;
        text += fmt::format(", {} {} ", ropeKindName(scaling.kind), scaling.factor);
        if (scaling.kind == RopeKind::llama3) {
            text += fmt::format("{} {} ", scaling.lowFrequencyFactor, scaling.highFrequencyFactor);
        }
        text += fmt::format("{}", scaling.originalContext);
        if (scaling.kind == RopeKind::yarn) {
            text += fmt::format(" {} {} {}", scaling.betaFast, scaling.betaSlow, scaling.wholeDimensions);
        }
        if (scaling.amplitude != 1) {
            text += fmt::format(" {}", scaling.amplitude);
        }
        if (scaling.kind == RopeKind::longrope) {
            text += fmt::format(" {} {}", fmt::join(scaling.shortDivisors, " "),
                                fmt::join(scaling.longDivisors, " "));
        }
    }
    if (!rope.divisors.empty()) {
        text += fmt::format(", divided by {}", fmt::join(rope.divisors, " "));
    }
    return text;
}

std::string describeDifferences(const ModelConfig& config) {
    const BlockDesign& design = config.design;
    std::string text = fmt::format(
        ", norms {} {} {}, activation {}, fused {}, attention {} {}, residual {}, embedding {}, logits {} "
        "{}, "
        "rotary {}",
        static_cast<int>(design.norms), static_cast<int>(design.queryKeyNorm), design.onePlusGain,
        static_cast<int>(design.activation), design.fusedProjections, design.attentionScale, design.scoreCap,
        design.residualScale, config.embeddingScale, config.logitScale, config.logitCap, config.rotarySize);
    for (const BlockAttention& attention : config.attention) {
        text += fmt::format(" {}{}", attention.rotated ? "r" : "", attention.window);
    }
    if (config.windowRope) {
        text += fmt::format(", windows theta {}{}", config.windowRope->theta, describe(*config.windowRope));
    }
    return text;
}

/// The fields that change the result for the same tensors.
std::string describe(const ModelConfig& config) {
    std::string text =
        fmt::format("heads {} {} {}, tied {}, epsilon {}, theta {}", config.heads, config.keyValueHeads,
                    config.headSize, config.tiedEmbedding, config.normEpsilon, config.rope.theta);
    text += describe(config.rope);
    if (!differencesFromLlama(config).empty()) {
        text += describeDifferences(config);
    }
    return text + "\n";
}

} // namespace

std::string modelFingerprint(const ModelConfig& config, const std::vector<TensorInfo>& tensors,
                             std::span<const StoredTensor* const> stored, Workers& workers,
                             const JobMonitor& monitor) {
    std::vector<std::string> digests(tensors.size());
    workers.forEach(
        tensors.size(),
        [&](std::size_t i) {
            const std::uint64_t size = stored[i]->bytes();
            std::vector<std::byte> piece(static_cast<std::size_t>(std::min<std::uint64_t>(size, pieceBytes)));
            Sha256 digest;
            for (std::uint64_t first = 0; first < size; first += piece.size()) {
                monitor.throwIfCancelled();
                piece.resize(static_cast<std::size_t>(std::min<std::uint64_t>(size - first, pieceBytes)));
                stored[i]->readBytes(first, piece);
                digest.add(piece);
            }
            digests[i] = digest.hex();
        },
        monitor);
    Sha256 whole;
    whole.add(describe(config));
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const TensorInfo& tensor = tensors[i];
        whole.add(fmt::format("{} {} {} {} {}\n", tensor.name, tensor.type, tensor.shape.rows,
                              tensor.shape.columns, digests[i]));
    }
    return whole.hex();
}

} // namespace planish
