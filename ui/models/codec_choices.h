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
/// aliases. Costs are of all `tensors` together; without tensors there are none.
std::vector<CodecChoice> codecChoices(std::span<const Codec> inUse, std::span<const TensorInfo> tensors);

/// A typed codec string: the codec, or why it is none.
struct CodecInput {
    std::optional<Codec> codec;
    QString error;
};
CodecInput readCodec(const QString& text);

/// Norms and biases.
bool storesFloatsOnly(const TensorInfo& tensor);
/// Whether a tensor may be stored with a codec: norms and biases only in float codecs, an embedding in none
/// that needs statistics of inputs, as it has no inputs.
bool canStore(const TensorInfo& tensor, const Codec& codec);

/// Bytes of tensors that get one codec (see codecFor), and bits per weight by these.
std::size_t packedBytes(const Codec& codec, std::span<const TensorInfo> tensors);
double bitsPerWeight(const Codec& codec, std::span<const TensorInfo> tensors);

} // namespace planish
