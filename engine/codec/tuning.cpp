// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"
#include "codec/correction.h"
#include "codec/input_statistics.h"
#include "codec/row_fit.h"

#include <algorithm>
#include <vector>

namespace planish {
namespace {

/// What the fit is for: errors e of a row cost e H eᵀ, and inputs unlike those of the unquantized model ask
/// for outputs that are not those of the weights.
struct Objective {
    Objective(const InputStatistics& statistics, Workers& workers) : hessian(statistics.hessian) {
        packed.packTransposed(hessian, workers);
        if (statistics.crossMoment.size() > 0) {
            shift.packTransposed(statistics.crossMoment - hessian, workers);
        }
    }

    /// Half the negative gradient at errors e = w − ŵ of weights w: e H, and w (E[x x̄ᵀ] − H)ᵀ in addition.
    Matrix residual(const Matrix& weights, const Matrix& errors) const {
        Matrix residual(errors.rows(), errors.cols());
        multiply(errors, packed, residual);
        if (shift.outputs() > 0) {
            multiply(weights, shift, residual, true);
        }
        return residual;
    }

    const Matrix& hessian;
    PackedMatrix packed;
    PackedMatrix shift; ///< nothing without a cross moment
};

class Tuning final : public Correction {
  public:
    std::size_t packedBytes(Shape) const override { return 0; }

    void refit(const Format& format, MatrixView wanted, const ApplyEarlier& earlier,
               const EncodeContext& context, std::span<std::byte> packed) const override {
        const auto& scalar = dynamic_cast<const ScalarFormat&>(format);
        const Objective objective(*context.inputs, context.workers);
        constexpr Eigen::Index rowsPerBlock = 8;
        const auto blocks = static_cast<std::size_t>((wanted.rows() + rowsPerBlock - 1) / rowsPerBlock);
        context.workers.forEach(
            blocks,
            [&](std::size_t block) {
                const Eigen::Index first = static_cast<Eigen::Index>(block) * rowsPerBlock;
                const Matrix weights =
                    wanted.middleRows(first, std::min(rowsPerBlock, wanted.rows() - first));
                const std::size_t bytes = scalar.rowBytes(static_cast<std::size_t>(wanted.cols()));
                refitRows(
                    scalar, weights, objective,
                    [&](MutableMatrixView rows) { earlier(static_cast<std::size_t>(first), rows); },
                    packed.subspan(static_cast<std::size_t>(first) * bytes,
                                   static_cast<std::size_t>(weights.rows()) * bytes));
            },
            context.monitor);
    }

    void apply(std::span<const std::byte>, Shape, std::size_t, MutableMatrixView) const override {}

  private:
    template <typename Earlier>
    static void refitRows(const ScalarFormat& format, const Matrix& weights, const Objective& objective,
                          const Earlier& earlier, std::span<std::byte> packed) {
        const Shape shape{static_cast<std::size_t>(weights.rows()), static_cast<std::size_t>(weights.cols())};
        const auto decoded = [&](std::span<const std::byte> bytes) {
            Matrix rows(weights.rows(), weights.cols());
            format.decodeRows(bytes, shape, 0, rows);
            earlier(rows);
            return rows;
        };
        const Matrix before = decoded(packed);
        const Matrix residual = objective.residual(weights, weights - before);
        const Matrix free = freedom(shape, earlier);
        const std::size_t rowBytes = format.rowBytes(shape.columns);
        std::vector<std::byte> refitted(packed.size());
        for (std::size_t row = 0; row < shape.rows; ++row) {
            const auto index = static_cast<Eigen::Index>(row);
            const LinearRow linear = format.openRow(packed.subspan(row * rowBytes, rowBytes), shape.columns);
            std::vector<double> parameters =
                leastSquaresStep(linear, {free.row(index).data(), shape.columns}, objective.hessian,
                                 residual.row(index).transpose().cast<double>());
            std::transform(parameters.begin(), parameters.end(), linear.parameters.begin(),
                           parameters.begin(), std::plus<>());
            linear.write(parameters, std::span(refitted).subspan(row * rowBytes, rowBytes));
        }
        const Matrix change = decoded(refitted) - before;
        Matrix cost(change.rows(), change.cols());
        multiply(change, objective.packed, cost);
        for (std::size_t row = 0; row < shape.rows; ++row) {
            const auto index = static_cast<Eigen::Index>(row);
            const auto moved = change.row(index).cast<double>();
            const double gain = moved.dot(residual.row(index).cast<double>());
            // Without the rounding of parameters and products, the cost is the gain; the margin is for both.
            if (moved.dot(cost.row(index).cast<double>()) < 1.999 * gain) {
                std::copy_n(refitted.begin() + static_cast<std::ptrdiff_t>(row * rowBytes), rowBytes,
                            packed.begin() + static_cast<std::ptrdiff_t>(row * rowBytes));
            }
        }
    }

    /// 1 where the format decides what is decoded, 0 where earlier corrections do.
    template <typename Earlier>
    static Matrix freedom(Shape shape, const Earlier& earlier) {
        const auto rows = static_cast<Eigen::Index>(shape.rows);
        const auto columns = static_cast<Eigen::Index>(shape.columns);
        Matrix ones = Matrix::Ones(rows, columns);
        Matrix zeros = Matrix::Zero(rows, columns);
        earlier(ones);
        earlier(zeros);
        return ones - zeros;
    }
};

} // namespace

std::shared_ptr<const Correction> makeTuning() {
    return std::make_shared<const Tuning>();
}

} // namespace planish
