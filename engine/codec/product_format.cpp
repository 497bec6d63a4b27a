// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/product_format.h"

#include "codec/bit_stream.h"
#include "codec/checked_size.h"
#include "codec/input_statistics.h"
#include "codec/number.h"
#include "codec/split_mix.h"
#include "codec/value_kernels.h"
#include "codec/vector_quantizer.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <vector>

namespace planish {
namespace {

/// Every number as fp16 will hold it.
void roundToFp16(Matrix& codebook) {
    for (float& value : codebook.reshaped()) {
        value = fromFp16(toFp16(value));
    }
}

/// The codebooks of all stages and what every vector takes of them.
class Stages {
  public:
    Stages(const Matrix& vectors, const Matrix& costs, const ProductShape& product,
           const EncodeContext& context)
        : costs_(costs), context_(context), left_(vectors) {
        for (std::size_t stage = 0; stage < product.stages; ++stage) {
            codebooks_.push_back(trainCodebook({left_, costs_}, product.entries,
                                               splitMix(context.seed + stage), context.workers,
                                               context.monitor));
            roundToFp16(codebooks_.back());
            entries_.emplace_back(static_cast<std::size_t>(vectors.rows()));
            assign(stage);
            add(stage, -1);
        }
    }

    /// Each stage anew beside the others: entries, then means.
    void improve() {
        for (std::size_t stage = 0; stage < codebooks_.size(); ++stage) {
            add(stage, 1);
            assign(stage);
            moveToMeans({left_, costs_}, entries_[stage], codebooks_[stage], context_.monitor);
            roundToFp16(codebooks_[stage]);
            assign(stage);
            add(stage, -1);
        }
    }

    const std::vector<Matrix>& codebooks() const { return codebooks_; }
    std::span<const std::uint16_t> entries(std::size_t stage) const { return entries_[stage]; }

  private:
    void assign(std::size_t stage) {
        assignNearest({left_, costs_}, codebooks_[stage], entries_[stage], context_.workers,
                      context_.monitor);
    }

    void add(std::size_t stage, float sign) {
        constexpr std::size_t vectorsPerTask = 16384;
        const auto count = static_cast<std::size_t>(left_.rows());
        const auto body = [&](std::size_t task) {
            const std::size_t first = task * vectorsPerTask;
            for (std::size_t i = first; i < std::min(first + vectorsPerTask, count); ++i) {
                left_.row(static_cast<Eigen::Index>(i)) += sign * codebooks_[stage].row(entries_[stage][i]);
            }
        };
        context_.workers.forEach((count + vectorsPerTask - 1) / vectorsPerTask, body, context_.monitor);
    }

    const Matrix& costs_;
    const EncodeContext& context_;
    Matrix left_; ///< of the vectors, beyond the stages
    std::vector<Matrix> codebooks_;
    std::vector<std::vector<std::uint16_t>> entries_;
};

class ProductFormat final : public Format {
  public:
    explicit ProductFormat(const ProductShape& product)
        : product_(product), bits_(static_cast<int>(std::bit_width(product.entries)) - 1) {}

    bool isFloat() const override { return false; }

    std::size_t packedBytes(Shape shape) const override {
        return checkedAdd(
            product_.stages * codebookBytes(),
            checkedMultiply(shape.rows, checkedMultiply(product_.stages, streamBytes(shape.columns))));
    }

    void encode(MatrixView weights, const Rounding*, const EncodeContext& context,
                std::span<std::byte> out) const override {
        constexpr int rounds = 3;
        const Matrix vectors = vectorsOf(weights);
        const Matrix costs = costsOf(static_cast<std::size_t>(weights.cols()), context.inputs);
        Stages stages(vectors, costs, product_, context);
        for (int round = 0; round < rounds; ++round) {
            stages.improve();
        }
        for (std::size_t stage = 0; stage < product_.stages; ++stage) {
            writeCodebook(stages.codebooks()[stage], out.subspan(stage * codebookBytes(), codebookBytes()));
        }
        const auto columns = static_cast<std::size_t>(weights.cols());
        const std::size_t bytes = streamBytes(columns);
        std::size_t at = product_.stages * codebookBytes();
        for (std::size_t row = 0; row < static_cast<std::size_t>(weights.rows()); ++row) {
            for (std::size_t stage = 0; stage < product_.stages; ++stage, at += bytes) {
                packBits(stages.entries(stage).subspan(row * places(columns), places(columns)), bits_,
                         out.subspan(at, bytes));
            }
        }
    }

