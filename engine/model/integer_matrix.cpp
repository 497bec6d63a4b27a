// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/integer_matrix.h"

#include <bit>
#include <cstring>

namespace planish {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

constexpr std::size_t wordBits = 32;

/// Elements of `size` bytes of a matrix with `columns` of them a row.
std::vector<std::byte> readBlock(const FileRange& range, std::size_t columns, std::size_t size,
                                 const MatrixBlock& block) {
    const std::size_t rowBytes = block.columns * size;
    std::vector<std::byte> bytes(block.rows * rowBytes);
    const std::size_t first = (block.firstRow * columns + block.firstColumn) * size;
    if (block.columns == columns) {
        range.read(first, bytes);
        return bytes;
    }
    for (std::size_t row = 0; row < block.rows; ++row) {
        range.read(first + row * columns * size, std::span(bytes).subspan(row * rowBytes, rowBytes));
    }
    return bytes;
}

/// Where number `i` of a stream stands among those of its words.
std::size_t place(IntegerMatrix::Packing packing, std::size_t i) {
    return packing == IntegerMatrix::Packing::interleaved ? i - i % 8 + i % 8 / 2 + i % 2 * 4 : i;
}

} // namespace

std::size_t integerWords(std::size_t count, int bits) {
    return (count * static_cast<std::size_t>(bits) + wordBits - 1) / wordBits;
}

Shape IntegerMatrix::wordShape() const {
    return packing == Packing::alongColumns ? Shape{integerWords(shape.rows, bits), shape.columns}
                                            : Shape{shape.rows, integerWords(shape.columns, bits)};
}

std::vector<std::uint8_t> IntegerMatrix::read(const MatrixBlock& block) const {
    const bool down = packing == Packing::alongColumns;
    const auto width = static_cast<std::size_t>(bits);
    const std::size_t firstNumber = down ? block.firstRow : block.firstColumn;
    const std::size_t endNumber = firstNumber + (down ? block.rows : block.columns);
    const std::size_t firstWord = firstNumber * width / wordBits;
    const std::size_t words = integerWords(endNumber, bits) - firstWord;
    const MatrixBlock stored = down ? MatrixBlock{firstWord, words, block.firstColumn, block.columns}
                                    : MatrixBlock{block.firstRow, block.rows, firstWord, words};
    const std::vector<std::byte> bytes =
        readBlock(this->words, wordShape().columns, sizeof(std::uint32_t), stored);
    const auto word = [&](std::size_t row, std::size_t column) {
        std::uint32_t value = 0;
        std::memcpy(&value, bytes.data() + (row * stored.columns + column) * sizeof value, sizeof value);
        return value;
    };
    std::vector<std::uint8_t> numbers(block.rows * block.columns);
    const std::uint32_t mask = (1U << width) - 1;
    for (std::size_t row = 0; row < block.rows; ++row) {
        for (std::size_t column = 0; column < block.columns; ++column) {
            const std::size_t bit =
                place(packing, firstNumber + (down ? row : column)) * width - firstWord * wordBits;
            const std::size_t at = bit / wordBits;
            const std::size_t shift = bit % wordBits;
            std::uint32_t value = (down ? word(at, column) : word(row, at)) >> shift;
            if (shift + width > wordBits) {
                value |= (down ? word(at + 1, column) : word(row, at + 1)) << (wordBits - shift);
            }
            numbers[row * block.columns + column] = static_cast<std::uint8_t>(value & mask);
        }
    }
    return numbers;
}

Matrix FloatMatrix::read(const MatrixBlock& block) const {
    const std::vector<std::byte> bytes = readBlock(values, shape.columns, type.packedBytes({1, 1}), block);
    Matrix result(static_cast<Eigen::Index>(block.rows), static_cast<Eigen::Index>(block.columns));
    type.decodeRows(bytes, {block.rows, block.columns}, 0, result);
    return result;
}

} // namespace planish
