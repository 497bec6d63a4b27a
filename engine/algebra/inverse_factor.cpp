// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/inverse_factor.h"

#include "algebra/tile_product.h"

#include <Eigen/Cholesky>
#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <array>
#include <new>
#include <utility>

namespace planish {
namespace {

using Tile = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

hwy::AlignedFreeUniquePtr<double[]> allocateTiles(std::size_t count) {
    auto tiles = hwy::AllocateAligned<double>(count * tileCount);
    return tiles ? std::move(tiles) : throw std::bad_alloc();
}

/// The lower triangle of a matrix, padded with the identity to whole tiles, and the factors of one column of
/// tiles beside it.
class Triangle {
  public:
    explicit Triangle(std::size_t size)
        : size_(size),
          count_((size + tileSize - 1) / tileSize),
          tiles_(allocateTiles(count_ * (count_ + 1) / 2)),
          packed_(allocateTiles(count_)) {}

    std::size_t count() const { return count_; }
    double* tile(std::size_t row, std::size_t column) {
        return tiles_.get() + (row * (row + 1) / 2 + column) * tileCount;
    }
    double* packed(std::size_t row) { return packed_.get() + row * tileCount; }

    /// Columns and rows in reverse.
    void read(const LowerTriangle& matrix, std::size_t tileRow, std::size_t tileColumn) {
        double* out = tile(tileRow, tileColumn);
        std::array<double, tileSize> numbers;
        for (std::size_t j = 0; j < tileSize; ++j) {
            const std::size_t column = tileColumn * tileSize + j;
            const std::size_t first = std::max(column, tileRow * tileSize);
            const std::size_t end = std::min((tileRow + 1) * tileSize, size_);
            for (std::size_t i = 0; i < tileSize; ++i) {
                out[i * tileSize + j] = tileRow * tileSize + i == column ? 1 : 0;
            }
            if (first < end) {
                matrix(size_ - 1 - column, size_ - end, std::span(numbers).first(end - first));
                for (std::size_t row = first; row < end; ++row) {
                    out[(row % tileSize) * tileSize + j] = numbers[end - 1 - row];
                }
            }
        }
    }

    /// The reverse order again: a row of the upper triangle from its diagonal on.
    void write(std::size_t row, float* out) {
        for (std::size_t column = 0; column <= row; ++column) {
            const double* from = tile(row / tileSize, column / tileSize);
            out[row - column] = static_cast<float>(from[(row % tileSize) * tileSize + column % tileSize]);
        }
    }

  private:
    std::size_t size_;
    std::size_t count_;
    hwy::AlignedFreeUniquePtr<double[]> tiles_;
    hwy::AlignedFreeUniquePtr<double[]> packed_;
};

/// Row and column of the `index`-th tile of a lower triangle, column by column.
std::pair<std::size_t, std::size_t> tileOfTriangle(std::size_t index, std::size_t size) {
    std::size_t column = 0;
    while (index >= size - column) {
        index -= size - column;
        ++column;
    }
    return {column + index, column};
}

/// Replaces a tile by L⁻¹ with L Lᵀ = tile; false when it is not positive definite.
bool invertCorner(double* corner) {
    constexpr auto size = static_cast<Eigen::Index>(tileSize);
    Eigen::Map<Tile, Eigen::AlignedMax> tile(corner, size, size);
    const Eigen::LLT<Tile> own(tile);
    // LLT lets NaN pass, as no comparison with it is true.
    if (own.info() != Eigen::Success || !own.matrixLLT().diagonal().allFinite()) {
        return false;
    }
    tile.setIdentity();
    own.matrixL().solveInPlace(tile);
    return true;
}

/// tile = tile · b with b as packed; `room` is for another tile.
void multiplyInPlace(double* tile, const double* packed, double* room) {
    std::copy_n(tile, tileCount, room);
    std::fill_n(tile, tileCount, 0.0);
    addTileProduct(room, packed, tile);
}

/// Replaces the triangle by L with L Lᵀ = triangle, and its tiles on the diagonal by their inverses; false
/// when it is not positive definite.
bool factorize(Triangle& triangle, Workers& workers, const JobMonitor& monitor) {
    const std::size_t count = triangle.count();
    const auto inverse = allocateTiles(1);
    for (std::size_t k = 0; k < count; ++k) {
        if (!invertCorner(triangle.tile(k, k))) {
            return false;
        }
        packTransposedTile(triangle.tile(k, k), 1, inverse.get());
        const std::size_t below = count - k - 1;
        const auto solve = [&](std::size_t index) {
            const std::size_t row = k + 1 + index;
            multiplyInPlace(triangle.tile(row, k), inverse.get(), triangle.packed(row));
            packTransposedTile(triangle.tile(row, k), -1, triangle.packed(row));
        };
        workers.forEach(below, solve, monitor);
        const auto update = [&](std::size_t index) {
            const auto [row, column] = tileOfTriangle(index, below);
            addTileProduct(triangle.tile(k + 1 + row, k), triangle.packed(k + 1 + column),
                           triangle.tile(k + 1 + row, k + 1 + column));
        };
        workers.forEach(below * (below + 1) / 2, update, monitor);
    }
    return true;
}

/// Replaces L, as factorize() left it, by L⁻¹: the columns of tiles from the last on, each as the product of
/// the inverse so far and its own tiles, −L⁻¹ L(:, j) L(j, j)⁻¹.
void invert(Triangle& triangle, Workers& workers, const JobMonitor& monitor) {
    const auto inverse = allocateTiles(1);
    for (std::size_t j = triangle.count(); j-- > 0;) {
        packTile(triangle.tile(j, j), 1, inverse.get());
        const std::size_t below = triangle.count() - j - 1;
        const auto scale = [&](std::size_t index) {
            const std::size_t row = j + 1 + index;
            multiplyInPlace(triangle.tile(row, j), inverse.get(), triangle.packed(row));
            packTile(triangle.tile(row, j), -1, triangle.packed(row));
        };
        workers.forEach(below, scale, monitor);
        const auto gather = [&](std::size_t index) {
            // The longest sums first.
            const std::size_t row = triangle.count() - 1 - index;
            double* tile = triangle.tile(row, j);
            std::fill_n(tile, tileCount, 0.0);
            for (std::size_t k = j + 1; k <= row; ++k) {
                addTileProduct(triangle.tile(row, k), triangle.packed(k), tile);
            }
        };
        workers.forEach(below, gather, monitor);
    }
}

} // namespace

std::optional<Matrix> inverseFactor(std::size_t size, const LowerTriangle& hessian, Workers& workers,
                                    const JobMonitor& monitor) {
    // With J the reversal of the order, J H J = L Lᵀ gives R = J L J.
    Triangle triangle(size);
    const std::size_t count = triangle.count();
    const auto read = [&](std::size_t index) {
        const auto [row, column] = tileOfTriangle(index, count);
        triangle.read(hessian, row, column);
    };
    workers.forEach(count * (count + 1) / 2, read, monitor);
    if (!factorize(triangle, workers, monitor)) {
        return std::nullopt;
    }
    invert(triangle, workers, monitor);
    Matrix factor = Matrix::Zero(static_cast<Eigen::Index>(size), static_cast<Eigen::Index>(size));
    const auto write = [&](std::size_t row) {
        const std::size_t at = size - 1 - row;
        triangle.write(row, factor.data() + at * size + at);
    };
    workers.forEach(size, write, monitor);
    return factor;
}

} // namespace planish
