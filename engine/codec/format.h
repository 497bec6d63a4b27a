// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "support/matrix.h"

#include <cstddef>
#include <span>

namespace planish {

class Rounding;

/// The first choice of a codec: which values can be stored, in which bytes. Immutable and thread-safe.
class Format {
  public:
    Format() = default;
    Format(const Format&) = delete;
    Format& operator=(const Format&) = delete;
    virtual ~Format() = default;

    /// Whether this is a plain float format.
    virtual bool isFloat() const = 0;
    /// Exact bytes of a tensor of this shape; throws Error on overflow.
    virtual std::size_t packedBytes(Shape shape) const = 0;
    /// How many rows are quickest decoded together, from a multiple of as many on; a power of two.
    virtual std::size_t rowsTogether([[maybe_unused]] Shape shape) const { return 1; }
    /// Stores finite weights in `out`, of packedBytes(). The values are the rounding's choice; null means
    /// that the format rounds for itself, to nearest.
    virtual void encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                        std::span<std::byte> out) const = 0;
    /// Decodes rows [firstRow, firstRow + out.rows()) from `packed`, of packedBytes(shape) and any content.
    virtual void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                            MutableMatrixView out) const = 0;

    /// The shape of the coordinates of a packed tensor: numbers that say all that decoded values are linear
    /// in while its codes stay, such as scales, minima and entries of codebooks. Along a coordinate decoded
    /// values move as far as it does (Frobenius norm), and where they can be chosen so, orthogonally to
    /// those of the others. Empty for formats without.
    virtual Shape coordinateShape([[maybe_unused]] Shape shape) const { return {}; }
    /// The coordinates of packed bytes, of packedBytes(shape) and any content.
    virtual void readCoordinates([[maybe_unused]] std::span<const std::byte> packed,
                                 [[maybe_unused]] Shape shape, [[maybe_unused]] Workers& workers,
                                 [[maybe_unused]] MutableMatrixView coordinates) const {}
    /// The derivatives by the coordinates of something of which `slopes` are those by the decoded values.
    virtual void coordinateSlopes([[maybe_unused]] std::span<const std::byte> packed,
                                  [[maybe_unused]] MatrixView slopes, [[maybe_unused]] Workers& workers,
                                  [[maybe_unused]] MutableMatrixView ofCoordinates) const {}
    /// Packs the nearest coordinates that can be stored; the codes stay. Levels of a codebook that have
    /// passed one another come back in their new order.
    virtual void writeCoordinates([[maybe_unused]] MutableMatrixView coordinates,
                                  [[maybe_unused]] Shape shape, [[maybe_unused]] Workers& workers,
                                  [[maybe_unused]] std::span<std::byte> packed) const {}
};

} // namespace planish
