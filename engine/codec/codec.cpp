// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"

#include "codec/checked_size.h"
#include "codec/codec_string.h"
#include "codec/codec_table.h"
#include "codec/encode_kernels.h"
#include "codec/input_statistics.h"
#include "codec/row_blocks.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

namespace planish {
namespace {

Shape shapeOf(MatrixView matrix) {
    return {static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())};
}

void checkNotEmpty(Shape shape) {
    if (shape.rows == 0 || shape.columns == 0) {
        throw Error("a tensor without weights cannot be stored");
    }
}

/// Throws for the first weight that is NaN or infinite.
void checkFinite(MatrixView weights, const EncodeContext& context) {
    std::atomic<bool> finite = true;
    forEachRowBlock(shapeOf(weights), context.workers, context.monitor,
                    [&](std::size_t first, std::size_t count) {
                        for (std::size_t row = first; row < first + count; ++row) {
                            const auto values = weights.row(static_cast<Eigen::Index>(row));
                            if (!allFinite({values.data(), static_cast<std::size_t>(values.size())})) {
                                finite = false;
                            }
                        }
                    });
    for (Eigen::Index i = 0; !finite && i < weights.size(); ++i) {
        const Eigen::Index row = i / weights.cols();
        const Eigen::Index column = i % weights.cols();
        if (const float weight = weights(row, column); !std::isfinite(weight)) {
            throw Error(
                fmt::format("the weight at row {}, column {} (counted from 0) is {}: only finite weights "
                            "can be stored",
                            row, column, std::isnan(weight) ? "NaN" : "infinite"));
        }
    }
}

} // namespace

/// The four choices put together. Packed bytes: the transform's header, the format's bytes, then a section a
/// correction in their order.
class Codec::Pipeline {
  public:
    explicit Pipeline(const CodecSpec& spec)
        : name_(printCodecString(spec)),
          format_(spec.format.entry->make(spec.format)),
          calibration_(spec.format.entry->member.calibration),
          statistics_(calibration_) {
        for (const StageSpec& stage : spec.stages) {
            calibration_ = std::max(calibration_, stage.entry->member.calibration);
            demands_ = demands_ | demandsOf(stage);
            if (!demandsOf(stage).training()) {
                statistics_ = std::max(statistics_, stage.entry->member.calibration);
            }
            if (const auto* makeOne = std::get_if<MakeRounding>(&stage.entry->make)) {
                rounding_ = (*makeOne)(stage);
            } else if (const auto* makeTransform = std::get_if<MakeTransform>(&stage.entry->make)) {
                transform_ = (*makeTransform)(stage);
            } else {
                const auto nested =
                    stage.codec ? std::make_shared<const Codec>(fromSpec(*stage.codec)) : nullptr;
                if (nested) {
                    calibration_ = std::max(calibration_, nested->calibration());
                    statistics_ = std::max(statistics_, nested->calibration());
                    demands_ = demands_ | nested->demands();
                }
                if (auto correction = std::get<MakeCorrection>(stage.entry->make)(stage, nested)) {
                    corrections_.push_back(std::move(correction));
                }
            }
        }
    }

    static Codec fromSpec(const CodecSpec& spec) { return Codec(std::make_shared<const Pipeline>(spec)); }

    const std::string& name() const { return name_; }
    CalibrationUse calibration() const { return calibration_; }
    bool isFloat() const { return format_->isFloat(); }
    CodecDemands demands() const { return demands_; }

    std::size_t packedBytes(Shape shape) const {
        checkNotEmpty(shape);
        std::size_t bytes = checkedAdd(headerBytes(shape), format_->packedBytes(shape));
        for (const auto& correction : corrections_) {
            bytes = checkedAdd(bytes, correction->packedBytes(shape));
        }
        return bytes;
    }

    PackedTensor encode(MatrixView weights, const EncodeContext& outer) const {
        const Shape shape = shapeOf(weights);
        PackedTensor packed{shape, std::vector<std::byte>(packedBytes(shape))};
        checkFinite(weights, outer);
        if (statistics_ == CalibrationUse::required && outer.inputs == nullptr) {
            throw Error(fmt::format("{} needs statistics of the tensor's inputs, and there are none", name_));
        }
        const std::span<std::byte> bytes(packed.bytes);
        const std::size_t header = headerBytes(shape);
        const std::size_t body = format_->packedBytes(shape);
        if (!transform_ && corrections_.empty()) {
            format_->encode(weights, rounding_.get(), outer, bytes);
            return packed;
        }
        Matrix wanted = weights;
        EncodeContext context = outer;
        std::optional<InputStatistics> inputs;
        Matrix outputs;
        if (transform_) {
            transform_->forward(wanted, *format_, outer, bytes.first(header));
            if (outer.inputs != nullptr) {
                inputs = transform_->transformed(*outer.inputs, bytes.first(header), outer);
                context.inputs = &*inputs;
            }
            if (outer.outputs != nullptr) {
                outputs = transform_->transformedOutputs(*outer.outputs, bytes.first(header), outer);
                context.outputs = &outputs;
            }
        }
        Matrix rounded = wanted;
        forEachSection(shape,
                       [&](const Correction& correction, std::size_t, std::size_t at, std::size_t size) {
                           correction.takeOut(rounded, context, bytes.subspan(at, size));
                       });
        format_->encode(rounded, rounding_.get(), context, bytes.subspan(header, body));
        forEachSection(shape, [&](const Correction& correction, std::size_t index, std::size_t at,
                                  std::size_t size) {
            correction.refit(
                *format_, wanted,
                [&](std::size_t first, MutableMatrixView rows) { correct(bytes, shape, first, rows, index); },
                context, bytes.subspan(header, body));
            if (correction.repairs()) {
                forEachRowBlock(shape, context.workers, context.monitor,
                                [&](std::size_t first, std::size_t count) {
                                    decodeStored(bytes, shape, first, rowsOf(rounded, first, count), index);
                                });
                correction.repair(wanted, rounded, context, bytes.subspan(at, size));
            }
        });
        return packed;
    }

