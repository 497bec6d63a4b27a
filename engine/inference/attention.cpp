// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/attention.h"

#include "algebra/gemm.h"
#include "inference/kernels.h"

#include <algorithm>
#include <cmath>

namespace planish {

void PackedHead::pack(MatrixView keyRows, MatrixView valueRows, Arithmetic arithmetic) {
    keys.packTransposed(keyRows);
    values.pack(valueRows, arithmetic);
}

void attend(const ModelConfig& config, MatrixView queries, const PackedHead& packed, std::size_t source,
            std::size_t past, std::size_t firstQuery, MutableMatrixView out) {
    const auto headSize = static_cast<Eigen::Index>(config.headSize);
    const auto first = static_cast<Eigen::Index>(firstQuery);
    const Eigen::Index count = out.rows();
    const Eigen::Index visible = static_cast<Eigen::Index>(past) + first + count; // keys the last query sees
    const float scale = 1.0F / std::sqrt(static_cast<float>(config.headSize));
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
            softmax({row, static_cast<std::size_t>(seen)}, scale);
            std::fill(row + seen, row + columns, 0.0F);
        }
        multiply(scores, packed.values, out.block(0, head * headSize, count, headSize));
    }
}

} // namespace planish
