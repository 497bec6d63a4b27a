// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "support/error.h"
#include "tokenizer/tokenizer_file.h"

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const fuzz::InputFile file({data, size});
        const Tokenizer tokenizer = Tokenizer::fromFile(readTokenizerFile(file.path()));
        tokenizer.decode(tokenizer.encode("It's 12345\n\n \xc3\xa9\xe6\x97\xa5<s> "));
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
