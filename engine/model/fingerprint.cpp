// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/fingerprint.h"

#include "support/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::size_t pieceBytes = 1 << 20;

/// The fields that change the result for the same tensors.
std::string describe(const ModelConfig& config) {
    std::string text =
        fmt::format("heads {} {} {}, tied {}, epsilon {}, theta {}", config.heads, config.keyValueHeads,
                    config.headSize, config.tiedEmbedding, config.normEpsilon, config.ropeTheta);
    if (config.ropeScaling) {
        const Llama3RopeScaling& scaling = *config.ropeScaling;
        text += fmt::format(", llama3 {} {} {} {}", scaling.factor, scaling.lowFrequencyFactor,
                            scaling.highFrequencyFactor, scaling.originalContext);
    }
    if (!config.ropeDivisors.empty()) {
        text += fmt::format(", divided by {}", fmt::join(config.ropeDivisors, " "));
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
