// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/gemm.h"
#include "codec/input_statistics.h"

#include <span>

namespace planish {

/// Collects InputStatistics chunk by chunk. Products of a chunk are in float, their sum over the chunks in
/// double; tiles of fixed size in parallel, the same for every number of threads.
class StatisticsCollector {
  public:
    /// `withCrossMoment`: chunks come with the inputs that the unquantized model has in the same places.
    StatisticsCollector(std::size_t columns, bool withCrossMoment, Workers& workers);

    /// `inputs` [tokens, columns]; `original` the same of the unquantized model, looked at with cross moment
    /// only. `weights` say what tokens count for in the moments, one each; none: all the same.
    void add(const Matrix& inputs, const Matrix& original, std::span<const float> weights,
             const JobMonitor& monitor);
    /// Of everything so far; at least one token.
    InputStatistics result() const;

  private:
    using Precise = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    void addMoments(MatrixView inputs, MatrixView original, const JobMonitor& monitor);
    void addProducts(MatrixView left, const std::vector<PackedMatrix>& right, bool symmetric, Precise& sum,
                     const JobMonitor& monitor);
    std::vector<PackedMatrix> packed(MatrixView inputs, const JobMonitor& monitor);
    void addColumns(MatrixView inputs, Eigen::Index first, Eigen::Index count);

    Workers& workers_;
    std::uint64_t tokens_ = 0;
    Precise moment_; ///< Σ x xᵀ, tiles on and above the diagonal
    Precise cross_;  ///< Σ x x̄ᵀ, or empty
    Eigen::ArrayXd magnitude_;
    Eigen::ArrayXf smallest_;
    Eigen::ArrayXf largest_;
};

} // namespace planish
