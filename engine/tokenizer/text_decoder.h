// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "tokenizer/tokenizer_file.h"

#include <string>
#include <string_view>

namespace planish {

/// What "decoder" makes of tokens that are spelled as text.
class TextDecoder {
  public:
    /// Reads null, Metaspace, or a Sequence of Replace, ByteFallback, Fuse and Strip. Throws InputError for
    /// other kinds, naming them.
    explicit TextDecoder(const TokenizerFile& file);

    /// The bytes a token stands for: with spaces for its marks, or the byte of "<0x0A>".
    std::string bytes(std::string_view token) const;
    /// The reverse, but for bytes.
    std::string token(std::string_view bytes) const;
    /// Whether a text loses the space it begins with.
    bool stripsSpace() const { return stripsSpace_; }

  private:
    void read(const JsonObject& json, int depth);
    void readReplace(const JsonObject& json);
    void readStrip(const JsonObject& json);

    std::string mark_; ///< stands for a space; empty: spaces stand for themselves
    bool fallsBack_ = false;
    bool stripsSpace_ = false;
};

/// The byte that "<0x0A>" means; -1 when it is none.
int byteOf(std::string_view text);

/// `text` with each `from`, which is not empty, become `to`.
std::string replaced(std::string_view text, std::string_view from, std::string_view to);

} // namespace planish
