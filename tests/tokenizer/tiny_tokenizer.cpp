// SPDX-License-Identifier: GPL-3.0-or-later
#include "tiny_tokenizer.h"

#include "test_support.h"

#include <algorithm>

namespace planish::test {

Json quotedJson(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return Json::parse(text);
}

std::string spelledByte(int byte) {
    // As published with GPT-2: printable characters of Latin-1 first, the rest moved up.
    int moved = 0;
    for (int other = 0; other <= byte; ++other) {
        const bool printable = (other >= '!' && other <= '~') || (other >= 0xa1 && other <= 0xac) ||
                               (other >= 0xae && other <= 0xff);
        if (other == byte && printable) {
            moved = byte;
        } else if (other == byte) {
            moved += 256;
        } else if (!printable) {
            ++moved;
        }
    }
    if (moved < 0x80) {
        return {static_cast<char>(moved)};
    }
    return {static_cast<char>(0xc0 | moved >> 6), static_cast<char>(0x80 | (moved & 0x3f))};
}

Json tinyTokenizer() {
    Json document = Json::parse(R"({
        "added_tokens": [{"id": 300, "content": "<s>", "special": true, "normalized": false},
                         {"id": 301, "content": "</s>", "special": true, "normalized": false}],
        "normalizer": null,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false},
        "post_processor": null,
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": {}, "merges": ["a b", "b c", "ab c", "Ġ a"]}})");
    Json& vocabulary = document["model"]["vocab"];
    for (int byte = 0; byte < 256; ++byte) {
        vocabulary[spelledByte(byte)] = byte;
    }
    vocabulary["ab"] = 256;
    vocabulary["bc"] = 257;
    vocabulary["abc"] = 258;
    vocabulary["Ġa"] = 259;
    return document;
}

Tokenizer openTokenizer(const std::filesystem::path& folder, const std::string& document) {
    writeFile(folder / "tokenizer.json", document);
    return Tokenizer::open(folder);
}

Tokenizer openTokenizer(const std::filesystem::path& folder, const Json& document) {
    return openTokenizer(folder, document.dump());
}

} // namespace planish::test
