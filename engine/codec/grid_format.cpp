// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"

#include "codec/bit_stream.h"
#include "codec/checked_size.h"
#include "codec/rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <utility>

namespace planish {
namespace {

struct Range {
    double low = 0;
    double high = 0;
};

/// Eight running extremes, as a single one would be a chain the compiler cannot vectorize.
Range rangeOf(std::span<const float> group) {
    constexpr std::size_t lanes = 8;
    std::array<float, lanes> low;
    std::array<float, lanes> high;
    low.fill(group.front());
    high.fill(group.front());
    const std::size_t whole = group.size() / lanes * lanes;
    for (std::size_t i = 0; i < whole; i += lanes) {
        for (std::size_t lane = 0; lane < lanes; ++lane) {
            low[lane] = std::min(low[lane], group[i + lane]);
            high[lane] = std::max(high[lane], group[i + lane]);
        }
    }
    for (std::size_t i = whole; i < group.size(); ++i) {
        low[0] = std::min(low[0], group[i]);
        high[0] = std::max(high[0], group[i]);
    }
    return {*std::min_element(low.begin(), low.end()), *std::max_element(high.begin(), high.end())};
}

} // namespace

GroupParameters StorableParameters::nearest(double scaleWanted, double offsetWanted) const {
    return {scale.nearest(scaleWanted), offset ? offset->nearest(offsetWanted) : 0.0F};
}

GridFormat::GridFormat(GridLayout layout, std::size_t groupSize, ScaleType scaleType)
    : layout_(std::move(layout)), groupSize_(groupSize), scaleType_(scaleType) {}

std::size_t GridFormat::groupSize(std::size_t columns) const {
    return groupSize_ == 0 ? columns : std::min(groupSize_, columns);
}

std::size_t GridFormat::groups(std::size_t columns) const {
    const std::size_t size = groupSize(columns);
    return columns / size + (columns % size == 0 ? 0 : 1);
}

std::size_t GridFormat::rowBytes(std::size_t columns) const {
    const std::size_t parameters = StorableNumbers::bytes(scaleType_, groups(columns));
    return checkedAdd(checkedMultiply(parameters, layout_.hasOffset ? 2 : 1),
                      bitStreamBytes(columns, layout_.grid.bits()));
}

std::size_t GridFormat::packedBytes(Shape shape) const {
    return checkedMultiply(shape.rows, rowBytes(shape.columns));
}

double GridFormat::scaleToCover(std::span<const float> group, double offset) const {
    const auto [low, high] = rangeOf(group);
    const double last = layout_.grid.last();
    if (layout_.hasOffset) {
        return std::max(0.0, (high - offset) / last);
    }
    const double below = std::max(0.0, -low);
    const double above = std::max(0.0, high);
    const double first = -layout_.grid.first();
    const double reach = last + layout_.overhang;
    const double upright = std::max(below / first, above / reach);
    const double mirrored = std::max(above / first, below / reach);
    return layout_.signedScale && mirrored < upright ? -mirrored : upright;
}

StorableParameters GridFormat::storableFor(std::span<const float> row) const {
    const ParameterKind kind = layout_.signedScale ? ParameterKind::signedScale : ParameterKind::scale;
    StorableParameters storable{StorableNumbers(scaleType_, kind, 0), std::nullopt};
    if (layout_.hasOffset) {
        const auto [low, high] = rangeOf(row);
        storable.offset.emplace(scaleType_, ParameterKind::offset, std::max(std::fabs(low), std::fabs(high)));
    }
    if (scaleType_ == ScaleType::int8) {
        double largest = 0;
        const std::size_t size = groupSize(row.size());
        for (std::size_t at = 0; at < row.size(); at += size) {
            const auto group = row.subspan(at, std::min(size, row.size() - at));
            const double offset = storable.offset ? storable.offset->atMost(rangeOf(group).low) : 0;
            largest = std::max(largest, std::fabs(scaleToCover(group, offset)));
        }
        storable.scale = StorableNumbers(scaleType_, kind, largest);
    }
    return storable;
}

GroupParameters GridFormat::cover(std::span<const float> group, const StorableParameters& storable) const {
    const float offset = storable.offset ? storable.offset->atMost(rangeOf(group).low) : 0.0F;
    return {storable.scale.awayFromZero(scaleToCover(group, offset)), offset};
}

void GridFormat::writeRow(const StorableParameters& storable, std::span<const GroupParameters> parameters,
                          std::span<const std::uint8_t> indices, std::span<std::byte> out) const {
    const std::size_t bytes = StorableNumbers::bytes(scaleType_, parameters.size());
    std::vector<float> numbers(parameters.size());
    std::transform(parameters.begin(), parameters.end(), numbers.begin(),
                   [](const GroupParameters& group) { return group.scale; });
    storable.scale.write(numbers, out.first(bytes));
    out = out.subspan(bytes);
    if (storable.offset) {
        std::transform(parameters.begin(), parameters.end(), numbers.begin(),
                       [](const GroupParameters& group) { return group.offset; });
        storable.offset->write(numbers, out.first(bytes));
        out = out.subspan(bytes);
    }
    packBits(indices, layout_.grid.bits(), out);
}

void GridFormat::encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                        std::span<std::byte> out) const {
    if (rounding != nullptr) {
        rounding->encode(*this, weights, context, out);
    } else {
        NearestRounding().encode(*this, weights, context, out);
    }
}

void GridFormat::decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                            MutableMatrixView out) const {
    const std::size_t columns = shape.columns;
    const std::size_t size = groupSize(columns);
    const std::size_t bytes = StorableNumbers::bytes(scaleType_, groups(columns));
    const ParameterKind kind = layout_.signedScale ? ParameterKind::signedScale : ParameterKind::scale;
    std::vector<float> scales(groups(columns));
    std::vector<float> offsets(groups(columns), 0.0F);
    std::vector<std::uint8_t> indices(columns);
    for (Eigen::Index row = 0; row < out.rows(); ++row) {
        const std::size_t at = (firstRow + static_cast<std::size_t>(row)) * rowBytes(columns);
        std::span<const std::byte> in = packed.subspan(at, rowBytes(columns));
        StorableNumbers::read(scaleType_, kind, in.first(bytes), scales);
        in = in.subspan(bytes);
        if (layout_.hasOffset) {
            StorableNumbers::read(scaleType_, ParameterKind::offset, in.first(bytes), offsets);
            in = in.subspan(bytes);
        }
        unpackBits(in, layout_.grid.bits(), indices);
        const std::span<float> values(out.row(row).data(), columns);
        for (std::size_t group = 0; group < scales.size(); ++group) {
            const std::size_t start = group * size;
            const std::size_t count = std::min(size, columns - start);
            layout_.grid.values({scales[group], offsets[group]},
                                std::span<const std::uint8_t>(indices).subspan(start, count),
                                values.subspan(start, count));
        }
    }
}

} // namespace planish
