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

class GridRowEncoder final : public RowEncoder {
  public:
    GridRowEncoder(const GridFormat& format, std::span<const float> row, const GroupChoice& choice)
        : format_(format),
          choice_(choice),
          storable_(format.storableFor(row)),
          groupSize_(format.groupSize(row.size())),
          parameters_(format.groups(row.size())),
          indices_(row.size()) {}

    void chooseLevels(std::size_t group, std::span<const float> weights,
                      std::span<const float> importance) override {
        parameters_[group] = choice_.choose({weights, importance, format_, storable_});
    }

    void roundGroup(std::size_t group, std::span<const float> weights) override {
        format_.grid().nearest(parameters_[group], weights,
                               std::span(indices_).subspan(group * groupSize_, weights.size()));
    }

    float round(std::size_t column, float weight) override {
        const GroupParameters& parameters = parameters_[column / groupSize_];
        indices_[column] = format_.grid().nearest(parameters, weight);
        return parameters.offset + parameters.scale * format_.grid().levels()[indices_[column]];
    }

    void write(std::span<std::byte> out) const override {
        format_.writeRow(storable_, parameters_, indices_, out);
    }

  private:
    const GridFormat& format_;
    const GroupChoice& choice_;
    StorableParameters storable_;
    std::size_t groupSize_;
    std::vector<GroupParameters> parameters_;
    std::vector<std::uint8_t> indices_;
};

} // namespace

GroupParameters StorableParameters::nearest(double scaleWanted, double offsetWanted) const {
    return {scale.nearest(scaleWanted), offset ? offset->nearest(offsetWanted) : 0.0F};
}

GridFormat::GridFormat(GridLayout layout, std::size_t groupSize, ScaleType scaleType)
    : ScalarFormat(groupSize), layout_(std::move(layout)), scaleType_(scaleType) {}

std::size_t GridFormat::rowBytes(std::size_t columns) const {
    const std::size_t parameters = StorableNumbers::bytes(scaleType_, groups(columns));
    return checkedAdd(checkedMultiply(parameters, layout_.hasOffset ? 2 : 1),
                      bitStreamBytes(columns, layout_.grid.bits()));
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

std::unique_ptr<RowEncoder> GridFormat::startRow(std::span<const float> row,
                                                 const GroupChoice& choice) const {
    return std::make_unique<GridRowEncoder>(*this, row, choice);
}

void GridFormat::decodeRow(std::span<const std::byte> in, std::span<float> out) const {
    const std::size_t columns = out.size();
    const std::size_t size = groupSize(columns);
    const std::size_t bytes = StorableNumbers::bytes(scaleType_, groups(columns));
    const ParameterKind kind = layout_.signedScale ? ParameterKind::signedScale : ParameterKind::scale;
    std::vector<float> scales(groups(columns));
    std::vector<float> offsets(groups(columns), 0.0F);
    std::vector<std::uint8_t> indices(columns);
    StorableNumbers::read(scaleType_, kind, in.first(bytes), scales);
    in = in.subspan(bytes);
    if (layout_.hasOffset) {
        StorableNumbers::read(scaleType_, ParameterKind::offset, in.first(bytes), offsets);
        in = in.subspan(bytes);
    }
    unpackBits(in, layout_.grid.bits(), indices);
    for (std::size_t group = 0; group < scales.size(); ++group) {
        const std::size_t start = group * size;
        const std::size_t count = std::min(size, columns - start);
        layout_.grid.values({scales[group], offsets[group]},
                            std::span<const std::uint8_t>(indices).subspan(start, count),
                            out.subspan(start, count));
    }
}

} // namespace planish
