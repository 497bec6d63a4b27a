// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "support/file.h"
#include "support/matrix.h"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace planish {

/// One tensor where a model file has it. Immutable and thread-safe.
class StoredTensor {
  public:
    StoredTensor() = default;
    StoredTensor(const StoredTensor&) = delete;
    StoredTensor& operator=(const StoredTensor&) = delete;
    virtual ~StoredTensor() = default;

    /// How it is stored, as TensorInfo::type.
    virtual std::string type() const = 0;
    virtual std::uint64_t bytes() const = 0;
    /// How many rows are quickest read together, from a multiple of as many on; a power of two.
    virtual std::size_t rowsTogether() const { return 1; }
    /// Fills `out` with stored bytes from `first` on: what the tensor's identity is made of.
    virtual void readBytes(std::uint64_t first, std::span<std::byte> out) const = 0;
    /// Rows [firstRow, firstRow + out.rows()) as floats; they are within the tensor. Throws Error when the
    /// file has become shorter.
    virtual void readRows(std::size_t firstRow, MutableMatrixView out) const = 0;
};

/// A part of a file.
struct FileRange {
    std::shared_ptr<const ReadOnlyFile> file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;

    /// Fills `out` from byte `first` of the range on; throws Error when that is not within it.
    void read(std::uint64_t first, std::span<std::byte> out) const;
};

/// A tensor of a codec whose rows are packed one after the other, each in as many bytes: float formats and
/// GGUF's block types. `interleavedHeads` above 0: the rows of so many heads have been reordered as llama.cpp
/// does it to queries and keys, from the halves of a head (rows 0 … n/2−1, n/2 … n−1) to pairs (0, n/2, 1,
/// n/2+1 …); they are read in the order of the halves. Throws InputError when the range has another size.
std::unique_ptr<const StoredTensor> storedRows(FileRange range, Codec codec, Shape shape,
                                               std::size_t interleavedHeads = 0);

} // namespace planish
