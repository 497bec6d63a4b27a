// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codebook_format.h"

#include "codec/bit_stream.h"
#include "codec/checked_size.h"
#include "codec/number.h"
#include "codec/optimal_levels.h"
#include "codec/packed_numbers.h"
#include "codec/value_kernels.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <utility>
#include <vector>

namespace planish {
namespace {

/// fp16 numbers as packed, infinities and NaN of hostile bytes as the largest number and 0.
void readLevels(std::span<const std::byte> in, std::span<float> levels) {
    floatsFromFp16(in, levels);
    for (float& level : levels) {
        level = std::isnan(level) ? 0.0F : std::clamp(level, -largestFp16, largestFp16);
    }
}

class CodebookRowEncoder final : public RowEncoder {
  public:
    CodebookRowEncoder(int bits, std::size_t groupSize, std::size_t groups, std::size_t columns)
        : bits_(bits),
          groupSize_(groupSize),
          levelsPerGroup_(std::size_t{1} << bits),
          codes_(groups * levelsPerGroup_),
          levels_(codes_.size()),
          indices_(columns) {}

    void chooseLevels(std::size_t group, std::span<const float> weights,
                      std::span<const float> importance) override {
        const std::vector<double> best = optimalLevels(weights, importance, levelsPerGroup_);
        for (std::size_t i = 0; i < best.size(); ++i) {
            const std::size_t at = group * levelsPerGroup_ + i;
            codes_[at] = toFp16(static_cast<float>(best[i]));
            levels_[at] = fromFp16(codes_[at]);
        }
    }

    void roundGroup(std::size_t group, std::span<const float> weights) override {
        for (std::size_t i = 0; i < weights.size(); ++i) {
            indices_[group * groupSize_ + i] = nearest(levelsOf(group), weights[i]);
        }
    }

    float round(std::size_t column, float weight) override {
        const auto levels = levelsOf(column / groupSize_);
        indices_[column] = nearest(levels, weight);
        return levels[indices_[column]];
    }

    void write(std::span<std::byte> out) const override {
        const std::size_t bytes = codes_.size() * sizeof(std::uint16_t);
        std::memcpy(out.data(), codes_.data(), bytes);
        packBits(indices_, bits_, out.subspan(bytes));
    }

  private:
    std::span<const float> levelsOf(std::size_t group) const {
        return std::span(levels_).subspan(group * levelsPerGroup_, levelsPerGroup_);
    }

    /// The number of middles between neighbouring levels below the weight; equal levels have the first taken.
    static std::uint8_t nearest(std::span<const float> levels, float weight) {
        unsigned index = 0;
        for (std::size_t i = 1; i < levels.size(); ++i) {
            index += weight > 0.5F * (levels[i - 1] + levels[i]) ? 1U : 0U;
        }
        return static_cast<std::uint8_t>(index);
    }

    int bits_;
    std::size_t groupSize_;
    std::size_t levelsPerGroup_;
    std::vector<std::uint16_t> codes_;
    std::vector<float> levels_;
    std::vector<std::uint8_t> indices_;
};

class CodebookFormat final : public ScalarFormat {
  public:
    CodebookFormat(int bits, std::size_t groupSize) : ScalarFormat(groupSize), bits_(bits) {}

    std::size_t rowBytes(std::size_t columns) const override {
        return checkedAdd(codebookBytes(columns), bitStreamBytes(columns, bits_));
    }

    std::unique_ptr<RowEncoder> startRow(std::span<const float> row, const GroupChoice&) const override {
        return std::make_unique<CodebookRowEncoder>(bits_, groupSize(row.size()), groups(row.size()),
                                                    row.size());
    }

