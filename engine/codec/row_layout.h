// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"
#include "codec/storable_numbers.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace planish {

/// The parameters that some groups of a row can store.
struct StorableParameters {
    StorableNumbers scale;
    std::optional<StorableNumbers> offset; ///< none for grids without offsets
    /// Above 0: the offset is −scale × a zero point, a whole number from 0 to this, and `offset` leaves it
    /// free.
    int lastZeroPoint = 0;

    /// The nearest storable parameters.
    GroupParameters nearest(double scaleWanted, double offsetWanted) const;
};

/// Columns of a row and the groups they make.
struct RowShape {
    std::size_t columns = 0;
    std::size_t groups = 0;
};

/// The bytes of a row of a grid format: which parameters of groups they can hold, and where parameters and
/// levels lie. Immutable and thread-safe.
class RowLayout {
  public:
    RowLayout() = default;
    RowLayout(const RowLayout&) = delete;
    RowLayout& operator=(const RowLayout&) = delete;
    virtual ~RowLayout() = default;

    /// Exact bytes of a row; throws Error for rows it cannot hold.
    virtual std::size_t bytes(RowShape shape) const = 0;
    /// How many groups, in order, share the units of their parameters. Empty when parameters are numbers of
    /// their own, the same ones for all rows.
    virtual std::optional<std::size_t> groupsPerUnit(RowShape shape) const = 0;
    /// The numbers that the scales and offsets of groups with common units can take, with units that reach
    /// the ones wanted.
    virtual StorableNumbers scales(NumberRange wanted) const = 0;
    virtual StorableNumbers offsets(NumberRange wanted) const = 0;

    /// Writes all of a row: `storable` of each unit, parameters among them of each group, and the index of
    /// the level of each column.
    virtual void write(std::span<const StorableParameters> storable,
                       std::span<const GroupParameters> parameters, std::span<const std::uint8_t> indices,
                       std::span<std::byte> out) const = 0;
    /// The reverse; any content of `in`, of bytes(), is valid.
    virtual void read(std::span<const std::byte> in, std::span<GroupParameters> parameters,
                      std::span<std::uint8_t> indices) const = 0;
};

} // namespace planish
