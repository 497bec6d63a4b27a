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

Index tileColumns(Index tile, Index columns) {
    return std::min(tileSize, columns - tile * tileSize);
}

} // namespace

StatisticsCollector::StatisticsCollector(std::size_t columns, bool withCrossMoment, Workers& workers)
    : workers_(workers),
      moment_(Precise::Zero(static_cast<Index>(columns), static_cast<Index>(columns))),
      magnitude_(Eigen::VectorXd::Zero(moment_.rows())),
      smallest_(Vector::Constant(moment_.rows(), std::numeric_limits<float>::infinity())),
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
            transposed.leftCols(left.rows()) = left.middleCols(row * tileSize, rows).transpose();
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

void StatisticsCollector::add(MatrixView inputs, MatrixView original, const JobMonitor& monitor) {
    addProducts(inputs, packed(inputs, monitor), true, moment_, monitor);
    if (cross_.size() > 0) {
        addProducts(inputs, packed(original, monitor), false, cross_, monitor);
    }
    workers_.forEach(static_cast<std::size_t>(tilesOf(inputs.cols())), [&](std::size_t tile) {
        const Index first = static_cast<Index>(tile) * tileSize;
        const Index count = tileColumns(static_cast<Index>(tile), inputs.cols());
        const auto part = inputs.middleCols(first, count);
        magnitude_.segment(first, count) += part.cwiseAbs().cast<double>().colwise().sum().transpose();
        smallest_.segment(first, count) =
            smallest_.segment(first, count).cwiseMin(part.colwise().minCoeff().transpose());
        largest_.segment(first, count) =
            largest_.segment(first, count).cwiseMax(part.colwise().maxCoeff().transpose());
    });
    tokens_ += static_cast<std::uint64_t>(inputs.rows());
}

InputStatistics StatisticsCollector::result() const {
    const auto tokens = static_cast<double>(tokens_);
    InputStatistics statistics;
    statistics.tokens = tokens_;
    statistics.hessian = (moment_ / tokens).cast<float>();
    statistics.hessian.triangularView<Eigen::StrictlyLower>() = statistics.hessian.transpose();
    statistics.meanMagnitude = (magnitude_ / tokens).cast<float>();
    statistics.smallest = smallest_;
    statistics.largest = largest_;
    if (cross_.size() > 0) {
        statistics.crossMoment = (cross_ / tokens).cast<float>();
    }
    return statistics;
}

} // namespace planish
