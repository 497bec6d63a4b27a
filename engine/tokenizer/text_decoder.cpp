// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/text_decoder.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr int deepestSequence = 4;

} // namespace

TextDecoder::TextDecoder(const TokenizerFile& file) {
    const JsonObject document(file.settings, file.path);
    if (document.has("decoder")) {
        read(document.object("decoder"), 0);
    }
}

void TextDecoder::read(const JsonObject& json, int depth) {
    const std::string type = json.string("type");
    if (type == "Sequence" && depth < deepestSequence) {
        const Json& items = json.array("decoders");
        for (std::size_t i = 0; i < items.size(); ++i) {
            const std::string path = fmt::format("{}[{}]", json.fieldPath("decoders"), i);
            read(JsonObject(items[i], json.source(), path), depth + 1);
        }
    } else if (type == "Replace") {
        readReplace(json);
    } else if (type == "ByteFallback") {
        fallsBack_ = true;
    } else if (type == "Strip") {
        readStrip(json);
    } else if (type == "Metaspace") {
        mark_ = json.string("replacement", "\u2581");
        stripsSpace_ =
            json.string("prepend_scheme", "always") != "never" && json.boolean("add_prefix_space", true);
    } else if (type != "Fuse") {
        throw InputError(json.source(), json.fieldPath("type"),
                         "Sequence, Replace, ByteFallback, Fuse, Strip or Metaspace", type);
    }
}

void TextDecoder::readReplace(const JsonObject& json) {
    const JsonObject pattern = json.object("pattern");
    const std::string mark = pattern.string("String", "");
    if (mark.empty() || json.string("content") != " ") {
        throw InputError(json.source(), json.fieldPath("content"), "a space for a String, the mark of spaces",
                         json.string("content"));
    }
    mark_ = mark;
}

void TextDecoder::readStrip(const JsonObject& json) {
    const auto start = json.integer("start", 0, 1, 0);
    json.integer("stop", 0, 0, 0);
    if (json.string("content") != " ") {
        throw InputError(json.source(), json.fieldPath("content"), "a space", json.string("content"));
    }
    stripsSpace_ = start == 1;
}

std::string TextDecoder::bytes(std::string_view token) const {
    if (const int byte = fallsBack_ ? byteOf(token) : -1; byte >= 0) {
        return {static_cast<char>(byte)};
    }
    return mark_.empty() ? std::string(token) : replaced(token, mark_, " ");
}

std::string TextDecoder::token(std::string_view bytes) const {
    return mark_.empty() ? std::string(bytes) : replaced(bytes, " ", mark_);
}

int byteOf(std::string_view text) {
    const auto digit = [](char c) {
        return c >= '0' && c <= '9'   ? c - '0'
               : c >= 'A' && c <= 'F' ? c - 'A' + 10
               : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                      : -1;
    };
    if (text.size() != 6 || !text.starts_with("<0x") || text.back() != '>') {
        return -1;
    }
    const int high = digit(text[3]);
    const int low = digit(text[4]);
    return high < 0 || low < 0 ? -1 : 16 * high + low;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
    std::string result;
    result.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t found = std::min(text.find(from, at), text.size());
        result += text.substr(at, found - at);
        if (found < text.size()) {
            result += to;
        }
        at = found + from.size();
    }
    return result;
}

} // namespace planish
