// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "tiny_model.h"

#include <map>
#include <string>
#include <vector>

namespace planish::test {

/// A quantized checkpoint of a Llama model of 1 block, hidden 32, MLP 64, made by the rules its format is
/// published with, a bit at a time.
struct QuantizedSpec {
    std::string method = "gptq"; ///< or "compressed-tensors", "awq"
    int bits = 4;
    int group = 16; ///< −1: a group a row
    bool symmetric = false;
    bool ordered = false; ///< groups of inputs are not consecutive
    std::string scales = "F16";
    bool second = false; ///< gptq_v2: zero points as they are
};

struct QuantizedCheckpoint {
    std::vector<StoredTensor> tensors;
    std::string config;
    std::map<std::string, Matrix> values; ///< of every linear of the block, by its name
};
QuantizedCheckpoint quantizedCheckpoint(const QuantizedSpec& spec);

} // namespace planish::test
