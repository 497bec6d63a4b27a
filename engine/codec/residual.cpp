// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/correction.h"
#include "codec/row_blocks.h"
#include "codec/split_mix.h"

#include <algorithm>
#include <utility>

namespace planish {
namespace {

class Residual final : public Correction {
  public:
    explicit Residual(Codec codec) : codec_(std::move(codec)) {}

    std::size_t packedBytes(Shape shape) const override { return codec_.packedBytes(shape); }

    bool repairs() const override { return true; }

    void repair(MatrixView wanted, MatrixView stored, const EncodeContext& context,
                std::span<std::byte> section) const override {
        const Matrix missing = wanted - stored;
        // The second stage must not share the random signs of the first.
        const EncodeContext inner{context.workers, context.monitor, splitMix(context.seed), context.inputs,
                                  context.outputs};
        const PackedTensor packed = codec_.encode(missing, inner);
        std::copy(packed.bytes.begin(), packed.bytes.end(), section.begin());
    }

    void apply(std::span<const std::byte> section, Shape shape, std::size_t firstRow,
               MutableMatrixView rows) const override {
        const std::size_t together = codec_.rowsTogether(shape);
        const auto each =
            static_cast<Eigen::Index>((rowsPerTask(shape.columns) + together - 1) / together * together);
        Matrix missing;
        for (Eigen::Index first = 0; first < rows.rows(); first += each) {
            missing.resize(std::min(each, rows.rows() - first), rows.cols());
            codec_.decodeRows(section, shape, firstRow + static_cast<std::size_t>(first), missing);
            rows.middleRows(first, missing.rows()) += missing;
        }
    }

  private:
    Codec codec_;
};

} // namespace

std::shared_ptr<const Correction> makeResidual(Codec codec) {
    return std::make_shared<const Residual>(std::move(codec));
}

} // namespace planish
