// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"

#include <string>
#include <vector>

namespace planish {

/// Names of the shapes of published models, smallest first.
std::vector<std::string> shapeNames();

/// The shape of that name. Throws InputError with the known names.
ModelConfig namedShape(const std::string& name);

/// `shape` with heads that share the hidden size between them. Throws InputError, naming the options of the
/// command line, when the numbers do not fit each other.
ModelConfig withHeadSize(ModelConfig shape);

} // namespace planish
