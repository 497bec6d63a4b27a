// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/model.h"

#include <QString>
#include <span>
#include <utility>
#include <vector>

namespace planish {

/// One line of a summary: what it is, and its value with its unit.
using SummaryLine = std::pair<QString, QString>;

/// Architecture, sizes, number types and context of a model. Reads no weights.
std::vector<SummaryLine> summaryOf(const Model& model);

/// What the tensors of one kind take.
struct PartSize {
    QString name;
    int tensors = 0;
    std::uint64_t weights = 0;
    std::uint64_t fileBytes = 0;   ///< as the model file has them
    std::uint64_t packedBytes = 0; ///< in their codecs
};
/// Embedding, attention, MLP, norms and biases, head, as far as there are any, and all together.
std::vector<PartSize> partSizes(std::span<const TensorInfo> tensors, std::span<const Codec> codecs);

} // namespace planish