    void decodeRow(std::span<const std::byte> in, std::span<float> out) const override {
        const std::size_t bytes = codebookBytes(out.size());
        std::vector<float> levels(bytes / sizeof(std::uint16_t));
        std::vector<std::uint8_t> indices(out.size());
        readLevels(in.first(bytes), levels);
        unpackBits(in.subspan(bytes), bits_, indices);
        const std::size_t each = std::size_t{1} << bits_;
        std::vector<LevelTable> tables(groups(out.size()));
        for (std::size_t group = 0; group < tables.size(); ++group) {
            std::copy_n(levels.data() + group * each, each, tables[group].begin());
        }
        lookUpValues(tables, {indices.data(), out.data(), out.size(), groupSize(out.size())});
    }

    std::vector<std::vector<float>> levels(std::span<const std::byte> in,
                                           std::size_t columns) const override {
        const std::size_t bytes = codebookBytes(columns);
        std::vector<float> all(bytes / sizeof(std::uint16_t));
        readLevels(in.first(bytes), all);
        const auto each = std::ptrdiff_t{1} << bits_;
        std::vector<std::vector<float>> result;
        for (auto first = all.begin(); first != all.end(); first += each) {
            result.emplace_back(first, first + each);
        }
        return result;
    }

    std::size_t parametersPerGroup() const override { return std::size_t{1} << bits_; }

    LinearRow openRow(std::span<const std::byte> in, std::size_t columns) const override {
        const std::size_t bytes = codebookBytes(columns);
        std::vector<float> levels(bytes / sizeof(std::uint16_t));
        std::vector<std::uint8_t> indices(columns);
        readLevels(in.first(bytes), levels);
        unpackBits(in.subspan(bytes), bits_, indices);
        LinearRow row{groupSize(columns), parametersPerGroup(), 1, {levels.begin(), levels.end()}, {}, {}};
        for (std::size_t column = 0; column < columns; ++column) {
            const std::size_t level = (column / row.groupSize << bits_) + indices[column];
            row.terms.push_back({static_cast<std::uint32_t>(level), 1.0F});
        }
        row.write = [this, indices = std::move(indices)](std::span<double> wanted, std::span<std::byte> out) {
            writeRow(wanted, indices, out);
        };
        return row;
    }

  private:
    /// Levels may have passed one another: they are brought in order, and indices follow them.
    void writeRow(std::span<double> wanted, std::vector<std::uint8_t> indices,
                  std::span<std::byte> out) const {
        const std::size_t count = std::size_t{1} << bits_;
        const std::size_t size = groupSize(indices.size());
        std::vector<std::uint8_t> order(count);
        std::vector<std::uint8_t> place(count);
        for (std::size_t group = 0; group * count < wanted.size(); ++group) {
            const auto levels = wanted.subspan(group * count, count);
            std::iota(order.begin(), order.end(), std::uint8_t{0});
            std::stable_sort(order.begin(), order.end(),
                             [&](std::uint8_t a, std::uint8_t b) { return levels[a] < levels[b]; });
            for (std::size_t i = 0; i < count; ++i) {
                place[order[i]] = static_cast<std::uint8_t>(i);
            }
            std::sort(levels.begin(), levels.end());
            for (std::size_t i = 0; i < count; ++i) {
                store(out, group * count + i, toFp16(static_cast<float>(levels[i])));
            }
            const auto first = indices.begin() + static_cast<std::ptrdiff_t>(group * size);
            const auto columns = std::min(size, indices.size() - group * size);
            std::transform(first, first + static_cast<std::ptrdiff_t>(columns), first,
                           [&](std::uint8_t index) { return place[index]; });
        }
        packBits(indices, bits_, out.subspan(codebookBytes(indices.size())));
    }

    std::size_t codebookBytes(std::size_t columns) const {
        return checkedMultiply(groups(columns), sizeof(std::uint16_t) << bits_);
    }

    int bits_;
};

} // namespace

std::shared_ptr<const ScalarFormat> makeCodebookFormat(int bits, std::size_t groupSize) {
    return std::make_shared<const CodebookFormat>(bits, groupSize);
}

} // namespace planish
