// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/integer_tensor.h"

#include <algorithm>

namespace planish {
namespace {

/// Levels held at a time while decoding; of a row, they lie far apart where inputs come first.
constexpr std::size_t rowsAtOnce = 64;

class StoredIntegers final : public StoredTensor {
  public:
    explicit StoredIntegers(IntegerTensor parts) : parts_(std::move(parts)), ranges_(parts_.others) {
        ranges_.insert(ranges_.begin(), {parts_.levels.words, parts_.scales.values});
        if (parts_.zeros) {
            ranges_.push_back(parts_.zeros->words);
        }
    }

    std::string type() const override { return parts_.type; }
    std::size_t rowsTogether() const override { return parts_.inputsFirst ? rowsAtOnce : 1; }

    std::uint64_t bytes() const override {
        std::uint64_t sum = 0;
        for (const FileRange& range : ranges_) {
            sum += range.bytes;
        }
        return sum;
    }

    void readBytes(std::uint64_t first, std::span<std::byte> out) const override {
        for (const FileRange& range : ranges_) {
            if (first >= range.bytes) {
                first -= range.bytes;
                continue;
            }
            const auto count =
                static_cast<std::size_t>(std::min<std::uint64_t>(range.bytes - first, out.size()));
            range.read(first, out.first(count));
            out = out.subspan(count);
            first = 0;
        }
    }

    void readRows(std::size_t firstRow, MutableMatrixView out) const override {
        const std::vector<std::uint32_t> groups = groupsOfInputs();
        const auto rows = static_cast<std::size_t>(out.rows());
        for (std::size_t row = 0; row < rows; row += rowsAtOnce) {
            const std::size_t count = std::min(rowsAtOnce, rows - row);
            decode(firstRow + row, groups,
                   out.middleRows(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(count)));
        }
    }

  private:
    std::vector<std::uint32_t> groupsOfInputs() const {
        if (!parts_.groups.empty()) {
            return parts_.groups;
        }
        std::vector<std::uint32_t> groups(parts_.shape.columns);
        for (std::size_t input = 0; input < groups.size(); ++input) {
            groups[input] = static_cast<std::uint32_t>(input / parts_.groupSize);
        }
        return groups;
    }

    void decode(std::size_t firstRow, std::span<const std::uint32_t> groups, MutableMatrixView out) const {
        const bool inputsFirst = parts_.inputsFirst;
        const auto rows = static_cast<std::size_t>(out.rows());
        const auto block = [&](Shape part) {
            return inputsFirst ? MatrixBlock{0, part.rows, firstRow, rows}
                               : MatrixBlock{firstRow, rows, 0, part.columns};
        };
        const std::size_t groupCount = inputsFirst ? parts_.scales.shape.rows : parts_.scales.shape.columns;
        const std::vector<std::uint8_t> levels = parts_.levels.read(block(parts_.levels.shape));
        const Matrix scales = parts_.scales.read(block(parts_.scales.shape));
        const std::vector<std::uint8_t> zeros =
            parts_.zeros ? parts_.zeros->read(block(parts_.zeros->shape)) : std::vector<std::uint8_t>();
        const auto at = [&](std::size_t row, std::size_t other, std::size_t others) {
            return inputsFirst ? other * rows + row : row * others + other;
        };
        std::vector<int> zeroOf(groupCount);
        std::vector<float> scaleOf(groupCount);
        for (std::size_t row = 0; row < rows; ++row) {
            for (std::size_t group = 0; group < groupCount; ++group) {
                const std::size_t place = at(row, group, groupCount);
                scaleOf[group] = scales.data()[place];
                zeroOf[group] = parts_.zero + (zeros.empty() ? 0 : zeros[place]);
            }
            float* values = &out(static_cast<Eigen::Index>(row), 0);
            for (std::size_t input = 0; input < groups.size(); ++input) {
                const std::uint32_t group = groups[input];
                values[input] = scaleOf[group] *
                                static_cast<float>(levels[at(row, input, groups.size())] - zeroOf[group]);
            }
        }
    }

    IntegerTensor parts_;
    std::vector<FileRange> ranges_;
};

} // namespace

std::unique_ptr<const StoredTensor> IntegerTensor::stored(IntegerTensor parts) {
    return std::make_unique<const StoredIntegers>(std::move(parts));
}

} // namespace planish
