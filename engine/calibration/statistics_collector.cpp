// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_collector.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;
constexpr Index tileSize = 128;

Index tilesOf(Index columns) {
    return (columns + tileSize - 1) / tileSize;
}

/// By strips of rows, whose columns then share cache lines.
void transposeInto(MatrixView from, MutableMatrixView to) {
    constexpr Index strip = 16;
    for (Index row = 0; row < from.rows(); row += strip) {
        const Index rows = std::min(strip, from.rows() - row);
        to.middleCols(row, rows) = from.middleRows(row, rows).transpose();
    }
}

Index tileColumns(Index tile, Index columns) {
    return std::min(tileSize, columns - tile * tileSize);
}

} // namespace

StatisticsCollector::StatisticsCollector(std::size_t columns, bool withCrossMoment, Workers& workers)
    : workers_(workers),
      moment_(Precise::Zero(static_cast<Index>(columns), static_cast<Index>(columns))),
      magnitude_(Eigen::ArrayXd::Zero(moment_.rows())),
      smallest_(Eigen::ArrayXf::Constant(moment_.rows(), std::numeric_limits<float>::infinity())),
      largest_(-smallest_) {
    if (withCrossMoment) {
        cross_ = moment_;
    }
}

std::vector<PackedMatrix> StatisticsCollector::packed(MatrixView inputs, const JobMonitor& monitor) {
    std::vector<PackedMatrix> tiles(static_cast<std::size_t>(tilesOf(inputs.cols())));
    workers_.forEach(
        tiles.size(),
        [&](std::size_t tile) {
            const auto index = static_cast<Index>(tile);
            tiles[tile].pack(inputs.middleCols(index * tileSize, tileColumns(index, inputs.cols())));
        },
        monitor);
    return tiles;
}

void StatisticsCollector::addProducts(MatrixView left, const std::vector<PackedMatrix>& right, bool symmetric,
                                      Precise& sum, const JobMonitor& monitor) {
    const Index columns = left.cols();
    // A row of tiles transposes its part of the inputs once.
    workers_.forEach(
        right.size(),
        [&](std::size_t tile) {
            const auto row = static_cast<Index>(tile);
            const Index rows = tileColumns(row, columns);
            // Not a power of two apart, where rows would share few lines of the cache.
            Matrix transposed(rows, left.rows() + 16);
            transposeInto(left.middleCols(row * tileSize, rows), transposed.leftCols(left.rows()));
            Matrix product;
            for (Index column = symmetric ? row : 0; column < tilesOf(columns); ++column) {
                monitor.throwIfCancelled();
                product.resize(rows, tileColumns(column, columns));
                multiply(transposed.leftCols(left.rows()), right[static_cast<std::size_t>(column)], product);
                sum.block(row * tileSize, column * tileSize, rows, product.cols()) += product.cast<double>();
            }
        },
        monitor);
}

void StatisticsCollector::addMoments(MatrixView inputs, MatrixView original, const JobMonitor& monitor) {
    addProducts(inputs, packed(inputs, monitor), true, moment_, monitor);
    if (cross_.size() > 0) {
        addProducts(inputs, packed(original, monitor), false, cross_, monitor);
    }
}

void StatisticsCollector::add(const Matrix& inputs, const Matrix& original, std::span<const float> weights,
                              const JobMonitor& monitor) {
    if (weights.empty()) {
        addMoments(inputs, original, monitor);
    } else {
        const auto roots = Eigen::Map<const Vector>(weights.data(), inputs.rows()).cwiseSqrt().eval();
        addMoments(roots.asDiagonal() * inputs,
                   cross_.size() > 0 ? Matrix(roots.asDiagonal() * original) : Matrix(), monitor);
    }
    workers_.forEach(static_cast<std::size_t>(tilesOf(inputs.cols())), [&](std::size_t tile) {
        const auto index = static_cast<Index>(tile);
        addColumns(inputs, index * tileSize, tileColumns(index, inputs.cols()));
    });
    tokens_ += static_cast<std::uint64_t>(inputs.rows());
}

void StatisticsCollector::addColumns(MatrixView inputs, Index first, Index count) {
    // Sums of few rows lose next to nothing in float.
    constexpr Index rowsPerSum = 64;
    for (Index begin = 0; begin < inputs.rows(); begin += rowsPerSum) {
        Eigen::ArrayXf sum = Eigen::ArrayXf::Zero(count);
        for (Index row = begin; row < std::min(inputs.rows(), begin + rowsPerSum); ++row) {
            const auto values = inputs.row(row).segment(first, count).transpose().array();
            sum += values.abs();
            smallest_.segment(first, count) = smallest_.segment(first, count).min(values);
            largest_.segment(first, count) = largest_.segment(first, count).max(values);
        }
        magnitude_.segment(first, count) += sum.cast<double>();
    }
}

InputStatistics StatisticsCollector::result() const {
    const auto tokens = static_cast<double>(tokens_);
    InputStatistics statistics;
    statistics.tokens = tokens_;
    statistics.hessian = (moment_ / tokens).cast<float>();
    statistics.hessian.triangularView<Eigen::StrictlyLower>() = statistics.hessian.transpose();
    statistics.meanMagnitude = (magnitude_ / tokens).cast<float>().matrix();
    statistics.smallest = smallest_.matrix();
    statistics.largest = largest_.matrix();
    if (cross_.size() > 0) {
        statistics.crossMoment = (cross_ / tokens).cast<float>();
    }
    return statistics;
}

} // namespace planish
