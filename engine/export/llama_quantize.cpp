// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/llama_quantize.h"

#include "model/gguf_config.h"
#include "model/gguf_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>

namespace planish {
namespace {

std::string lowered(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(),
                   [](char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); });
    return result;
}

/// The pattern that means one tensor only: it is a regular expression there.
std::string pattern(const std::string& name) {
    std::string result = "^";
    for (const char c : name) {
        result += c == '.' ? std::string("\\.") : std::string(1, c);
    }
    return result + "$";
}

} // namespace

LlamaQuantizeFiles llamaQuantizeFiles(const Model& model, const ExportPlan& plan) {
    LlamaQuantizeFiles files;
    std::map<std::string, std::size_t> weights;
    std::string embedding;
    std::string head;
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        const TensorInfo& tensor = model.tensors()[i];
        if (tensor.isVector) {
            continue; // stays F32 there
        }
        const std::string type = lowered(ggufTypeOf(plan.tensors[i].written)->name);
        if (tensor.role == Role::embedding) {
            embedding = " --token-embedding-type " + type;
        } else if (tensor.role == Role::head) {
            head = " --output-tensor-type " + type;
        } else {
            files.types += pattern(ggufName(tensor)) + "=" + type + "\n";
            weights[type] += tensor.count();
        }
    }
    const auto most = std::max_element(weights.begin(), weights.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    std::string usual = most == weights.end() ? "f16" : most->first;
    if (usual == "q3_k" || usual == "q4_k" || usual == "q5_k") {
        usual += "_s";
    }
    files.command =
        fmt::format("#!/bin/sh\n"
                    "# The types of this mix, chosen anew by llama.cpp: llama-quantize of its build "
                    "must be on the path.\n"
                    "# $1: the unquantized model as GGUF (planish-cli export --format gguf, recipe "
                    "default bf16), $2: the file to write\n"
                    "exec llama-quantize{}{} --tensor-type-file \"$(dirname \"$0\")/tensor-types.txt\" "
                    "\"$1\" \"$2\" {}\n",
                    embedding, head, usual);
    return files;
}

} // namespace planish
