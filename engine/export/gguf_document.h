// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"
#include "export/file_writers.h"
#include "model/model.h"

namespace planish {

/// The metadata of a model in a GGUF file, from its configuration and tokenizer: architecture llama. Throws
/// InputError when llama.cpp has no name for how the tokenizer cuts words.
GgufEntries ggufMetadata(const Model& model, const ExportPlan& plan);

/// Only what makes its tokenizer.
GgufEntries ggufTokenizerMetadata(const Model& model);

} // namespace planish
