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
    const std::size_t count = down ? block.rows : block.columns;
    const std::size_t lines = down ? block.columns : block.rows;
    const std::size_t firstWord = firstNumber * width / wordBits;
    const std::size_t wordsEach = integerWords(firstNumber + count, bits) - firstWord;
    const std::vector<std::byte> bytes =
        readBlock(words, wordShape().columns, sizeof(std::uint32_t),
                  down ? MatrixBlock{firstWord, wordsEach, block.firstColumn, lines}
                       : MatrixBlock{block.firstRow, lines, firstWord, wordsEach});
    std::vector<std::uint32_t> stored(bytes.size() / sizeof(std::uint32_t));
    std::memcpy(stored.data(), bytes.data(), bytes.size());
    // From one line to the next, and from one word or number of a line to the next.
    const std::size_t nextLine = down ? 1 : wordsEach;
    const std::size_t nextWord = down ? lines : 1;
    const std::size_t nextLineOut = down ? 1 : count;
    const std::size_t nextNumberOut = down ? lines : 1;
    const std::uint32_t mask = (1U << width) - 1;
    std::vector<std::uint8_t> numbers(lines * count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t bit = place(packing, firstNumber + i) * width - firstWord * wordBits;
        const std::uint32_t* word = stored.data() + bit / wordBits * nextWord;
        const std::size_t shift = bit % wordBits;
        std::uint8_t* out = numbers.data() + i * nextNumberOut;
        if (shift + width <= wordBits) {
            for (std::size_t line = 0; line < lines; ++line) {
                out[line * nextLineOut] = static_cast<std::uint8_t>(word[line * nextLine] >> shift & mask);
            }
            continue;
        }
        for (std::size_t line = 0; line < lines; ++line) {
            const std::uint32_t* low = word + line * nextLine;
            const std::uint32_t both = low[0] >> shift | low[nextWord] << (wordBits - shift);
            out[line * nextLineOut] = static_cast<std::uint8_t>(both & mask);
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
