// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "store/hdf5_read.h"

#include <string>

namespace planish::hdf5 {

// One run as a group /runs/<id>: its scalars as attributes under their JSON names, the recipe as a JSON text,
// a group "tensors" with one 1-D dataset a column, the datasets "window_nll" and "baseline_window_nll",
// and "training_loss" where something was trained.

/// Whether `id` can name a group: 1 to 64 letters, digits, '-' and '_'.
bool isGroupName(std::string_view id);

/// Adds the group of a run. Throws InputError when the id cannot name a group.
void writeRun(hid_t runs, const RunRecord& run);

/// Writes "<key>_units" for every scalar that has a unit: once, as attributes of the group /runs.
void writeScalarUnits(hid_t runs);

/// Scalars and recipe only. `place` is that of /runs.
RunRecord readRunScalars(hid_t runs, const Place& place, const std::string& id);

/// The whole run.
RunRecord readRun(hid_t runs, const Place& place, const std::string& id);

} // namespace planish::hdf5
