// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"
#include "codec/scalar_format.h"
#include "codec/scale_type.h"

#include <memory>
#include <optional>
#include <vector>

namespace planish {

/// The group parameters one row can store.
struct StorableParameters {
    StorableNumbers scale;
    std::optional<StorableNumbers> offset; ///< none for grids without offsets

    /// The nearest storable parameters.
    GroupParameters nearest(double scaleWanted, double offsetWanted) const;
};

/// What makes one scalar grid format different from another.
struct GridLayout {
    Grid grid;
    bool hasOffset = false;   ///< a minimum is stored beside each scale; the grid's first level is then 0
    bool signedScale = false; ///< a negative scale mirrors an asymmetric grid
    /// How far below the first and above the last level, in units of the grid, nearest rounding may leave a
    /// weight without an offset.
    float overhang = 0;
};

/// Scalar levels on a per-group scaled grid: each group has a scale and, if the grid has one, an offset.
///
/// Layout of a row: the scales of its groups, their offsets (see StorableNumbers), then the levels as a bit
/// stream (see bit_stream.h).
class GridFormat final : public ScalarFormat {
  public:
    GridFormat(GridLayout layout, std::size_t groupSize, ScaleType scaleType);

    const Grid& grid() const { return layout_.grid; }
    bool hasOffset() const { return layout_.hasOffset; }

    /// What parameters the row of these weights can store.
    StorableParameters storableFor(std::span<const float> row) const;
    /// The smallest storable grid that covers the group: no weight is more than half a step away from a
    /// level, unless the weights are out of range of the scale type.
    GroupParameters cover(std::span<const float> group, const StorableParameters& storable) const;
    /// Packs one row; `indices` are levels, one a weight.
    void writeRow(const StorableParameters& storable, std::span<const GroupParameters> parameters,
                  std::span<const std::uint8_t> indices, std::span<std::byte> out) const;

    std::size_t rowBytes(std::size_t columns) const override;
    std::unique_ptr<RowEncoder> startRow(std::span<const float> row,
                                         const GroupChoice& choice) const override;
    void decodeRow(std::span<const std::byte> in, std::span<float> out) const override;

  private:
    double scaleToCover(std::span<const float> group, double offset) const;

    GridLayout layout_;
    ScaleType scaleType_;
};

/// Whole-number levels (intB). Affine: levels 0…2^B−1 above a per-group minimum. Symmetric: levels
/// −2^(B−1)…2^(B−1)−1 and a signed scale, so that the extra level serves the longer tail.
std::shared_ptr<const GridFormat> makeIntegerFormat(int bits, bool symmetric, std::size_t groupSize,
                                                    ScaleType scaleType);

/// NormalFloat (nfB, B ≤ 4): quantiles of the normal distribution scaled by the largest magnitude of a group.
/// Dettmers, Pagnoni, Holtzman, Zettlemoyer: QLoRA, 2023, section 3 and appendix E.
std::shared_ptr<const GridFormat> makeNormalFloatFormat(int bits, std::size_t groupSize, ScaleType scaleType);

} // namespace planish
