// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"
#include "codec/input_statistics.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace planish {

/// The third choice of a codec: in which basis the tensor is stored. Most transform the input dimension only,
/// so that a row decodes by itself. Immutable and thread-safe.
class Transform {
  public:
    Transform() = default;
    Transform(const Transform&) = delete;
    Transform& operator=(const Transform&) = delete;
    virtual ~Transform() = default;

    /// Bytes of what the inverse needs to know.
    virtual std::size_t headerBytes(Shape shape) const = 0;
    /// Writes the header and takes `weights` into the new basis, in which `format` will store them. Throws
    /// Error when they are too large for it.
    virtual void forward(MutableMatrixView weights, const Format& format, const EncodeContext& context,
                         std::span<std::byte> header) const = 0;
    /// The statistics of the inputs in the basis forward() took the weights into: with w' = w A they are
    /// those of x' = A⁻¹ x, so that w' x' = w x.
    virtual InputStatistics transformed(const InputStatistics& inputs, std::span<const std::byte> header,
                                        const EncodeContext& context) const = 0;
    /// The second moment of the gradients by the outputs, in the basis forward() took the weights into: with
    /// w' = B w they are g' = B⁻ᵀ g.
    virtual Matrix transformedOutputs(const Matrix& moment,
                                      [[maybe_unused]] std::span<const std::byte> header,
                                      [[maybe_unused]] const EncodeContext& context) const {
        return moment;
    }
    /// Takes the derivatives of something by the weights that inverse() gives, of the whole tensor, to those
    /// by the weights it is given.
    virtual void pullBack(std::span<const std::byte> header, MutableMatrixView slopes,
                          Workers& workers) const = 0;
    /// How many rows can only be taken back together; it divides the rows of the tensor.
    virtual std::size_t rowsTogether([[maybe_unused]] Shape shape) const { return 1; }
    /// Takes rows of a tensor of this shape back that start at `firstRow`, which and whose number are
    /// multiples of rowsTogether(); any content of the header is valid.
    virtual void inverse(std::span<const std::byte> header, Shape shape, std::size_t firstRow,
                         MutableMatrixView rows) const = 0;
};

/// Throws Error for weights beyond 1e25: far beyond any model, and small enough that no transform overflows,
/// forward or back. `stage` names it.
void checkTransformable(MatrixView weights, std::string_view stage);

/// Randomized Hadamard transform over blocks of the inputs, the largest power of two that divides their
/// number: w' = H S w ÷ √block, S random signs from the seed. It is orthonormal, so errors keep their size,
/// and makes weights nearly Gaussian. With `bothSides` the outputs are transformed likewise, in blocks of the
/// largest power of two that divides their number, up to 128: rows of a block have weights of one size then.
/// Header: the 8-byte seed. Tseng, Chee, Sun, Kuleshov, De Sa: QuIP#, 2024, section 3.
std::shared_ptr<const Transform> makeHadamardTransform(bool bothSides);

/// Activation-aware scales: w' = w·s, a scale for every input column, s = E|x|^α over √(greatest · least), so
/// that columns with large inputs are stored more finely. α = 0, 0.05, … 1 is the one of the least output
/// error tr(E H Eᵀ) when up to 128 evenly spaced rows are stored by the format with its nearest rounding.
/// Columns without input keep 1. Needs statistics of the inputs. Header: the scales, fp16, [columns].
/// Lin, Tang, Tang, Yang, Chen, Wang, Xiao, Dang, Gan, Han: AWQ, 2023, section 3.
std::shared_ptr<const Transform> makeAwqTransform();

/// Two scales a weight: w' = w ÷ (t·s), t of its row and s of its column, such that all rows and columns have
/// about the same standard deviation. Rows and columns are divided by theirs in turn, in logarithms, a factor
/// between ½ and 2 a time; the imbalance is the greatest over the least standard deviation of all rows and
/// columns. It ends when the imbalance stops falling, at most 32 times, and the scales of the least
/// imbalance are taken. Header: the scales of the columns, then of the rows, fp16.
/// The transformed statistics are those of x' = x·s; outputs of a row are then smaller by its t.
/// Müller et al.: SINQ, arXiv 2509.22944, 2025.
std::shared_ptr<const Transform> makeSinqTransform();

} // namespace planish
