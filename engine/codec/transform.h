// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/input_statistics.h"

#include <cstddef>
#include <memory>
#include <span>

namespace planish {

/// The third choice of a codec: in which basis the tensor is stored. Transforms of the input dimension only,
/// so that a row decodes by itself. Immutable and thread-safe.
class Transform {
  public:
    Transform() = default;
    Transform(const Transform&) = delete;
    Transform& operator=(const Transform&) = delete;
    virtual ~Transform() = default;

    /// Bytes of what the inverse needs to know.
    virtual std::size_t headerBytes(Shape shape) const = 0;
    /// Writes the header and takes `weights` into the new basis. Throws Error when they are too large for it.
    virtual void forward(MutableMatrixView weights, const EncodeContext& context,
                         std::span<std::byte> header) const = 0;
    /// The statistics of the inputs in the basis forward() took the weights into: with w' = w A they are
    /// those of x' = A⁻¹ x, so that w' x' = w x.
    virtual InputStatistics transformed(const InputStatistics& inputs, std::span<const std::byte> header,
                                        const EncodeContext& context) const = 0;
    /// Takes rows back; any content of the header is valid.
    virtual void inverse(std::span<const std::byte> header, MutableMatrixView rows) const = 0;
};

/// Randomized Hadamard transform over blocks of the inputs, the largest power of two that divides their
/// number: w' = H S w ÷ √block, S random signs from the seed. It is orthonormal, so errors keep their size,
/// and makes weights nearly Gaussian. Header: the 8-byte seed. Tseng, Chee, Sun, Kuleshov, De Sa: QuIP#,
/// 2024, section 3.
std::shared_ptr<const Transform> makeHadamardTransform();

} // namespace planish
