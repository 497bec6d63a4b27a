// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/attention.h"

#include "inference/gemm.h"
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
    Matrix scores(count, visible);
    for (std::size_t head = 0; head < config.heads; ++head) {
        const Eigen::Index column = static_cast<Eigen::Index>(head) * headSize;
        const Eigen::Index source =
            static_cast<Eigen::Index>(head * config.keyValueHeads / config.heads) * headSize;
        multiplyTransposed(queries.block(first, column, count, headSize),
                           keys.block(0, source, visible, headSize), scores);
        for (Eigen::Index i = 0; i < count; ++i) {
            float* row = scores.data() + i * visible;
            const Eigen::Index seen = visible - count + i + 1;
            softmax({row, static_cast<std::size_t>(seen)}, scale);
            std::fill(row + seen, row + visible, 0.0F);
        }
        multiply(scores, values.block(0, source, visible, headSize), out.block(0, column, count, headSize));
    }
}

} // namespace planish
