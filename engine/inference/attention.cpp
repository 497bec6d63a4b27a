// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/attention.h"

#include "algebra/gemm.h"
#include "inference/kernels.h"

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

float scoreScale(const ModelConfig& config) {
    return config.design.attentionScale > 0 ? static_cast<float>(config.design.attentionScale)
                                            : 1.0F / std::sqrt(static_cast<float>(config.headSize));
}

} // namespace

void PackedHead::pack(MatrixView keyRows, MatrixView valueRows, Arithmetic arithmetic) {
    keys.packTransposed(keyRows);
    values.pack(valueRows, arithmetic);
}

void attend(const ModelConfig& config, std::size_t window, MatrixView queries, const PackedHead& packed,
            std::size_t source, std::size_t past, std::size_t firstQuery, MutableMatrixView out) {
    const auto headSize = static_cast<Eigen::Index>(config.headSize);
    const auto first = static_cast<Eigen::Index>(firstQuery);
    const Eigen::Index count = out.rows();
    const Eigen::Index visible = static_cast<Eigen::Index>(past) + first + count; // keys the last query sees
    const float scale = scoreScale(config);
    const auto cap = static_cast<float>(config.design.scoreCap);
    const auto headsPerKey = static_cast<Eigen::Index>(config.heads / config.keyValueHeads);
    const Eigen::Index firstHead = static_cast<Eigen::Index>(source) * headsPerKey;
    // Even, as products of pairs want it.
    const Eigen::Index columns =
        std::min(visible + visible % 2, static_cast<Eigen::Index>(packed.keys.outputs()));
    Matrix scores(count, columns);
    for (Eigen::Index head = firstHead; head < firstHead + headsPerKey; ++head) {
        multiply(queries.block(first, head * headSize, count, headSize), packed.keys, scores);
        for (Eigen::Index i = 0; i < count; ++i) {
            float* row = scores.data() + i * columns;
            const Eigen::Index seen = visible - count + i + 1;
            const Eigen::Index unseen =
                window > 0 ? std::max<Eigen::Index>(0, seen - static_cast<Eigen::Index>(window)) : 0;
            const std::span<float> own(row + unseen, static_cast<std::size_t>(seen - unseen));
            if (cap > 0) {
                softCap(own, scale, cap);
            }
            softmax(own, cap > 0 ? 1.0F : scale);
            std::fill(row, row + unseen, 0.0F);
            std::fill(row + seen, row + columns, 0.0F);
        }
        multiply(scores, packed.values, out.block(0, head * headSize, count, headSize));
    }
}

} // namespace planish
