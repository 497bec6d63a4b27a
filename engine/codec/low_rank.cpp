// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"
#include "codec/checked_size.h"
#include "codec/correction.h"
#include "codec/principal_outputs.h"

#include <Eigen/Cholesky>

#include <algorithm>
#include <cmath>
#include <utility>

namespace planish {
namespace {

/// (AᵀA)⁻¹ Aᵀ E: the best right factor for the left one as it is stored, whatever the inputs are like.
Matrix rightFactor(const Matrix& left, const Matrix& errors, const EncodeContext& context) {
    const Eigen::MatrixXd precise = left.cast<double>();
    Eigen::MatrixXd gram = precise.transpose() * precise;
    // Directions in which the errors do not vary leave columns of the left factor that are zero or alike.
    constexpr double ridge = 1e-9;
    gram.diagonal().array() += std::max(ridge * gram.trace(), 1e-30);
    const Matrix moments = product(errors.transpose(), left, context);
    return gram.llt().solve(moments.cast<double>().transpose()).cast<float>();
}

/// The power of two that makes the factors equally large when the left one is multiplied and the right one
/// divided by it, so that neither gets near the smallest numbers of its type.
float balance(const Matrix& left, const Matrix& right) {
    const double leftSquare = left.cast<double>().squaredNorm() / static_cast<double>(left.size());
    const double rightSquare = right.cast<double>().squaredNorm() / static_cast<double>(right.size());
    if (leftSquare == 0 || rightSquare == 0) {
        return 1;
    }
    return static_cast<float>(std::exp2(std::round(std::log2(rightSquare / leftSquare) / 4)));
}

class LowRank final : public Correction {
  public:
    LowRank(std::size_t rank, Codec factors) : rank_(rank), factors_(std::move(factors)) {}

    std::size_t packedBytes(Shape shape) const override {
        const Parts parts = partsOf(shape);
        return checkedAdd(factors_.packedBytes(parts.left), factors_.packedBytes(parts.right));
    }

    bool repairs() const override { return true; }

    void repair(MatrixView wanted, MatrixView stored, const EncodeContext& context,
                std::span<std::byte> section) const override {
        const Parts parts =
            partsOf({static_cast<std::size_t>(wanted.rows()), static_cast<std::size_t>(wanted.cols())});
        Matrix errors = wanted - stored;
        const float largest = errors.cwiseAbs().maxCoeff();
        constexpr float mostOfAll = 1e25F; // far beyond any model; sums of products stay finite
        if (largest > mostOfAll) {
            throw Error("+lowrank: weights beyond 1e25 cannot be repaired");
        }
        const float unit = largest > 0 ? largest : 1;
        errors /= unit;
        Matrix left = principalOutputs(errors, static_cast<Eigen::Index>(parts.left.columns), context);
        left *= balance(left, unit * rightFactor(left, errors, context));
        left = put(left, section.first(factors_.packedBytes(parts.left)), context);
        put(unit * rightFactor(left, errors, context), section.subspan(factors_.packedBytes(parts.left)),
            context);
    }

    void apply(std::span<const std::byte> section, Shape shape, std::size_t firstRow,
               MutableMatrixView rows) const override {
        const Parts parts = partsOf(shape);
        const std::size_t leftBytes = factors_.packedBytes(parts.left);
        Matrix left(rows.rows(), static_cast<Eigen::Index>(parts.left.columns));
        factors_.decodeRows(section.first(leftBytes), parts.left, firstRow, left);
        Matrix right(static_cast<Eigen::Index>(parts.right.rows), rows.cols());
        factors_.decodeRows(section.subspan(leftBytes), parts.right, 0, right);
        PackedMatrix packed;
        packed.pack(right);
        multiply(left, packed, rows, true);
    }

  private:
    struct Parts {
        Shape left;
        Shape right;
    };

    Parts partsOf(Shape shape) const {
        const std::size_t rank = std::min({rank_, shape.rows, shape.columns});
        return {{shape.rows, rank}, {rank, shape.columns}};
    }

    /// Stores a factor and returns it as it will be decoded.
    Matrix put(const Matrix& factor, std::span<std::byte> out, const EncodeContext& context) const {
        const PackedTensor packed = factors_.encode(factor, {context.workers, context.monitor});
        std::copy(packed.bytes.begin(), packed.bytes.end(), out.begin());
        return factors_.decode(packed, context.workers);
    }

    std::size_t rank_;
    Codec factors_;
};

} // namespace

std::shared_ptr<const Correction> makeLowRank(std::size_t rank, Codec factors) {
    return std::make_shared<const LowRank>(rank, std::move(factors));
}

} // namespace planish
