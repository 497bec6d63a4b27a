// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/entropy_layout.h"

#include "codec/bit_stream.h"
#include "codec/packed_numbers.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>

namespace planish {
namespace {

int classBits(std::size_t classes) {
    return static_cast<int>(std::bit_width(classes - 1));
}

template <typename Number>
void append(std::vector<std::byte>& bytes, Number number) {
    bytes.resize(bytes.size() + sizeof(Number));
    store(std::span(bytes).last(sizeof(Number)), 0, number);
}

[[noreturn]] void refuse(std::string_view field, const std::string& expected, const std::string& found) {
    throw InputError("packed tensor", field, expected, found);
}

/// Reads numbers one after the other.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> bytes) : bytes_(bytes) {}

    std::span<const std::byte> take(std::size_t size, std::string_view field) {
        if (size > bytes_.size() - at) {
            refuse(field, fmt::format("{} bytes", size), fmt::format("{} to the end", bytes_.size() - at));
        }
        at += size;
        return bytes_.subspan(at - size, size);
    }
    template <typename Number>
    Number number(std::string_view field) {
        return load<Number>(take(sizeof(Number), field), 0);
    }
    SymbolTable table() { return SymbolTable(bytes_, at); }

  private:
    std::span<const std::byte> bytes_;
    std::size_t at = 0;
};

} // namespace

std::size_t entropyBlockRows(std::size_t columns) {
    constexpr std::size_t weights = 65536;
    return std::clamp<std::size_t>(std::bit_floor(weights / std::max<std::size_t>(1, columns)), 1, 128);
}

std::vector<std::byte> EntropyTensor::write() const {
    std::vector<std::byte> bytes{static_cast<std::byte>(classes.size())};
    for (const EntropyClass& entry : classes) {
        append(bytes, entry.step);
        const std::vector<std::byte> table = entry.table.write();
        bytes.insert(bytes.end(), table.begin(), table.end());
    }
    if (const int bits = classBits(classes.size()); bits > 0) {
        const std::vector<std::uint16_t> numbers(classOf.begin(), classOf.end());
        const std::size_t size = bitStreamBytes(numbers.size(), bits);
        bytes.resize(bytes.size() + size);
        packBits(std::span<const std::uint16_t>(numbers), bits, std::span(bytes).last(size));
    }
    append(bytes, static_cast<std::uint32_t>(escapes.size()));
    for (const EntropyEscape& escape : escapes) {
        append(bytes, escape.place);
        append(bytes, escape.number);
    }
    for (const auto& block : blocks) {
        append(bytes, static_cast<std::uint32_t>(block.size()));
    }
    for (const auto& block : blocks) {
        bytes.insert(bytes.end(), block.begin(), block.end());
    }
    return bytes;
}

EntropyView::EntropyView(std::span<const std::byte> bytes, Shape shape)
    : classOf(shape.columns), steps(shape.columns) {
    Reader reader(bytes);
    const std::size_t classes = reader.number<std::uint8_t>("number of classes");
    if (classes == 0 || classes > EntropyTensor::mostClasses) {
        refuse("number of classes", fmt::format("1 to {}", EntropyTensor::mostClasses),
               std::to_string(classes));
    }
    std::vector<float> stepOf;
    for (std::size_t i = 0; i < classes; ++i) {
        stepOf.push_back(reader.number<float>("step"));
        if (!(std::fabs(stepOf.back()) <= largestEntropyStep)) {
            refuse("step", fmt::format("at most {}", largestEntropyStep), fmt::format("{}", stepOf.back()));
        }
        tables.push_back(reader.table());
    }
    if (const int bits = classBits(classes); bits > 0) {
        std::vector<std::uint16_t> numbers(shape.columns);
        unpackBits(reader.take(bitStreamBytes(numbers.size(), bits), "classes of columns"), bits,
                   std::span(numbers));
        std::copy(numbers.begin(), numbers.end(), classOf.begin());
    }
    for (std::size_t column = 0; column < shape.columns; ++column) {
        if (classOf[column] >= classes) {
            refuse("class of a column", fmt::format("below {}", classes), std::to_string(classOf[column]));
        }
        steps[column] = stepOf[classOf[column]];
    }
    const auto count = reader.number<std::uint32_t>("number of escapes");
    escapes = reader.take(std::size_t{count} * sizeof(EntropyEscape), "escapes");
    const std::size_t rows = entropyBlockRows(shape.columns);
    const std::size_t blockCount = (shape.rows + rows - 1) / rows;
    const auto sizes = reader.take(blockCount * sizeof(std::uint32_t), "sizes of blocks");
    for (std::size_t i = 0; i < blockCount; ++i) {
        blocks.push_back(reader.take(load<std::uint32_t>(sizes, i), "block of coded rows"));
    }
}

} // namespace planish
