// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_folder.h"
#include "model/model.h"
#include "support/json.h"

#include <string>

namespace planish {

/// Writes config.json: the model's own with another number type, or one made from what the file says.
/// `floats` is the codec of the weights: "fp16"; `quantization` becomes its quantization_config, null none.
void addConfig(ExportFolder& folder, const Model& model, const std::string& floats,
               const Json& quantization = nullptr);

/// Writes the files of the tokenizer: the model's own, or those made from what a GGUF file says
/// (tokenizer.json; of a SentencePiece vocabulary tokenizer.gguf, which only Planish and programs for GGUF
/// read).
void addTokenizer(ExportFolder& folder, const Model& model);

} // namespace planish
