// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/float_format.h"

#include "codec/checked_size.h"
#include "codec/number.h"
#include "codec/row_blocks.h"
#include "codec/value_kernels.h"

#include <cassert>
#include <cstring>

namespace planish {
namespace {

template <typename Stored, typename Convert>
void writeRow(const float* weights, std::size_t columns, std::byte* out, Convert convert) {
    for (std::size_t i = 0; i < columns; ++i) {
        const Stored number = convert(weights[i]);
        std::memcpy(out + i * sizeof(Stored), &number, sizeof(Stored));
    }
}

template <typename Stored, typename Convert>
void readRow(const std::byte* in, std::size_t columns, float* out, Convert convert) {
    for (std::size_t i = 0; i < columns; ++i) {
        Stored number{};
        std::memcpy(&number, in + i * sizeof(Stored), sizeof(Stored));
        out[i] = convert(number);
    }
}

class FloatFormat final : public Format {
  public:
    explicit FloatFormat(FloatType type) : type_(type) {}

    bool isFloat() const override { return true; }

    std::size_t packedBytes(Shape shape) const override {
        return checkedMultiply(shape.rows, rowBytes(shape.columns));
    }

    void encode(MatrixView weights, [[maybe_unused]] const Rounding* rounding, const EncodeContext& context,
                std::span<std::byte> out) const override {
        assert(rounding == nullptr);
        const auto columns = static_cast<std::size_t>(weights.cols());
        forEachRow(weights, context.workers, context.monitor, [&](std::size_t row) {
            const float* in = weights.row(static_cast<Eigen::Index>(row)).data();
            std::byte* packed = out.data() + row * rowBytes(columns);
            switch (type_) {
            case FloatType::fp32:
                std::memcpy(packed, in, columns * sizeof(float));
                break;
            case FloatType::bf16:
                writeRow<std::uint16_t>(in, columns, packed, toBf16);
                break;
            case FloatType::fp16:
                writeRow<std::uint16_t>(in, columns, packed, toFp16);
                break;
            }
        });
    }

    void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const override {
        for (Eigen::Index row = 0; row < out.rows(); ++row) {
            const std::size_t at = (firstRow + static_cast<std::size_t>(row)) * rowBytes(shape.columns);
            const std::byte* in = packed.subspan(at, rowBytes(shape.columns)).data();
            float* values = out.row(row).data();
            switch (type_) {
            case FloatType::fp32:
                std::memcpy(values, in, shape.columns * sizeof(float));
                break;
            case FloatType::bf16:
                readRow<std::uint16_t>(in, shape.columns, values, fromBf16);
                break;
            case FloatType::fp16:
                floatsFromFp16(packed.subspan(at, rowBytes(shape.columns)), {values, shape.columns});
                break;
            }
        }
    }

  private:
    std::size_t rowBytes(std::size_t columns) const {
        return checkedMultiply(columns, type_ == FloatType::fp32 ? sizeof(float) : sizeof(std::uint16_t));
    }

    FloatType type_;
};

} // namespace

std::shared_ptr<const Format> makeFloatFormat(FloatType type) {
    return std::make_shared<const FloatFormat>(type);
}

} // namespace planish
