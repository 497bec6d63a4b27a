// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/folder_files.h"

#include "export/file_writers.h"
#include "export/gguf_tokenizer_metadata.h"
#include "model/config_document.h"
#include "model/gguf_file.h"
#include "support/file.h"
#include "support/json.h"
#include "tokenizer/gguf_tokenizer.h"

#include <array>
#include <system_error>

namespace planish {
namespace {

constexpr std::uint64_t largestFile = 256 << 20; // bytes
constexpr std::array tokenizerFiles{"tokenizer.json",         "tokenizer.model",
                                    "tokenizer_config.json",  "special_tokens_map.json",
                                    "generation_config.json", ggufTokenizerFile};

bool isFolder(const Model& model) {
    std::error_code ignored;
    return std::filesystem::is_directory(model.path(), ignored);
}

std::string torchType(const std::string& floats) {
    return floats == "fp32" ? "float32" : floats == "fp16" ? "float16" : "bfloat16";
}

} // namespace

void addConfig(ExportFolder& folder, const Model& model, const std::string& floats,
               const Json& quantization) {
    Json document;
    if (isFolder(model)) {
        document = parseJsonFile((model.path() / "config.json").string(), largestFile);
        document[document.contains("dtype") ? "dtype" : "torch_dtype"] = torchType(floats);
    } else {
        document = configDocument(model.config(), torchType(floats));
    }
    document.erase("quantization_config"); // of what this one was quantized from
    if (!quantization.is_null()) {
        document["quantization_config"] = quantization;
    }
    replaceFile(folder.add("config.json"), document.dump(2) + "\n");
}

void addTokenizer(ExportFolder& folder, const Model& model) {
    if (isFolder(model)) {
        for (const char* name : tokenizerFiles) {
            std::error_code ignored;
            if (std::filesystem::exists(model.path() / name, ignored)) {
                replaceFile(folder.add(name), readWholeFile(model.path() / name, largestFile));
            }
        }
        return;
    }
    const GgufFile source(model.path());
    if (!source.metadata().has("tokenizer.ggml.model")) {
        return;
    }
    if (ggufTokenizerKind(source.metadata()) == GgufTokenizerKind::byteLevel) {
        replaceFile(folder.add("tokenizer.json"),
                    tokenizerFileText(tokenizerFileOf(source.metadata())) + "\n");
        return;
    }
    SilentMonitor quiet;
    writeGguf(folder.add(ggufTokenizerFile), ggufTokenizerMetadata(model), {}, quiet);
}

} // namespace planish
