// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/column_rounding.h"
#include "codec/grid_format.h"
#include "codec/scalar_format.h"

#include <memory>

namespace planish {

/// The second choice of a codec: which stored value each weight gets. Works on every scalar format, and on
/// formats that round whole columns where it can (see column_rounding.h); may look at the whole matrix and at
/// the statistics of its inputs. Immutable and thread-safe.
class Rounding {
  public:
    Rounding() = default;
    Rounding(const Rounding&) = delete;
    Rounding& operator=(const Rounding&) = delete;
    virtual ~Rounding() = default;

    /// Fills `out`, of format.packedBytes(): parameters and levels of all rows.
    virtual void encode(const ScalarFormat& format, MatrixView weights, const EncodeContext& context,
                        std::span<std::byte> out) const = 0;
    /// How it rounds these weights column by column, both of which must outlive the result; null for
    /// roundings of scalar formats only.
    virtual std::unique_ptr<const ColumnRounding>
    startColumns([[maybe_unused]] MatrixView weights, [[maybe_unused]] const EncodeContext& context) const {
        return nullptr;
    }
};

/// One group of weights and the grids it may choose from.
struct GroupProblem {
    std::span<const float> weights;
    std::span<const float> importance; ///< what a squared error costs, one a weight; empty: all the same
    const GridFormat& format;
    const StorableParameters& storable;
};

/// A row of weights and the grids its groups may choose from.
struct RowProblem {
    std::span<const float> weights;
    std::span<const float> importance; ///< as of a group
    const GridFormat& format;
    const StorableRow& storable;
};

/// How the parameters of a group are chosen on grid formats; scalar formats that are not grids have their own
/// way. Immutable and thread-safe.
class GroupChoice {
  public:
    GroupChoice() = default;
    GroupChoice(const GroupChoice&) = delete;
    GroupChoice& operator=(const GroupChoice&) = delete;
    virtual ~GroupChoice() = default;

    virtual GroupParameters choose(const GroupProblem& problem) const = 0;
    /// The same for all groups of a row.
    virtual void chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const;
};

/// What the format itself takes (GridFormat::cover): minimum and maximum, or largest magnitude.
class NearestChoice final : public GroupChoice {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
    void chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const override;
};

/// Iterative scale refinement: start from the covering grid, quantize, look at the distribution of the errors
/// and move the bounds by it; three times. Never worse than nearest in squared error of a group among the
/// same storable parameters. All weights count the same.
class RefineChoice final : public GroupChoice {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
    void chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const override;
};

/// Least squared error, weighted by importance: a search over where to clip, then least-squares refits of
/// scale and offset against the levels alternating with steps of the bounds. Never worse than refine in
/// squared error of a group among the same storable parameters.
class MseChoice final : public GroupChoice {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
    void chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const override;
};

/// Half-quadratic quantization: least Σ|w − ŵ|^p with p = 0.7, which fits most weights closely and leaves the
/// few that stand out to their errors. From nearest's grid on, at most 20 times: shrink the errors to those
/// of the outlying weights, sign(e) · max(0, |e| − |e|^(p−1) ÷ β), and move the offset by the mean of what
/// that took away; β grows from 10 by 1 % each time, errors measured in mean steps of the grid. Grids without
/// offsets move the scale instead, by least squares against the levels. The iterate of the least Σ|w − ŵ|^p
/// as stored is kept: never worse than nearest in that, among the same storable parameters. All weights count
/// the same. Badri, Shaji: Half-quadratic quantization of large machine learning models, 2023.
class HqqChoice final : public GroupChoice {
  public:
    GroupParameters choose(const GroupProblem& problem) const override;
};

/// Chooses parameters group by group and takes the nearest levels. Weights are as important as their inputs
/// are large, where that is known (InputStatistics::importance).
class DirectRounding final : public Rounding {
  public:
    explicit DirectRounding(std::unique_ptr<const GroupChoice> choice) : choice_(std::move(choice)) {}
    void encode(const ScalarFormat& format, MatrixView weights, const EncodeContext& context,
                std::span<std::byte> out) const override;

  private:
    std::unique_ptr<const GroupChoice> choice_;
};

} // namespace planish
