// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "export/export_plan.h"

#include <string>

namespace planish {

/// What makes llama.cpp's own quantizer give each tensor the type of a plan.
struct LlamaQuantizeFiles {
    std::string types;   ///< "name=type" for each tensor, for --tensor-type-file
    std::string command; ///< a shell script
};
LlamaQuantizeFiles llamaQuantizeFiles(const Model& model, const ExportPlan& plan);

} // namespace planish