    void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const override {
        const std::size_t codebookEnd = product_.stages * codebookBytes();
        const std::vector<float> codebooks = readCodebooks(packed.first(codebookEnd));
        const std::size_t bytes = streamBytes(shape.columns);
        const std::size_t each = places(shape.columns);
        std::vector<std::uint16_t> entries(product_.stages * each);
        for (Eigen::Index row = 0; row < out.rows(); ++row) {
            const std::size_t first = (firstRow + static_cast<std::size_t>(row)) * product_.stages;
            for (std::size_t stage = 0; stage < product_.stages; ++stage) {
                unpackBits(packed.subspan(codebookEnd + (first + stage) * bytes, bytes), bits_,
                           std::span(entries).subspan(stage * each, each));
            }
            sumEntries(codebooks, entries, {out.row(row).data(), shape.columns});
        }
    }

  private:
    std::size_t places(std::size_t columns) const {
        return columns / product_.width + (columns % product_.width == 0 ? 0 : 1);
    }
    std::size_t codebookBytes() const { return product_.entries * product_.width * sizeof(std::uint16_t); }
    std::size_t streamBytes(std::size_t columns) const { return bitStreamBytes(places(columns), bits_); }

    /// [rows · places, width], padded with zeros.
    Matrix vectorsOf(MatrixView weights) const {
        const auto width = static_cast<Eigen::Index>(product_.width);
        const auto each = static_cast<Eigen::Index>(places(static_cast<std::size_t>(weights.cols())));
        Matrix vectors = Matrix::Zero(weights.rows() * each, width);
        for (Eigen::Index row = 0; row < weights.rows(); ++row) {
            std::copy_n(weights.row(row).data(), weights.cols(), vectors.row(row * each).data());
        }
        return vectors;
    }

    /// [places, width]: the importance of the columns, 0 for the padding.
    Matrix costsOf(std::size_t columns, const InputStatistics* inputs) const {
        const auto width = static_cast<Eigen::Index>(product_.width);
        Matrix costs = Matrix::Zero(static_cast<Eigen::Index>(places(columns)), width);
        const std::vector<float> importance =
            inputs != nullptr ? inputs->importance() : std::vector<float>(columns, 1.0F);
        std::copy(importance.begin(), importance.end(), costs.data());
        return costs;
    }

    static void writeCodebook(const Matrix& codebook, std::span<std::byte> out) {
        for (std::size_t i = 0; i < out.size() / sizeof(std::uint16_t); ++i) {
            const std::uint16_t half = toFp16(codebook.data()[i]);
            std::memcpy(out.data() + i * sizeof(half), &half, sizeof(half));
        }
    }

    /// Infinities and NaN of hostile bytes as the largest number and 0.
    static std::vector<float> readCodebooks(std::span<const std::byte> in) {
        std::vector<float> values(in.size() / sizeof(std::uint16_t));
        floatsFromFp16(in, values);
        for (float& value : values) {
            value = std::isnan(value) ? 0.0F : std::clamp(value, -largestFp16, largestFp16);
        }
        return values;
    }

    /// `entries` of a row, those of a stage after those of the stages before it.
    void sumEntries(std::span<const float> codebooks, std::span<const std::uint16_t> entries,
                    std::span<float> row) const {
        switch (product_.width) {
        case 2:
            return sumEntriesOf<2>(codebooks, entries, row);
        case 4:
            return sumEntriesOf<4>(codebooks, entries, row);
        case 8:
            return sumEntriesOf<8>(codebooks, entries, row);
        default:
            return sumEntriesOf<16>(codebooks, entries, row);
        }
    }

    template <std::size_t width>
    void sumEntriesOf(std::span<const float> codebooks, std::span<const std::uint16_t> entries,
                      std::span<float> row) const {
        const std::size_t each = entries.size() / product_.stages;
        const std::size_t whole = row.size() / width;
        for (std::size_t place = 0; place < whole; ++place) {
            const auto sum = sumOf<width>(codebooks, entries, each, place);
            std::memcpy(row.data() + place * width, sum.data(), sizeof(sum));
        }
        if (whole < each) {
            const auto sum = sumOf<width>(codebooks, entries, each, whole);
            std::copy_n(sum.data(), row.size() - whole * width, row.data() + whole * width);
        }
    }

    template <std::size_t width>
    std::array<float, width> sumOf(std::span<const float> codebooks, std::span<const std::uint16_t> entries,
                                   std::size_t each, std::size_t place) const {
        std::array<float, width> sum{};
        const auto add = [&](std::size_t stage) {
            const float* entry =
                codebooks.data() + (stage * product_.entries + entries[stage * each + place]) * width;
            for (std::size_t i = 0; i < width; ++i) {
                sum[i] += entry[i];
            }
        };
        add(0);
        for (std::size_t stage = 1; stage < product_.stages; ++stage) {
            add(stage);
        }
        return sum;
    }

    ProductShape product_;
    int bits_;
};

} // namespace

std::shared_ptr<const Format> makeProductFormat(const ProductShape& product) {
    return std::make_shared<const ProductFormat>(product);
}

} // namespace planish
