// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/row_layout.h"
#include "codec/scalar_format.h"
#include "codec/scale_type.h"

#include <memory>
#include <vector>

namespace planish {

/// What makes one scalar grid different from another.
struct GridTraits {
    Grid grid;
    bool hasOffset = false;   ///< a minimum is stored beside each scale; the grid's first level is then 0
    bool zeroPoints = false;  ///< which is −scale × a level, the zero point
    bool signedScale = false; ///< a negative scale mirrors an asymmetric grid
    /// How far below the first and above the last level, in units of the grid, nearest rounding may leave a
    /// weight without an offset.
    float overhang = 0;
    /// The scale is the root mean square of a group rather than what its largest magnitude needs.
    bool unitVariance = false;
};

/// What the groups of one row can store: some groups after one another share their storable parameters.
struct StorableRow {
    std::vector<StorableParameters> units;
    std::size_t groupsPerUnit = 1;

    const StorableParameters& of(std::size_t group) const { return units[group / groupsPerUnit]; }
};

/// Scalar levels on a per-group scaled grid: each group has a scale and, if the grid has one, an offset. What
/// these can be and where they lie is the matter of the RowLayout.
class GridFormat final : public ScalarFormat {
  public:
    GridFormat(GridTraits traits, std::size_t groupSize, std::unique_ptr<const RowLayout> layout);

    const Grid& grid() const { return traits_.grid; }
    bool hasOffset() const { return traits_.hasOffset; }
    bool hasSignedScale() const { return traits_.signedScale; }

    /// What parameters the groups of this row can store. Units are made to reach what `choice` would take if
    /// it were free.
    StorableRow storableFor(std::span<const float> row, const GroupChoice& choice) const;
    /// The smallest storable grid that covers the group: no weight is more than half a step away from a
    /// level, unless the weights are out of range of what is storable. Codes are so far apart that a grid
    /// next to it may fit better: then that. For grids of unit variance, the storable scale nearest to the
    /// root mean square.
    GroupParameters cover(std::span<const float> group, const StorableParameters& storable) const;
    /// cover() of all groups of a row at once, where that is quicker: for whole levels above offsets, all
    /// parameters fp16. False, with nothing done, for others.
    bool coverRow(std::span<const float> row, const StorableRow& storable,
                  std::span<GroupParameters> parameters) const;
    /// Packs one row; `indices` are levels, one a weight.
    void writeRow(const StorableRow& storable, std::span<const GroupParameters> parameters,
                  std::span<const std::uint8_t> indices, std::span<std::byte> out) const;

    std::size_t rowBytes(std::size_t columns) const override;
    std::unique_ptr<RowEncoder> startRow(std::span<const float> row,
                                         const GroupChoice& choice) const override;
    void decodeRow(std::span<const std::byte> in, std::span<float> out) const override;
    /// A zero point stays what it is: levels count from it.
    std::size_t parametersPerGroup() const override {
        return traits_.hasOffset && !traits_.zeroPoints ? 2 : 1;
    }
    LinearRow openRow(std::span<const std::byte> in, std::size_t columns) const override;
    std::vector<std::vector<float>> levels(std::span<const std::byte> in, std::size_t columns) const override;

  private:
    RowShape shapeOf(std::size_t columns) const { return {columns, groups(columns)}; }
    double scaleToCover(std::span<const float> group, double offset) const;
    StorableParameters free() const;
    int lastZeroPoint() const { return traits_.zeroPoints ? static_cast<int>(traits_.grid.last()) : 0; }
    StorableParameters storableFor(std::span<const GroupParameters> wanted) const;
    void writeNearest(std::span<GroupParameters> parameters, std::span<const std::uint8_t> indices,
                      std::span<std::byte> out) const;

    GridTraits traits_;
    std::unique_ptr<const RowLayout> layout_;
};

/// A grid format in plain rows (see plain_layout.h).
std::shared_ptr<const GridFormat> makePlainGridFormat(GridTraits traits, std::size_t groupSize,
                                                      ScaleType scaleType);

/// Whole-number levels (intB). Affine: levels 0…2^B−1 above a per-group minimum. Symmetric: levels
/// −2^(B−1)…2^(B−1)−1 and a signed scale, so that the extra level serves the longer tail.
std::shared_ptr<const GridFormat> makeIntegerFormat(int bits, bool symmetric, std::size_t groupSize,
                                                    ScaleType scaleType);
/// Whole-number levels 0…2^B−1 with a zero point among them a group (uintB): scale × (level − zero point), as
/// quantized checkpoints store asymmetric integers. Jacob et al.: Quantization and Training of Neural
/// Networks for Efficient Integer-Arithmetic-Only Inference, 2018, section 2.1.
std::shared_ptr<const GridFormat> makeZeroPointFormat(int bits, std::size_t groupSize, ScaleType scaleType);

/// NormalFloat (nfB, B ≤ 4): quantiles of the normal distribution scaled by the largest magnitude of a group.
/// Dettmers, Pagnoni, Holtzman, Zettlemoyer: QLoRA, 2023, section 3 and appendix E.
std::shared_ptr<const GridFormat> makeNormalFloatFormat(int bits, std::size_t groupSize, ScaleType scaleType);
/// Levels that lose least on normally distributed weights (lloydB, B ≤ 4), scaled by the root mean square of
/// a group. Lloyd: Least squares quantization in PCM, 1982; Max: Quantizing for minimum distortion, 1960.
std::shared_ptr<const GridFormat> makeLloydMaxFormat(int bits, std::size_t groupSize, ScaleType scaleType);

} // namespace planish
