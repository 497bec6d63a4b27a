// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "model/gguf_config.h"
#include "model/gguf_file.h"
#include "support/error.h"
#include "tokenizer/gguf_tokenizer.h"

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const fuzz::InputFile file({data, size});
        const GgufFile gguf(file.path());
        try {
            ggufConfig(gguf);
        } catch (const Error&) { // the tokenizer may be read all the same
        }
        const Tokenizer tokenizer = Tokenizer::fromGguf(gguf.metadata());
        tokenizer.decode(tokenizer.encode("a b\n12 \xc3\xa9"));
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
