// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/sensitivity_study.h"
#include "store/hdf5_read.h"

#include <string>

namespace planish::hdf5 {

// One sensitivity study as a group /sensitivities/<id>: what it was measured on as attributes, and the groups
// "tensors" and "costs" with one 1-D dataset a column.

/// Adds the group of a record. Throws InputError when its id cannot name a group.
void writeSensitivity(hid_t sensitivities, const SensitivityRecord& record);

/// `place` is that of /sensitivities. Throws InputError naming file and field.
SensitivityRecord readSensitivity(hid_t sensitivities, const Place& place, const std::string& id);

} // namespace planish::hdf5
