// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid_format.h"

namespace planish {

/// The second choice of a codec: which stored value each weight gets. Works on any grid format; may look at
/// the whole matrix. Immutable and thread-safe.
class Rounding {
  public:
    Rounding() = default;
    Rounding(const Rounding&) = delete;
    Rounding& operator=(const Rounding&) = delete;
    virtual ~Rounding() = default;

    /// Fills `out`, of format.packedBytes(): parameters and levels of all rows.
    virtual void encode(const GridFormat& format, MatrixView weights, const EncodeContext& context,
                        std::span<std::byte> out) const = 0;
};

/// One group of weights and the grids it may choose from.
struct GroupProblem {
    std::span<const float> weights;
    const GridFormat& format;
    const StorableParameters& storable;
};

/// A rounding that chooses parameters group by group and then takes the nearest levels.
class GroupRounding : public Rounding {
  public:
    void encode(const GridFormat& format, MatrixView weights, const EncodeContext& context,
                std::span<std::byte> out) const final;

    virtual GroupParameters choose(const GroupProblem& problem) const = 0;
};

/// The smallest grid that covers the group (minimum and maximum, or largest magnitude).
class NearestRounding final : public GroupRounding {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
};

/// Iterative scale refinement: start from the covering grid, quantize, look at the distribution of the errors
/// and move the bounds by it; three times. Never worse than nearest in squared error of a group.
class RefineRounding final : public GroupRounding {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
};

/// Least squared error: a grid search over where to clip, then alternating least-squares refits of scale and
/// offset against the levels and single steps of the bounds while they help. Never worse than refine in
/// squared error of a group.
class MseRounding final : public GroupRounding {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
};

} // namespace planish
