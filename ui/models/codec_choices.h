// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/tensor_info.h"

#include <QString>
#include <optional>
#include <span>
#include <vector>

namespace planish {

/// One line of a codec editor's list.
struct CodecChoice {
    QString name;         ///< what is put into the editor: a codec string or an alias
    QString hint;         ///< its cost on the tensors being edited ("4.50 bpw"), empty when unknown
    QString summary;      ///< what it is, for a tooltip
    bool isAlias = false; ///< another name of a codec; listed after the codecs
};

/// What an editor offers: the registry's suggestions, then codecs in use that are not among them, then the
/// aliases. Costs are of all `shapes` together; without shapes there are none.
std::vector<CodecChoice> codecChoices(std::span<const Codec> inUse, std::span<const Shape> shapes);

/// A typed codec string: the codec, or why it is none.
struct CodecInput {
    std::optional<Codec> codec;
    QString error;
};
CodecInput readCodec(const QString& text);

/// Norms and biases.
bool storesFloatsOnly(const TensorInfo& tensor);
/// Whether a tensor may be stored with a codec: norms and biases only in float codecs.
bool canStore(const TensorInfo& tensor, const Codec& codec);

/// Bits per weight of tensors stored in one codec, counted from the bytes it writes.
double bitsPerWeight(const Codec& codec, std::span<const Shape> shapes);

} // namespace planish
