// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <filesystem>

namespace planish::hdf5 {

/// Checks the signature of an HDF5 file and every "global heap collection" in it, where the library keeps
/// texts of variable length (HDF5 File Format Specification 3.0, III.E). Those are the only structures of our
/// files without a checksum, and the library trusts their sizes: a damaged one would make it read beyond its
/// memory or loop for ever. Throws InputError naming file and offset.
void checkGlobalHeaps(const std::filesystem::path& path);

} // namespace planish::hdf5
