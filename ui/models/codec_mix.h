// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/tensor_info.h"

#include <QString>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// The codecs of some layers as they are carried to others: by role, for each of the blocks they are from.
/// One codec of all of them is carried to any role.
class CodecMix {
  public:
    /// Of the tensors `chosen`, indices into the other two, in ascending order.
    CodecMix(std::span<const TensorInfo> tensors, std::span<const Codec> codecs,
             const std::vector<int>& chosen);

    /// What text() gives, or people write: "ROLE CODEC" a line, blocks separated by an empty line; or one
    /// codec alone. Throws InputError naming the line.
    static CodecMix fromText(const QString& text);
    QString text() const;

    /// The codec of each of the tensors `targets` (as above) whose role has one. Blocks of the targets, in
    /// their order, take turns with those of the mix.
    std::map<int, Codec> carriedTo(std::span<const TensorInfo> tensors,
                                   const std::vector<int>& targets) const;

    /// The codec of all, when they have one.
    const std::optional<Codec>& common() const { return common_; }

  private:
    using ByRole = std::map<std::string, Codec, std::less<>>;
    CodecMix() = default;
    void findCommonCodec();

    std::vector<ByRole> blocks_;
    ByRole outside_; ///< embedding and head, which are of no block
    std::optional<Codec> common_;
};

} // namespace planish
