// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"
#include "export/file_writers.h"
#include "model/model.h"

namespace planish {

/// The metadata of a model in a GGUF file, from its configuration (ggufArchitecture()) and tokenizer. Throws
/// as ggufTokenizerMetadata() does.
GgufEntries ggufMetadata(const Model& model, const ExportPlan& plan);

} // namespace planish
