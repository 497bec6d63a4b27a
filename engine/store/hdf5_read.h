// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "store/hdf5_handles.h"

#include <cstdint>
#include <string>
#include <vector>

namespace planish::hdf5 {

/// Where in which file something is read, for messages.
struct Place {
    std::string file;
    std::string path; ///< such as "/runs/0123456789abcdef"

    Place operator/(const std::string& name) const { return {file, path + "/" + name}; }
};

inline constexpr std::size_t maximumElements = 10'000'000; ///< of a column
inline constexpr std::size_t maximumText = 16U << 20;      ///< bytes of one text

/// Reads a scalar attribute into `value` and tells whether there is one. Everything is checked before memory
/// is taken for it; throws InputError for another type, rank or size.
bool readAttribute(hid_t object, const Place& place, const char* name, std::string& value);
bool readAttribute(hid_t object, const Place& place, const char* name, std::uint64_t& value);
bool readAttribute(hid_t object, const Place& place, const char* name, double& value);

/// Reads a 1-D dataset of a group; throws InputError when there is none, for another type or rank, for more
/// than `maximumElements`, and for data that lives outside the file.
void readColumn(hid_t group, const Place& place, const char* name, std::vector<std::string>& values);
void readColumn(hid_t group, const Place& place, const char* name, std::vector<std::uint64_t>& values);
void readColumn(hid_t group, const Place& place, const char* name, std::vector<double>& values);

/// Opens a group of this very file: a link to another could make the program open whatever it names.
Handle openOwnGroup(hid_t parent, const Place& place, const std::string& name);

/// Names of the links of a group that lead to an object in this very file, in the order they were added where
/// the group keeps it, else by name.
std::vector<std::string> linkNames(hid_t group, const Place& place);

} // namespace planish::hdf5
