// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "model/safetensors.h"
#include "support/error.h"

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const fuzz::InputFile file({data, size});
        const SafetensorsFile tensors(file.path());
        for (const SafetensorsEntry& entry : tensors.entries()) {
            std::byte first{};
            tensors.range(entry).read(entry.bytes - 1, {&first, 1});
        }
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
