// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/stored_tensor.h"
#include "support/matrix.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace planish {

/// Rows [firstRow, firstRow + rows) × columns [firstColumn, firstColumn + columns) of a matrix.
struct MatrixBlock {
    std::size_t firstRow = 0;
    std::size_t rows = 0;
    std::size_t firstColumn = 0;
    std::size_t columns = 0;
};

/// 32-bit words that hold `count` numbers of `bits` bits.
std::size_t integerWords(std::size_t count, int bits);

/// A matrix of whole numbers of 2 to 8 bits in a file, as quantized checkpoints store it: in 32-bit words,
/// little-endian, [rows, words] or [words, columns]. The numbers of a row (or column) are one bit stream:
/// number i has bits [i·B, (i+1)·B), counted from the lowest bit of the first word.
/// Sources: AutoGPTQ and GPTQModel (qweight, qzeros), compressed-tensors (weight_packed), AutoAWQ (GEMM).
struct IntegerMatrix {
    enum class Packing {
        alongRows,
        alongColumns,
        interleaved, ///< along rows, 4 bits: columns 0, 2, 4, 6, 1, 3, 5, 7 of each 8, from the lowest bits
                     ///< up
    };

    FileRange words; ///< of wordShape()
    Shape shape;     ///< of the numbers
    int bits = 4;
    Packing packing = Packing::alongRows;

    /// Of the words in the file.
    Shape wordShape() const;
    /// The numbers of a block, which is within the shape, row by row. Throws Error when the file has become
    /// shorter.
    std::vector<std::uint8_t> read(const MatrixBlock& block) const;
};

/// A matrix of floats in a file, row by row.
struct FloatMatrix {
    FileRange values;
    Shape shape;
    Codec type; ///< fp16, bf16 or fp32

    /// The same as of whole numbers.
    Matrix read(const MatrixBlock& block) const;
};

} // namespace planish
