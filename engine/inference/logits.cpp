// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/logits.h"

#include "inference/block.h"
#include "inference/kernels.h"

#include <algorithm>

namespace planish {

LogitHead::LogitHead(const WeightSource& source, Workers& workers, Arithmetic arithmetic)
    : norm_(normGain(source, source.model().tensor("model.norm"))),
      epsilon_(source.model().config().normEpsilon),
      scale_(static_cast<float>(source.model().config().logitScale)),
      cap_(static_cast<float>(source.model().config().logitCap)) {
    head_ = source.packed(tensor(source.model()), workers, arithmetic);
}

const TensorInfo& LogitHead::tensor(const Model& model) {
    return model.tensor(model.config().tiedEmbedding ? "model.embed_tokens" : "lm_head");
}

std::size_t LogitHead::rowsPerTile(std::size_t vocabularySize) {
    return std::clamp<std::size_t>((std::size_t{1} << 20) / vocabularySize, 8, 128);
}

void LogitHead::compute(MatrixView hidden, MutableMatrixView logits) const {
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, norm_, epsilon_, normalized);
    multiply(normalized, head_, logits);
    if (cap_ > 0) {
        for (Eigen::Index row = 0; row < logits.rows(); ++row) {
            softCap({logits.data() + row * logits.outerStride(), static_cast<std::size_t>(logits.cols())},
                    scale_, cap_);
        }
    } else if (scale_ != 1) {
        logits *= scale_;
    }
}

} // namespace planish
