// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/tensor_info.h"

#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// The left side of a recipe rule, read: which tensors it means.
class RuleMatch {
  public:
    /// Throws InputError naming `source` and `field` for what cannot be a match, such as "layers(3-1)".
    RuleMatch(std::string_view text, std::string_view source, std::string_view field);

    /// Whether the rule means this tensor. A tied embedding is `head` as well.
    bool matches(const TensorInfo& tensor, bool tiedEmbedding) const;
    /// Whether it names vectors as a class or by name, so that a codec they cannot have is a mistake; a glob
    /// may catch them by the way.
    bool meansVectors() const { return kind_ == Kind::role || kind_ == Kind::name; }

  private:
    enum class Kind { role, layers, glob, name };

    Kind kind_ = Kind::name;
    std::string text_; ///< role, glob or name, without ".weight"
    int firstLayer_ = 0;
    int lastLayer_ = 0;
};

/// All words that mean roles: groups, then fine roles.
const std::vector<std::string>& roleWords();

} // namespace planish