    std::size_t rowsTogether(Shape shape) const {
        return std::max(format_->rowsTogether(shape), transform_ ? transform_->rowsTogether(shape) : 1);
    }

    void decodeRows(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const {
        const std::size_t together = transform_ ? transform_->rowsTogether(shape) : 1;
        const auto rows = static_cast<std::size_t>(out.rows());
        if (firstRow % together == 0 && rows % together == 0) {
            decodeWhole(bytes, shape, firstRow, out);
            return;
        }
        const std::size_t begin = firstRow / together * together;
        const std::size_t end = (firstRow + rows + together - 1) / together * together;
        Matrix covering(static_cast<Eigen::Index>(end - begin), out.cols());
        decodeWhole(bytes, shape, begin, covering);
        out = covering.middleRows(static_cast<Eigen::Index>(firstRow - begin), out.rows());
    }

    Shape coordinateShape(Shape shape) const { return format_->coordinateShape(shape); }

    Matrix coordinates(const PackedTensor& packed, Workers& workers) const {
        const Shape shape = format_->coordinateShape(packed.shape);
        Matrix coordinates(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
        format_->readCoordinates(bodyOf(std::span(packed.bytes), packed.shape), packed.shape, workers,
                                 coordinates);
        return coordinates;
    }

    Matrix coordinateSlopes(const PackedTensor& packed, Matrix slopes, Workers& workers) const {
        const std::span<const std::byte> bytes(packed.bytes);
        if (transform_) {
            transform_->pullBack(bytes.first(headerBytes(packed.shape)), slopes, workers);
        }
        if (!corrections_.empty()) {
            keepFree(bytes, packed.shape, slopes, workers);
        }
        const Shape shape = format_->coordinateShape(packed.shape);
        Matrix result(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
        format_->coordinateSlopes(bodyOf(bytes, packed.shape), slopes, workers, result);
        return result;
    }

    void writeCoordinates(Matrix& coordinates, PackedTensor& packed, Workers& workers) const {
        format_->writeCoordinates(coordinates, packed.shape, workers,
                                  bodyOf(std::span(packed.bytes), packed.shape));
    }

    static Eigen::Block<Matrix> rowsOf(Matrix& matrix, std::size_t first, std::size_t count) {
        return matrix.block(static_cast<Eigen::Index>(first), 0, static_cast<Eigen::Index>(count),
                            matrix.cols());
    }

  private:
    std::size_t headerBytes(Shape shape) const { return transform_ ? transform_->headerBytes(shape) : 0; }

    /// The format's own bytes.
    template <typename Byte>
    std::span<Byte> bodyOf(std::span<Byte> bytes, Shape shape) const {
        return bytes.subspan(headerBytes(shape), format_->packedBytes(shape));
    }

    /// Makes 0 of what does not depend on the format's values, as corrections decide it.
    void keepFree(std::span<const std::byte> bytes, Shape shape, Matrix& slopes, Workers& workers) const {
        forEachRowBlock(shape, workers, SilentMonitor(), [&](std::size_t first, std::size_t count) {
            auto rows = rowsOf(slopes, first, count);
            Matrix ones = Matrix::Ones(rows.rows(), rows.cols());
            Matrix zeros = Matrix::Zero(rows.rows(), rows.cols());
            correct(bytes, shape, first, ones, corrections_.size());
            correct(bytes, shape, first, zeros, corrections_.size());
            rows.array() *= (ones - zeros).array();
        });
    }

    /// Calls body(correction, index, position, size) for the section of every correction.
    template <typename Body>
    void forEachSection(Shape shape, const Body& body) const {
        std::size_t at = headerBytes(shape) + format_->packedBytes(shape);
        for (std::size_t i = 0; i < corrections_.size(); ++i) {
            const std::size_t size = corrections_[i]->packedBytes(shape);
            body(*corrections_[i], i, at, size);
            at += size;
        }
    }

    /// Rows that the transform can take back.
    void decodeWhole(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow,
                     MutableMatrixView out) const {
        decodeStored(bytes, shape, firstRow, out, corrections_.size());
        if (transform_) {
            transform_->inverse(bytes.first(headerBytes(shape)), shape, firstRow, out);
        }
    }

    /// Rows in the stored basis, with the first `corrections` corrections applied.
    void decodeStored(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow,
                      MutableMatrixView out, std::size_t corrections) const {
        format_->decodeRows(bodyOf(bytes, shape), shape, firstRow, out);
        correct(bytes, shape, firstRow, out, corrections);
    }

    /// Applies the first `corrections` corrections.
    void correct(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow, MutableMatrixView out,
                 std::size_t corrections) const {
        forEachSection(
            shape, [&](const Correction& correction, std::size_t index, std::size_t at, std::size_t size) {
                if (index < corrections) {
                    correction.apply(bytes.subspan(at, size), shape, firstRow, out);
                }
            });
    }

    std::string name_;
    std::shared_ptr<const Format> format_;
    std::shared_ptr<const Rounding> rounding_;
    std::shared_ptr<const Transform> transform_;
    std::vector<std::shared_ptr<const Correction>> corrections_;
    CalibrationUse calibration_ = CalibrationUse::none; ///< of the tensor, on its way to being encoded
    CalibrationUse statistics_ = CalibrationUse::none;  ///< of the encoding alone
    CodecDemands demands_;
};

Codec::Codec(std::shared_ptr<const Pipeline> pipeline) : pipeline_(std::move(pipeline)) {}

Codec Codec::parse(std::string_view text) {
    return Pipeline::fromSpec(parseCodecString(text));
}

const std::string& Codec::name() const {
    return pipeline_->name();
}

CalibrationUse Codec::calibration() const {
    return pipeline_->calibration();
}

CodecDemands Codec::demands() const {
    return pipeline_->demands();
}

bool Codec::isFloat() const {
    return pipeline_->isFloat();
}

std::size_t Codec::rowsTogether(Shape shape) const {
    return pipeline_->rowsTogether(shape);
}

std::size_t Codec::packedBytes(Shape shape) const {
    return pipeline_->packedBytes(shape);
}

PackedTensor Codec::encode(MatrixView weights, const EncodeContext& context) const {
    return pipeline_->encode(weights, context);
}

Matrix Codec::decode(const PackedTensor& packed, Workers& workers) const {
    checkSize(packed.bytes, packed.shape);
    Matrix out(static_cast<Eigen::Index>(packed.shape.rows), static_cast<Eigen::Index>(packed.shape.columns));
    forEachRowBlock(
        packed.shape, workers, SilentMonitor(),
        [&](std::size_t first, std::size_t count) {
            pipeline_->decodeRows(packed.bytes, packed.shape, first, Pipeline::rowsOf(out, first, count));
        },
        rowsTogether(packed.shape));
    return out;
}

Shape Codec::coordinateShape(Shape shape) const {
    return pipeline_->coordinateShape(shape);
}

Matrix Codec::coordinates(const PackedTensor& packed, Workers& workers) const {
    checkSize(packed.bytes, packed.shape);
    return pipeline_->coordinates(packed, workers);
}

Matrix Codec::coordinateSlopes(const PackedTensor& packed, Matrix slopes, Workers& workers) const {
    checkSize(packed.bytes, packed.shape);
    return pipeline_->coordinateSlopes(packed, std::move(slopes), workers);
}

void Codec::writeCoordinates(Matrix& coordinates, PackedTensor& packed, Workers& workers) const {
    checkSize(packed.bytes, packed.shape);
    pipeline_->writeCoordinates(coordinates, packed, workers);
}

void Codec::decodeRows(const PackedTensor& packed, std::size_t firstRow, MutableMatrixView out) const {
    decodeRows(packed.bytes, packed.shape, firstRow, out);
}

void Codec::decodeRows(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow,
                       MutableMatrixView out) const {
    checkSize(bytes, shape);
    const auto rows = static_cast<std::size_t>(out.rows());
    if (static_cast<std::size_t>(out.cols()) != shape.columns || firstRow > shape.rows ||
        rows > shape.rows - firstRow) {
        throw Error(fmt::format("rows {} to {} of {} columns asked of a tensor of {} × {}", firstRow,
                                firstRow + rows, out.cols(), shape.rows, shape.columns));
    }
    pipeline_->decodeRows(bytes, shape, firstRow, out);
}

void Codec::checkSize(std::span<const std::byte> bytes, Shape shape) const {
    std::size_t expected = 0;
    try {
        expected = packedBytes(shape);
    } catch (const Error& error) {
        throw InputError("packed tensor", "shape", "one that can be stored", error.what());
    }
    if (bytes.size() != expected) {
        throw InputError(
            "packed tensor", "size",
            fmt::format("{} bytes for {} × {} weights in {}", expected, shape.rows, shape.columns, name()),
            fmt::format("{} bytes", bytes.size()));
    }
}

} // namespace planish
