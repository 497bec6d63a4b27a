// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/checked_size.h"
#include "codec/diagonal.h"
#include "codec/row_blocks.h"
#include "codec/transform.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

namespace planish {
namespace {

using DoubleVector = Eigen::VectorXd;

/// The matrix as its scales leave it, w ÷ (t·s), scales in logarithms.
class ScaledMatrix {
  public:
    ScaledMatrix(MatrixView weights, const EncodeContext& context)
        : rows(DoubleVector::Zero(weights.rows())),
          columns(DoubleVector::Zero(weights.cols())),
          weights_(weights),
          context_(context) {}

    /// The standard deviation within every row.
    DoubleVector rowDeviations() const {
        const Eigen::ArrayXd factors = (-columns.array()).exp();
        DoubleVector deviations(weights_.rows());
        forEachRow(weights_, context_.workers, context_.monitor, [&](std::size_t index) {
            const auto row = static_cast<Eigen::Index>(index);
            const Eigen::ArrayXd values = weights_.row(row).transpose().array().cast<double>() * factors;
            deviations[row] = std::exp(-rows[row]) * std::sqrt((values - values.mean()).square().mean());
        });
        return deviations;
    }

    /// The standard deviation within every column.
    DoubleVector columnDeviations() const {
        constexpr Eigen::Index band = 64;
        const Eigen::ArrayXd factors = (-rows.array()).exp();
        DoubleVector deviations(weights_.cols());
        const auto bands = static_cast<std::size_t>((weights_.cols() + band - 1) / band);
        const auto deviate = [&](std::size_t index) {
            const Eigen::Index first = static_cast<Eigen::Index>(index) * band;
            const Eigen::Index count = std::min(band, weights_.cols() - first);
            Eigen::ArrayXd sums = Eigen::ArrayXd::Zero(count);
            Eigen::ArrayXd squares = Eigen::ArrayXd::Zero(count);
            for (Eigen::Index row = 0; row < weights_.rows(); ++row) {
                const Eigen::ArrayXd values =
                    weights_.row(row).segment(first, count).transpose().array().cast<double>() * factors[row];
                sums += values;
                squares += values.square();
            }
            const auto total = static_cast<double>(weights_.rows());
            const Eigen::ArrayXd variances = squares / total - (sums / total).square();
            deviations.segment(first, count) = variances.max(0.0).sqrt().matrix();
        };
        context_.workers.forEach(bands, deviate, context_.monitor);
        return (deviations.array() * (-columns.array()).exp()).matrix();
    }

    DoubleVector rows;    ///< log t
    DoubleVector columns; ///< log s

  private:
    MatrixView weights_;
    const EncodeContext& context_;
};

/// Moves the scales towards equal deviations, which it updates by what the move does to them.
void balance(DoubleVector& logarithms, DoubleVector& deviations) {
    const double largestMove = std::log(2.0);
    double sum = 0;
    double count = 0;
    for (const double deviation : deviations) {
        if (deviation > 0) {
            sum += std::log(deviation);
            count += 1;
        }
    }
    for (Eigen::Index i = 0; i < deviations.size(); ++i) {
        if (deviations[i] > 0) {
            const double move = std::clamp(std::log(deviations[i]) - sum / count, -largestMove, largestMove);
            logarithms[i] += move;
            deviations[i] *= std::exp(-move);
        }
    }
}

/// The greatest over the least deviation; constant rows and columns have none.
double imbalance(const DoubleVector& rows, const DoubleVector& columns) {
    double least = std::numeric_limits<double>::infinity();
    double greatest = 0;
    for (const DoubleVector* deviations : {&rows, &columns}) {
        for (const double deviation : *deviations) {
            if (deviation > 0) {
                least = std::min(least, deviation);
                greatest = std::max(greatest, deviation);
            }
        }
    }
    return greatest > 0 ? greatest / least : 1;
}

struct Scales {
    Vector rows;
    Vector columns;
};

Scales balancedScales(MatrixView weights, const EncodeContext& context) {
    constexpr int iterations = 32;
    ScaledMatrix scaled(weights, context);
    DoubleVector columnDeviations = scaled.columnDeviations();
    DoubleVector rows = scaled.rows;
    DoubleVector columns = scaled.columns;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= iterations; ++i) {
        DoubleVector rowDeviations = scaled.rowDeviations();
        const double found = imbalance(rowDeviations, columnDeviations);
        if (!(found < least)) {
            break;
        }
        least = found;
        rows = scaled.rows;
        columns = scaled.columns;
        balance(scaled.rows, rowDeviations);
        columnDeviations = scaled.columnDeviations();
        balance(scaled.columns, columnDeviations);
    }
    return {storableScales(rows.array().exp()), storableScales(columns.array().exp())};
}

class SinqTransform final : public Transform {
  public:
    std::size_t headerBytes(Shape shape) const override {
        return checkedMultiply(sizeof(std::uint16_t), checkedAdd(shape.columns, shape.rows));
    }

    void forward(MutableMatrixView weights, const Format&, const EncodeContext& context,
                 std::span<std::byte> header) const override {
        checkTransformable(weights, "+sinq");
        const Scales scales = balancedScales(weights, context);
        const std::size_t columnBytes = columnHeaderBytes(weights.cols());
        writeScales(scales.columns, header.first(columnBytes));
        writeScales(scales.rows, header.subspan(columnBytes));
        weights =
            scales.rows.cwiseInverse().asDiagonal() * weights * scales.columns.cwiseInverse().asDiagonal();
    }

    InputStatistics transformed(const InputStatistics& inputs, std::span<const std::byte> header,
                                const EncodeContext&) const override {
        return scaledInputs(inputs, readScales(header.first(columnHeaderBytes(inputs.hessian.cols()))));
    }

    Matrix transformedOutputs(const Matrix& moment, std::span<const std::byte> header,
                              const EncodeContext&) const override {
        const Vector scales =
            readScales(header.last(static_cast<std::size_t>(moment.rows()) * sizeof(std::uint16_t)));
        return scales.asDiagonal() * moment * scales.asDiagonal();
    }

    /// A diagonal is its own transpose.
    void pullBack(std::span<const std::byte> header, MutableMatrixView slopes, Workers&) const override {
        const auto rows = static_cast<std::size_t>(slopes.rows());
        inverse(header, {rows, static_cast<std::size_t>(slopes.cols())}, 0, slopes);
    }

    void inverse(std::span<const std::byte> header, Shape, std::size_t firstRow,
                 MutableMatrixView rows) const override {
        const std::size_t columnBytes = columnHeaderBytes(rows.cols());
        const auto ofRows = header.subspan(columnBytes + firstRow * sizeof(std::uint16_t),
                                           static_cast<std::size_t>(rows.rows()) * sizeof(std::uint16_t));
        rows = readScales(ofRows).asDiagonal() * rows * readScales(header.first(columnBytes)).asDiagonal();
    }

  private:
    static std::size_t columnHeaderBytes(Eigen::Index columns) {
        return static_cast<std::size_t>(columns) * sizeof(std::uint16_t);
    }
};

} // namespace

std::shared_ptr<const Transform> makeSinqTransform() {
    return std::make_shared<const SinqTransform>();
}

} // namespace planish
