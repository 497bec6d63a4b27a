// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/inverse_factor.h"

#include <Eigen/Cholesky>

#include <algorithm>
#include <utility>

namespace planish {
namespace {

constexpr Eigen::Index tileSize = 128;

/// The lower triangle of a matrix as square tiles, the last ones possibly smaller.
class Tiles {
  public:
    explicit Tiles(Eigen::MatrixXd& matrix)
        : matrix_(matrix), count_((matrix.rows() + tileSize - 1) / tileSize) {}

    Eigen::Index count() const { return count_; }
    auto at(Eigen::Index row, Eigen::Index column) {
        const Eigen::Index i = row * tileSize;
        const Eigen::Index j = column * tileSize;
        return matrix_.block(i, j, std::min(tileSize, matrix_.rows() - i),
                             std::min(tileSize, matrix_.cols() - j));
    }

  private:
    Eigen::MatrixXd& matrix_;
    Eigen::Index count_;
};

/// Row and column of the `index`-th tile of a lower triangle, column by column.
std::pair<Eigen::Index, Eigen::Index> tileOfTriangle(std::size_t index, Eigen::Index size) {
    auto left = static_cast<Eigen::Index>(index);
    Eigen::Index column = 0;
    while (left >= size - column) {
        left -= size - column;
        ++column;
    }
    return {column + left, column};
}

/// Replaces the lower triangle by L with L Lᵀ = matrix; false when it is not positive definite.
bool factorize(Tiles tiles, Workers& workers, const JobMonitor& monitor) {
    for (Eigen::Index k = 0; k < tiles.count(); ++k) {
        auto corner = tiles.at(k, k);
        const Eigen::LLT<Eigen::MatrixXd> own(corner);
        // LLT lets NaN pass, as no comparison with it is true.
        if (own.info() != Eigen::Success || !own.matrixLLT().diagonal().allFinite()) {
            return false;
        }
        corner = own.matrixL();
        const Eigen::Index below = tiles.count() - k - 1;
        workers.forEach(
            static_cast<std::size_t>(below),
            [&](std::size_t i) {
                auto tile = tiles.at(k + 1 + static_cast<Eigen::Index>(i), k);
                const Eigen::MatrixXd solved = own.matrixL().solve(tile.transpose());
                tile = solved.transpose();
            },
            monitor);
        workers.forEach(
            static_cast<std::size_t>(below * (below + 1) / 2),
            [&](std::size_t index) {
                const auto [row, column] = tileOfTriangle(index, below);
                tiles.at(k + 1 + row, k + 1 + column).noalias() -=
                    tiles.at(k + 1 + row, k) * tiles.at(k + 1 + column, k).transpose();
            },
            monitor);
    }
    return true;
}

/// L⁻¹ of the lower triangle, column of tiles by column of tiles; 0 above.
Eigen::MatrixXd inverseOf(Tiles tiles, Eigen::Index size, Workers& workers, const JobMonitor& monitor) {
    Eigen::MatrixXd inverse = Eigen::MatrixXd::Zero(size, size);
    Tiles out(inverse);
    workers.forEach(
        static_cast<std::size_t>(tiles.count()),
        [&](std::size_t index) {
            const auto column = static_cast<Eigen::Index>(index);
            for (Eigen::Index row = column; row < tiles.count(); ++row) {
                monitor.throwIfCancelled();
                auto tile = out.at(row, column);
                if (row == column) {
                    tile.setIdentity();
                }
                for (Eigen::Index k = column; k < row; ++k) {
                    tile.noalias() -= tiles.at(row, k) * out.at(k, column);
                }
                tiles.at(row, row).triangularView<Eigen::Lower>().solveInPlace(tile);
            }
        },
        monitor);
    return inverse;
}

} // namespace

std::optional<Matrix> inverseFactor(const Eigen::MatrixXd& hessian, Workers& workers,
                                    const JobMonitor& monitor) {
    // With J the reversal of the order, J H J = L Lᵀ gives R = J L J.
    Eigen::MatrixXd reversed = hessian.transpose().reverse();
    if (!factorize(Tiles(reversed), workers, monitor)) {
        return std::nullopt;
    }
    return inverseOf(Tiles(reversed), reversed.rows(), workers, monitor).reverse().cast<float>();
}

} // namespace planish
