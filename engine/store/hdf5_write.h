// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/hdf5_handles.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace planish::hdf5 {

/// Attributes of a group or dataset. Text becomes UTF-8: ill-formed parts and control characters other than
/// newline and tab turn into U+FFFD, so that an odd command line never costs a finished run.
void writeAttribute(hid_t object, const char* name, const std::string& value);
void writeAttribute(hid_t object, const char* name, std::uint64_t value);
void writeAttribute(hid_t object, const char* name, double value);

/// A 1-D dataset of a group; `unit` is its attribute "units" unless empty. Text columns have the width of
/// their longest value.
void writeColumn(hid_t group, const char* name, std::span<const double> values, const char* unit);
void writeColumn(hid_t group, const char* name, std::span<const std::uint64_t> values, const char* unit);
void writeColumn(hid_t group, const char* name, const std::vector<std::string>& values);

} // namespace planish::hdf5
