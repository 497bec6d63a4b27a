// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/awq.h"
#include "codec/checked_size.h"
#include "codec/diagonal.h"
#include "codec/transform.h"

#include <cassert>
#include <cstdint>

namespace planish {
namespace {

class AwqTransform final : public Transform {
  public:
    std::size_t headerBytes(Shape shape) const override {
        return checkedMultiply(sizeof(std::uint16_t), shape.columns);
    }

    void forward(MutableMatrixView weights, const Format& format, const EncodeContext& context,
                 std::span<std::byte> header) const override {
        assert(context.inputs != nullptr);
        const Vector scales = awqScales(weights, format, *context.inputs, context);
        writeScales(scales, header);
        weights *= scales.asDiagonal();
    }

    InputStatistics transformed(const InputStatistics& inputs, std::span<const std::byte> header,
                                const EncodeContext&) const override {
        return scaledInputs(inputs, readScales(header).cwiseInverse());
    }

    void pullBack(std::span<const std::byte> header, MutableMatrixView slopes, Workers&) const override {
        slopes *= readScales(header).cwiseInverse().asDiagonal();
    }

    void inverse(std::span<const std::byte> header, Shape, std::size_t,
                 MutableMatrixView rows) const override {
        rows *= readScales(header).cwiseInverse().asDiagonal();
    }
};

} // namespace

std::shared_ptr<const Transform> makeAwqTransform() {
    return std::make_shared<const AwqTransform>();
}

} // namespace planish
