// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/logits.h"

#include "inference/block.h"

#include <algorithm>

namespace planish {

LogitHead::LogitHead(const WeightSource& source, Workers& workers, Arithmetic arithmetic)
    : norm_(source.vector(source.model().tensor("model.norm"))),
      epsilon_(source.model().config().normEpsilon) {
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
}

} // namespace planish
