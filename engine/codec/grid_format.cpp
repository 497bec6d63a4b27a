// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/grid_format.h"

#include "codec/encode_kernels.h"
#include "codec/plain_layout.h"
#include "codec/rounding.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <functional>
#include <numeric>
#include <utility>

namespace planish {
namespace {

/// Eight running extremes, as a single one would be a chain the compiler cannot vectorize.
NumberRange rangeOf(std::span<const float> group) {
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
          storable_(format.storableFor(row, choice)),
          groupSize_(format.groupSize(row.size())),
          parameters_(format.groups(row.size())),
          indices_(row.size()) {}

    void chooseLevels(std::size_t group, std::span<const float> weights,
                      std::span<const float> importance) override {
        parameters_[group] = choice_.choose({weights, importance, format_, storable_.of(group)});
    }

    void roundGroup(std::size_t group, std::span<const float> weights) override {
        format_.grid().nearest(parameters_[group], weights,
                               std::span(indices_).subspan(group * groupSize_, weights.size()));
    }

    void roundRow(std::span<const float> row, std::span<const float> importance,
                  std::size_t groupSize) override {
        choice_.chooseRow({row, importance, format_, storable_}, parameters_);
        format_.grid().nearest(parameters_, groupSize, row, indices_);
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
    StorableRow storable_;
    std::size_t groupSize_;
    std::vector<GroupParameters> parameters_;
    std::vector<std::uint8_t> indices_;
};

} // namespace

GroupParameters StorableParameters::nearest(double scaleWanted, double offsetWanted) const {
    const GroupParameters found{scale.nearest(scaleWanted), offset ? offset->nearest(offsetWanted) : 0.0F};
    return lastZeroPoint == 0 ? found
                              : GroupParameters::withZeroPoint(found.scale, found.zeroPoint(lastZeroPoint));
}

GridFormat::GridFormat(GridTraits traits, std::size_t groupSize, std::unique_ptr<const RowLayout> layout)
    : ScalarFormat(groupSize), traits_(std::move(traits)), layout_(std::move(layout)) {}

std::size_t GridFormat::rowBytes(std::size_t columns) const {
    return layout_->bytes(shapeOf(columns));
}

double GridFormat::scaleToCover(std::span<const float> group, double offset) const {
    if (traits_.unitVariance) {
        const double squares = std::transform_reduce(group.begin(), group.end(), 0.0, std::plus<>(),
                                                     [](double weight) { return weight * weight; });
        return std::sqrt(squares / static_cast<double>(group.size()));
    }
    const auto [low, high] = rangeOf(group);
    const double last = traits_.grid.last();
    if (traits_.hasOffset) {
        return std::max(0.0, ((traits_.zeroPoints ? std::max(high, 0.0) : high) - offset) / last);
    }
    const double below = std::max(0.0, -low);
    const double above = std::max(0.0, high);
    const double first = -traits_.grid.first();
    const double reach = last + traits_.overhang;
    const double upright = std::max(below / first, above / reach);
    const double mirrored = std::max(above / first, below / reach);
    return traits_.signedScale && mirrored < upright ? -mirrored : upright;
}

GroupParameters GridFormat::cover(std::span<const float> group, const StorableParameters& storable) const {
    double low = storable.offset ? rangeOf(group).low : 0;
    low = traits_.zeroPoints ? std::min(low, 0.0) : low; // 0 is a level
    const float offset = storable.offset ? storable.offset->atMost(low) : 0.0F;
    const double scale = scaleToCover(group, offset);
    if (traits_.unitVariance) {
        return {storable.scale.nearest(scale), 0};
    }
    GroupParameters best{storable.scale.awayFromZero(scale), offset};
    if (traits_.zeroPoints) {
        best = storable.nearest(best.scale, offset);
    }
    if (!storable.scale.isCoded()) {
        return best;
    }
    double error = traits_.grid.squaredError(best, group, {});
    const auto consider = [&](GroupParameters candidate) {
        const double found = candidate == best ? error : traits_.grid.squaredError(candidate, group, {});
        if (found < error) {
            best = candidate;
            error = found;
        }
    };
    consider(storable.nearest(scale, offset));
    if (storable.offset) {
        const float nearer = storable.offset->nearest(low);
        consider(storable.nearest(scaleToCover(group, nearer), nearer));
    }
    return best;
}

bool GridFormat::coverRow(std::span<const float> row, const StorableRow& storable,
                          std::span<GroupParameters> parameters) const {
    if (!traits_.hasOffset || traits_.zeroPoints || !storable.units[0].scale.isFp16()) {
        return false;
    }
    const std::size_t size = groupSize(row.size());
    std::vector<float> lows(parameters.size());
    std::vector<float> highs(parameters.size());
    rangesOf(row, size, lows, highs);
    for (std::size_t group = 0; group < lows.size(); ++group) {
        if (lows[group] == 0) {
            // The sign of a zero is stored, too.
            lows[group] = static_cast<float>(
                rangeOf(row.subspan(group * size, std::min(size, row.size() - group * size))).low);
        }
    }
    coverRanges(lows, highs, traits_.grid.last(), parameters);
    return true;
}

StorableParameters GridFormat::free() const {
    StorableParameters storable{
        {StorableType::fp32, traits_.signedScale ? ParameterKind::signedScale : ParameterKind::scale}, {}};
    if (traits_.hasOffset) {
        storable.offset.emplace(StorableType::fp32, ParameterKind::offset);
    }
    storable.lastZeroPoint = lastZeroPoint();
    return storable;
}

StorableParameters GridFormat::storableFor(std::span<const GroupParameters> wanted) const {
    NumberRange scales;
    NumberRange offsets{HUGE_VAL, -HUGE_VAL};
    for (const GroupParameters& group : wanted) {
        scales = {std::min(scales.low, double{group.scale}), std::max(scales.high, double{group.scale})};
        offsets = {std::min(offsets.low, double{group.offset}), std::max(offsets.high, double{group.offset})};
    }
    if (!traits_.hasOffset) {
        return {layout_->scales(scales), {}};
    }
    if (traits_.zeroPoints) {
        return {layout_->scales(scales), StorableNumbers(StorableType::fp32, ParameterKind::offset),
                lastZeroPoint()};
    }
    const StorableNumbers offset = layout_->offsets(offsets);
    // An offset stored below the wanted one by up to its unit leaves more for the scale to cover.
    scales.high += std::fabs(offset.unit()) / traits_.grid.last();
    return {layout_->scales(scales), offset};
}

StorableRow GridFormat::storableFor(std::span<const float> row, const GroupChoice& choice) const {
    const RowShape shape = shapeOf(row.size());
    const auto groupsPerUnit = layout_->groupsPerUnit(shape);
    if (!groupsPerUnit) {
        return {{storableFor(std::span<const GroupParameters>())}, shape.groups};
    }
    const std::size_t size = groupSize(row.size());
    const StorableParameters anything = free();
    std::vector<GroupParameters> wanted;
    for (std::size_t at = 0; at < row.size(); at += size) {
        const auto group = row.subspan(at, std::min(size, row.size() - at));
        wanted.push_back(choice.choose({group, {}, *this, anything}));
    }
    StorableRow storable{{}, *groupsPerUnit};
    for (std::size_t at = 0; at < wanted.size(); at += *groupsPerUnit) {
        const std::size_t count = std::min(*groupsPerUnit, wanted.size() - at);
        storable.units.push_back(storableFor(std::span<const GroupParameters>(wanted).subspan(at, count)));
    }
    return storable;
}

void GridFormat::writeRow(const StorableRow& storable, std::span<const GroupParameters> parameters,
                          std::span<const std::uint8_t> indices, std::span<std::byte> out) const {
    layout_->write(storable.units, parameters, indices, out);
}

std::unique_ptr<RowEncoder> GridFormat::startRow(std::span<const float> row,
                                                 const GroupChoice& choice) const {
    return std::make_unique<GridRowEncoder>(*this, row, choice);
}

void GridFormat::writeNearest(std::span<GroupParameters> parameters, std::span<const std::uint8_t> indices,
                              std::span<std::byte> out) const {
    const auto groupsPerUnit = layout_->groupsPerUnit({indices.size(), parameters.size()});
    const std::size_t each = groupsPerUnit.value_or(parameters.size());
    StorableRow storable{{}, each};
    for (std::size_t at = 0; at < parameters.size(); at += each) {
        const auto unit = parameters.subspan(at, std::min(each, parameters.size() - at));
        storable.units.push_back(storableFor(unit));
        for (GroupParameters& group : unit) {
            group = storable.units.back().nearest(group.scale, group.offset);
        }
    }
    writeRow(storable, parameters, indices, out);
}

std::vector<std::vector<float>> GridFormat::levels(std::span<const std::byte> in, std::size_t columns) const {
    std::vector<GroupParameters> parameters(groups(columns));
    std::vector<std::uint8_t> indices(columns);
    layout_->read(in, parameters, indices);
    std::vector<std::vector<float>> result;
    for (const GroupParameters& group : parameters) {
        result.emplace_back();
        for (const float level : traits_.grid.levels()) {
            result.back().push_back(group.offset + group.scale * level);
        }
    }
    return result;
}

LinearRow GridFormat::openRow(std::span<const std::byte> in, std::size_t columns) const {
    const std::size_t each = parametersPerGroup();
    LinearRow row{groupSize(columns), each, each, {}, {}, {}};
    std::vector<GroupParameters> stored(groups(columns));
    std::vector<std::uint8_t> indices(columns);
    layout_->read(in, stored, indices);
    for (const GroupParameters& group : stored) {
        row.parameters.push_back(group.scale);
        if (each == 2) {
            row.parameters.push_back(group.offset);
        }
    }
    row.terms.reserve(columns * each);
    for (std::size_t group = 0; group < stored.size(); ++group) {
        const auto scale = static_cast<std::uint32_t>(group * each);
        const auto zeroPoint = static_cast<float>(stored[group].zeroPoint(lastZeroPoint()));
        const std::size_t end = std::min(columns, (group + 1) * row.groupSize);
        for (std::size_t column = group * row.groupSize; column < end; ++column) {
            row.terms.push_back({scale, traits_.grid.levels()[indices[column]] - zeroPoint});
            if (each == 2) {
                row.terms.push_back({scale + 1, 1.0F});
            }
        }
    }
    row.write = [this, indices = std::move(indices), stored, each](std::span<double> parameters,
                                                                   std::span<std::byte> out) {
        std::vector<GroupParameters> wanted(parameters.size() / each);
        for (std::size_t group = 0; group < wanted.size(); ++group) {
            wanted[group].scale = static_cast<float>(parameters[group * each]);
            if (each == 2) {
                wanted[group].offset = static_cast<float>(parameters[group * each + 1]);
            } else if (traits_.zeroPoints) {
                wanted[group] = GroupParameters::withZeroPoint(wanted[group].scale,
                                                               stored[group].zeroPoint(lastZeroPoint()));
            }
        }
        writeNearest(wanted, indices, out);
    };
    return row;
}

void GridFormat::decodeRow(std::span<const std::byte> in, std::span<float> out) const {
    std::vector<GroupParameters> parameters(groups(out.size()));
    std::vector<std::uint8_t> indices(out.size());
    layout_->read(in, parameters, indices);
    traits_.grid.values(parameters, groupSize(out.size()), indices, out);
}

std::shared_ptr<const GridFormat> makePlainGridFormat(GridTraits traits, std::size_t groupSize,
                                                      ScaleType scaleType) {
    auto layout = makePlainLayout(traits.grid.bits(), scaleType,
                                  traits.signedScale ? ParameterKind::signedScale : ParameterKind::scale,
                                  traits.zeroPoints  ? StoredOffset::zeroPoint
                                  : traits.hasOffset ? StoredOffset::number
                                                     : StoredOffset::none);
    return std::make_shared<const GridFormat>(std::move(traits), groupSize, std::move(layout));
}

} // namespace planish
