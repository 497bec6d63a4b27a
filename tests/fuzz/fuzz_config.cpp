// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "model/config.h"
#include "model/config_document.h"
#include "model/quantization.h"
#include "model/rope_frequencies.h"
#include "support/error.h"

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const fuzz::InputFile file({data, size});
        readQuantization(file.path());
        const ModelConfig config = readModelConfig(file.path());
        ropeFrequencies(config.rope, config.rotarySize, config.maximumContext + 1);
        if (config.windowRope) {
            ropeFrequencies(*config.windowRope, config.rotarySize, config.maximumContext);
        }
        configDocument(config, "bfloat16");
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
