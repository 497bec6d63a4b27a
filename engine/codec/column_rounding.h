// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "support/matrix.h"

#include <cstddef>
#include <memory>
#include <span>

namespace planish {

/// Rounds some rows of a tensor, a column of them at once.
class TileQuantizer {
  public:
    virtual ~TileQuantizer() = default;
    /// Chooses what is stored for the tile's weights of a column, each column once, and says what these will
    /// be decoded to.
    virtual void round(std::size_t column, std::span<const float> wanted, std::span<float> stored) = 0;
};

/// What a format that rounds whole columns does with them. Thread-safe.
class ColumnQuantizer {
  public:
    virtual ~ColumnQuantizer() = default;
    /// A tile, rows [firstRow, firstRow + rows): several may be used at the same time, also of the same rows
    /// as long as the columns are others. `growth` is about how much larger than the tensor's the weights to
    /// be rounded are, the same for all of the same rows.
    virtual std::unique_ptr<TileQuantizer> tile(std::size_t firstRow, std::size_t rows, float growth) = 0;
};

/// How a rounding goes through the columns of a tensor. It may be run several times. Immutable and
/// thread-safe.
class ColumnRounding {
  public:
    virtual ~ColumnRounding() = default;
    /// What a squared error of each column costs in the end, up to a common factor.
    virtual std::span<const float> importance() const = 0;
    /// Rounds every weight of rows [tileBegins[i], tileBegins[i + 1]) as a tile, for all i. Tiles run in
    /// parallel; the same result for every thread count.
    virtual void run(std::span<const std::size_t> tileBegins, ColumnQuantizer& quantizer) const = 0;
};

/// Without a rounding: every weight is wanted as it is. Both must outlive the result.
std::unique_ptr<const ColumnRounding> directColumns(MatrixView weights, const EncodeContext& context);

} // namespace planish
