// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"
#include "store/results_document.h"
#include "support/error.h"

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        const fuzz::InputFile file({data, size});
        const ResultsDocument document(file.path());
        std::vector<std::string> warnings;
        document.read(&warnings);
        document.readSensitivities(&warnings);
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
