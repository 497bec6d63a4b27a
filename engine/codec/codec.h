// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/registry.h"
#include "support/matrix.h"
#include "support/workers.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace planish {

/// One tensor as its codec wrote it. The shape and the codec string travel beside the bytes (in the recipe
/// and the tensor list); everything else needed to decode is in the bytes.
struct PackedTensor {
    Shape shape;
    std::vector<std::byte> bytes;

    /// Measured bits per weight: bytes × 8 ÷ weights.
    double bitsPerWeight() const {
        return 8.0 * static_cast<double>(bytes.size()) / static_cast<double>(shape.count());
    }
};

struct InputStatistics;

/// What a codec asks of what is around its tensor, beside statistics of the inputs.
struct CodecDemands {
    bool crossMoment = false;  ///< statistics with InputStatistics::crossMoment
    bool scaledInputs = false; ///< scales of the inputs, kept by the norm that produces them (see awqScales)
    bool fittedNorm = false;   ///< the gain of that norm fitted to the outputs of the unquantized model
    bool trained = false;      ///< weights trained until they are rounded
    bool recovered = false;    ///< coordinates, and what is in floats, trained once this is rounded
    bool relatedRows = false;  ///< EncodeContext::outputs, where there are some

    /// Whether packing a model with this takes a training (experiment/trained_quantization.h).
    bool training() const { return trained || recovered; }
    CodecDemands operator|(const CodecDemands& other) const {
        return {crossMoment || other.crossMoment, scaledInputs || other.scaledInputs,
                fittedNorm || other.fittedNorm,   trained || other.trained,
                recovered || other.recovered,     relatedRows || other.relatedRows};
    }
};

/// What an encoder may use besides the weights.
struct EncodeContext {
    Workers& workers;
    JobMonitor& monitor;
    std::uint64_t seed = 0; ///< of random transforms; stored in the packed bytes where decoding needs it
    const InputStatistics* inputs = nullptr; ///< of this tensor, in the basis of the weights; null without
    /// E[∂L/∂y ∂L/∂yᵀ] of its outputs y [rows, rows], in the basis of the weights; null where errors of
    /// outputs count as unrelated.
    const Matrix* outputs = nullptr;
};

/// How one tensor is stored and how its values are chosen: a format, a rounding, a transform and corrections
/// (see codec/registry.h). A value: cheap to copy, immutable, thread-safe.
class Codec {
  public:
    /// Parses a codec string (or an alias such as "int4_opt_v1"). Throws InputError naming the word, its
    /// position in the string, and the nearest valid words.
    static Codec parse(std::string_view text);

    /// The canonical codec string: parse(name()).name() == name().
    const std::string& name() const;
    /// What statistics of its inputs are to the encoding of a tensor.
    CalibrationUse calibration() const;
    /// The codec with nearest rounding instead of its own: its packed bytes are read the same way. Empty when
    /// it has no rounding of its own.
    std::optional<Codec> withNearestRounding() const;
    /// The codec without the training it asks for: its packed bytes are read the same way.
    Codec withoutTraining() const;
    /// What it asks of what is around the tensor.
    CodecDemands demands() const;
    /// The codec that keeps its scales of the inputs itself, for tensors whose inputs nothing can scale.
    Codec withOwnScales() const;
    /// Whether the codec is a plain float format, the only kind that may store norms and biases.
    bool isFloat() const;
    /// How many rows are quickest decoded together, from a multiple of as many on; a power of two.
    std::size_t rowsTogether(Shape shape) const;
    /// Bytes that encode() will write for this shape; exact for every format whose size does not depend on
    /// the values.
    std::size_t packedBytes(Shape shape) const;

    /// Encodes finite weights [rows, columns]; rows run in parallel; the same bytes for every thread count.
    /// Throws Error when it requires statistics and there are none, when a weight is NaN or infinite, naming
    /// its row and column, and Cancelled.
    PackedTensor encode(MatrixView weights, const EncodeContext& context) const;
    /// The whole tensor, rows in parallel. Throws InputError when the bytes do not fit the shape: packed
    /// bytes may come from a hostile file.
    Matrix decode(const PackedTensor& packed, Workers& workers) const;
    /// See Format::coordinateShape.
    Shape coordinateShape(Shape shape) const;
    /// The coordinates of a packed tensor, of that shape; empty for formats without.
    Matrix coordinates(const PackedTensor& packed, Workers& workers) const;
    /// The derivatives by its coordinates of something of which `slopes` are those by its weights.
    Matrix coordinateSlopes(const PackedTensor& packed, Matrix slopes, Workers& workers) const;
    /// Packs the nearest coordinates that can be stored and leaves all codes as they are (see
    /// Format::writeCoordinates).
    void writeCoordinates(Matrix& coordinates, PackedTensor& packed, Workers& workers) const;
    /// Rows [firstRow, firstRow + out.rows()) only, on the calling thread.
    void decodeRows(const PackedTensor& packed, std::size_t firstRow, MutableMatrixView out) const;
    /// The same from bytes that lie elsewhere, such as within a larger packed tensor.
    void decodeRows(std::span<const std::byte> bytes, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const;

  private:
    class Pipeline;
    explicit Codec(std::shared_ptr<const Pipeline> pipeline);
    void checkSize(std::span<const std::byte> bytes, Shape shape) const;
    std::shared_ptr<const Pipeline> pipeline_;
};

/// The error of a stored tensor: relative squared error ‖W−Ŵ‖² ÷ ‖W‖² (0 for an all-zero tensor stored
/// exactly).
struct StorageError {
    double relative = 0;
    /// 10·log10(‖W‖² ÷ ‖W−Ŵ‖²); infinite when exact.
    double sqnrDecibel = 0;
};
StorageError storageError(MatrixView original, MatrixView stored);
/// The same of a packed tensor, decoded some rows at a time.
StorageError storageError(MatrixView original, const Codec& codec, const PackedTensor& packed,
                          Workers& workers);

} // namespace planish
