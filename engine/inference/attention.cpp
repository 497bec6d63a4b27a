// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/attention.h"

#include "algebra/gemm.h"
#include "inference/kernels.h"

#include <algorithm>
#include <cmath>

namespace planish {

void attend(const ModelConfig& config, MatrixView queries, MatrixView keys, MatrixView values,
            std::size_t past, std::size_t firstQuery, MutableMatrixView out) {
    const auto headSize = static_cast<Eigen::Index>(config.headSize);
    const auto first = static_cast<Eigen::Index>(firstQuery);
    const Eigen::Index count = out.rows();
    const Eigen::Index visible = static_cast<Eigen::Index>(past) + first + count; // keys the last query sees
    const float scale = 1.0F / std::sqrt(static_cast<float>(config.headSize));
    const auto headsPerKey = static_cast<Eigen::Index>(config.heads / config.keyValueHeads);
    Matrix scores(count, visible);
    PackedMatrix packedKeys;
    PackedMatrix packedValues;
    for (Eigen::Index source = 0; source < static_cast<Eigen::Index>(config.keyValueHeads); ++source) {
        packedKeys.packTransposed(keys.block(0, source * headSize, visible, headSize));
        packedValues.pack(values.block(0, source * headSize, visible, headSize));
        for (Eigen::Index head = source * headsPerKey; head < (source + 1) * headsPerKey; ++head) {
            multiply(queries.block(first, head * headSize, count, headSize), packedKeys, scores);
            for (Eigen::Index i = 0; i < count; ++i) {
                float* row = scores.data() + i * visible;
                const Eigen::Index seen = visible - count + i + 1;
                softmax({row, static_cast<std::size_t>(seen)}, scale);
                std::fill(row + seen, row + visible, 0.0F);
            }
            multiply(scores, packedValues, out.block(0, head * headSize, count, headSize));
        }
    }
}

} // namespace planish
