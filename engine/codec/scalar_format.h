// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

namespace planish {

class GroupChoice;

/// Encodes one row of a scalar format. First the levels of a group are fixed, then each of its weights takes
/// one of them; groups may come in any order and weights of several groups may alternate.
class RowEncoder {
  public:
    virtual ~RowEncoder() = default;
    /// Fixes the levels of a group for these weights, columns [group · groupSize, …). `importance` is what a
    /// squared error of each costs, or empty.
    virtual void chooseLevels(std::size_t group, std::span<const float> weights,
                              std::span<const float> importance) = 0;
    /// Gives every weight of a group its nearest level.
    virtual void roundGroup(std::size_t group, std::span<const float> weights) = 0;
    /// Both for all groups of a row; `groupSize` is the format's, `importance` empty or one a weight.
    virtual void roundRow(std::span<const float> row, std::span<const float> importance,
                          std::size_t groupSize);
    /// Gives one weight the level nearest to `weight` and returns that level, as it will be decoded.
    virtual float round(std::size_t column, float weight) = 0;
    /// Writes the row, of ScalarFormat::rowBytes(), once all groups and weights are done.
    virtual void write(std::span<std::byte> out) const = 0;
};

/// A packed row with its levels fixed: each weight is the sum of its terms, coefficient × parameter, and may
/// be given other parameters.
struct LinearRow {
    struct Term {
        std::uint32_t parameter = 0;
        float coefficient = 0;
    };

    std::size_t groupSize = 0;
    std::size_t parametersPerGroup = 0;
    std::size_t termsPerColumn = 0;
    std::vector<double> parameters; ///< as decoded; those of a group after those of the groups before it
    std::vector<Term> terms;        ///< [columns, termsPerColumn], of parameters of the column's group
    /// Packs the row with the nearest parameters that can be stored, in the order they are stored in then.
    /// Needs the format to live.
    std::function<void(std::span<double> parameters, std::span<std::byte> out)> write;
};

/// A format in which each weight takes one of the levels of its group: columns in groups of `groupSize`, the
/// last one possibly shorter. Rows are packed one after the other. Every rounding works on every such format.
class ScalarFormat : public Format {
  public:
    /// `groupSize` 0 makes one group of each row.
    explicit ScalarFormat(std::size_t groupSize) : groupSize_(groupSize) {}

    std::size_t groupSize(std::size_t columns) const;
    std::size_t groups(std::size_t columns) const;
    /// Exact bytes of a row; throws Error for lengths the format cannot store.
    virtual std::size_t rowBytes(std::size_t columns) const = 0;
    /// `row` is the whole row as it is before any rounding, for what must be decided for all groups together;
    /// `choice` (which must outlive the encoder) serves formats that are grids.
    virtual std::unique_ptr<RowEncoder> startRow(std::span<const float> row,
                                                 const GroupChoice& choice) const = 0;
    virtual void decodeRow(std::span<const std::byte> in, std::span<float> out) const = 0;
    virtual std::size_t parametersPerGroup() const = 0;
    /// The parameters of a packed row apart from its levels.
    virtual LinearRow openRow(std::span<const std::byte> in, std::size_t columns) const = 0;
    /// The levels of every group of a packed row, as decoded.
    virtual std::vector<std::vector<float>> levels(std::span<const std::byte> in,
                                                   std::size_t columns) const = 0;

    bool isFloat() const final { return false; }
    std::size_t packedBytes(Shape shape) const final;
    void encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                std::span<std::byte> out) const final;
    void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const final;
    /// [rows, parameters of a row]; see RowCoordinates.
    Shape coordinateShape(Shape shape) const final;
    void readCoordinates(std::span<const std::byte> packed, Shape shape, Workers& workers,
                         MutableMatrixView coordinates) const final;
    void coordinateSlopes(std::span<const std::byte> packed, MatrixView slopes, Workers& workers,
                          MutableMatrixView ofCoordinates) const final;
    void writeCoordinates(MutableMatrixView coordinates, Shape shape, Workers& workers,
                          std::span<std::byte> packed) const final;

  private:
    std::span<const std::byte> rowOf(std::span<const std::byte> packed, std::size_t row,
                                     std::size_t columns) const;

    std::size_t groupSize_;
};

} // namespace planish
