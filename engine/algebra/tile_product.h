// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>

namespace planish {

/// Square tiles of doubles, row by row and without gaps: what large factorizations in double are cut into.
/// Three of them fit into the second-level cache of current x86 cores.
constexpr std::size_t tileSize = 192;
constexpr std::size_t tileCount = tileSize * tileSize;

/// Lays sign · tile, or sign · tileᵀ, out as the right factor of a product, for the kernel of the running
/// CPU: panels of as many columns as two vector registers hold, each row by row. All pointers are aligned as
/// hwy::AllocateAligned does it.
void packTile(const double* tile, double sign, double* packed);
void packTransposedTile(const double* tile, double sign, double* packed);

/// out += a · b with b as packed, on the calling thread. Every element is one sum in the order of the inputs.
void addTileProduct(const double* a, const double* packed, double* out);

} // namespace planish
