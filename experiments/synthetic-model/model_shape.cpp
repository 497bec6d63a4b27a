// SPDX-License-Identifier: GPL-3.0-or-later
#include "model_shape.h"

#include "support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace planish {
namespace {

struct NamedShape {
    const char* name;
    std::size_t hidden;
    std::size_t blocks;
    std::size_t heads;
    std::size_t keyValueHeads;
    std::size_t mlp;
    std::size_t vocabulary;
    std::size_t context;
    bool tied;
    double ropeTheta;
    double ropeFactor; ///< of Llama 3's frequency scaling; 0 without
};

constexpr std::array<NamedShape, 7> shapes{
    {{"folio-4m", 256, 4, 4, 2, 768, 2048, 512, true, 1e4, 0},
     {"folio-23m", 512, 6, 8, 4, 1536, 8192, 1024, true, 1e4, 0},
     {"tinyllama-1.1b", 2048, 22, 32, 4, 5632, 32000, 2048, false, 1e4, 0},
     {"llama-3.2-1b", 2048, 16, 32, 8, 8192, 128256, 131072, true, 5e5, 32},
     {"llama-7b", 4096, 32, 32, 32, 11008, 32000, 4096, false, 1e4, 0},
     {"llama-3-8b", 4096, 32, 32, 8, 14336, 128256, 8192, false, 5e5, 0},
     {"llama-13b", 5120, 40, 40, 40, 13824, 32000, 4096, false, 1e4, 0}}};

[[noreturn]] void refuse(const char* option, std::string_view expected, std::size_t found) {
    throw InputError("command line", option, expected, fmt::format("{}", found));
}

} // namespace

std::vector<std::string> shapeNames() {
    std::vector<std::string> names;
    for (const NamedShape& shape : shapes) {
        names.emplace_back(shape.name);
    }
    return names;
}

ModelConfig namedShape(const std::string& name) {
    const auto* known = std::find_if(shapes.begin(), shapes.end(),
                                     [&](const NamedShape& shape) { return shape.name == name; });
    if (known == shapes.end()) {
        throw InputError("command line", "--shape", fmt::format("{}", fmt::join(shapeNames(), ", ")), name);
    }
    ModelConfig shape;
    shape.architecture = "LlamaForCausalLM";
    shape.hiddenSize = known->hidden;
    shape.blocks = known->blocks;
    shape.heads = known->heads;
    shape.keyValueHeads = known->keyValueHeads;
    shape.mlpSize = known->mlp;
    shape.vocabularySize = known->vocabulary;
    shape.maximumContext = known->context;
    shape.tiedEmbedding = known->tied;
    shape.rope.theta = known->ropeTheta;
    if (known->ropeFactor > 0) {
        shape.rope.scaling.emplace();
        shape.rope.scaling->kind = RopeKind::llama3;
        shape.rope.scaling->factor = known->ropeFactor;
    }
    return shape;
}

ModelConfig withHeadSize(ModelConfig shape) {
    if (shape.hiddenSize % (2 * shape.heads) != 0) {
        refuse("--heads",
               fmt::format("a number that shares --hidden {} in even parts (rotary position embeddings turn "
                           "pairs)",
                           shape.hiddenSize),
               shape.heads);
    }
    if (shape.heads % shape.keyValueHeads != 0) {
        refuse("--kv-heads", fmt::format("a divisor of --heads {}", shape.heads), shape.keyValueHeads);
    }
    shape.headSize = shape.hiddenSize / shape.heads;
    shape.rotarySize = shape.headSize;
    return shape;
}

} // namespace planish
