// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/error.h"

#include "support/text.h"

#include <fmt/format.h>

namespace planish {

InputError::InputError(std::string_view file, std::string_view field, std::string_view expected,
                       std::string_view found)
    : Error(fmt::format("{}: {}: expected {}, found {}", printable(file, 400), printable(field), expected,
                        printable(found))) {}

std::string printable(std::string_view text, std::size_t limit) {
    std::string result;
    const bool valid = isUtf8(text);
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool control = byte < 0x20 || byte == 0x7f;
        result += control || (!valid && byte >= 0x80) ? '?' : c;
    }
    if (result.size() > limit) {
        std::size_t end = limit;
        while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xc0) == 0x80) {
            --end; // never cut inside a UTF-8 sequence
        }
        result.resize(end);
        result += "…";
    }
    return result;
}

} // namespace planish
