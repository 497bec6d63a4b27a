// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/byte_level.h"

#include <array>

namespace planish {
namespace {

constexpr int firstSubstitute = 0x100;
constexpr int spellings = firstSubstitute + 68;

constexpr bool spellsItself(int byte) {
    return (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
}

/// Byte of each code point below `spellings`; -1 where there is none.
constexpr std::array<int, spellings> makeBytes() {
    std::array<int, spellings> bytes{};
    int substitute = firstSubstitute;
    for (int byte = 0; byte < 256; ++byte) {
        bytes[static_cast<std::size_t>(byte)] = -1;
    }
    for (int byte = 0; byte < 256; ++byte) {
        bytes[static_cast<std::size_t>(spellsItself(byte) ? byte : substitute++)] = byte;
    }
    return bytes;
}

constexpr auto bytesOfCodePoints = makeBytes();

} // namespace

std::optional<std::string> byteLevelBytes(std::string_view text) {
    std::string bytes;
    bytes.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        auto point = static_cast<unsigned>(static_cast<unsigned char>(text[i]));
        if (point >= 0x80) {
            // All spellings are below U+0144, so two bytes of UTF-8.
            if (point < 0xc2 || point > 0xc5 || i + 1 == text.size()) {
                return {};
            }
            point = (point & 0x1f) << 6 | (static_cast<unsigned char>(text[++i]) & 0x3f);
        }
        const int byte = point < bytesOfCodePoints.size() ? bytesOfCodePoints[point] : -1;
        if (byte < 0) {
            return {};
        }
        bytes += static_cast<char>(byte);
    }
    return bytes;
}

} // namespace planish
