// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/gguf_metadata.h"
#include "model/gguf_types.h"
#include "support/file.h"

#include <cstdint>
#include <string>
#include <vector>

namespace planish {

/// One tensor as the header of a GGUF file describes it, checked.
struct GgufTensor {
    std::string name;
    const GgufType* type = nullptr;
    std::vector<std::uint64_t> shape; ///< outermost first, as everywhere here: [rows, columns]
    std::uint64_t offset = 0;         ///< of the first value, from the start of the file
    std::uint64_t bytes = 0;
};

/// What stands before the values of a GGUF file.
struct GgufHeader {
    GgufMetadata metadata;
    std::vector<GgufTensor> tensors; ///< sorted by name, each name once
};

/// Reads and checks the header of version 2 or 3: every count against the bytes that are left before anything
/// is allocated, sizes without overflow, values that follow each other to the end of the file. Throws
/// InputError naming file, field, expected and found.
GgufHeader readGgufHeader(const ReadOnlyFile& file);

/// Whether the file begins as GGUF files do.
bool looksLikeGguf(const ReadOnlyFile& file);

} // namespace planish
