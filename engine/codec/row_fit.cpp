// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/row_fit.h"

#include <Eigen/Cholesky>

#include <algorithm>

namespace planish {
namespace {

/// Groups [firstGroup, lastGroup) of a row: their columns and parameters.
class Band {
  public:
    Band(const LinearRow& row, std::span<const float> free, std::size_t firstGroup, std::size_t lastGroup)
        : row_(row),
          free_(free),
          begin_(firstGroup * row.groupSize),
          end_(std::min(lastGroup * row.groupSize, free.size())),
          firstParameter_(firstGroup * row.parametersPerGroup),
          parameters_((lastGroup - firstGroup) * row.parametersPerGroup) {}

    std::size_t firstParameter() const { return firstParameter_; }

    /// Bᵀ H B; only its lower triangle is meant.
    Eigen::MatrixXd normalMatrix(MatrixView hessian) const {
        constexpr std::size_t chunk = 256;
        constexpr std::size_t padding = 16; // so that the values of a column do not share a cache set
        Eigen::MatrixXd normal = Eigen::MatrixXd::Zero(size(), size());
        Matrix half(size(), static_cast<Eigen::Index>(chunk + padding));
        for (std::size_t at = begin_; at < end_; at += chunk) {
            const auto start = static_cast<Eigen::Index>(at);
            const auto count = static_cast<Eigen::Index>(std::min(chunk, end_ - at));
            // Earlier groups would only add to the upper triangle.
            const std::size_t group = at / row_.groupSize;
            const Eigen::Index below =
                size() - static_cast<Eigen::Index>(group * row_.parametersPerGroup - firstParameter_);
            half.setZero();
            forEachTerm(group * row_.groupSize, end_,
                        [&](Eigen::Index column, Eigen::Index parameter, float coefficient) {
                            half.row(parameter).head(count) +=
                                coefficient * hessian.row(column).segment(start, count);
                        });
            forEachTerm(at, std::min(at + chunk, end_),
                        [&](Eigen::Index column, Eigen::Index parameter, float coefficient) {
                            normal.col(parameter).tail(below) +=
                                double{coefficient} * half.col(column - start).tail(below).cast<double>();
                        });
        }
        return normal;
    }

    /// Bᵀ r.
    Eigen::VectorXd moments(const Eigen::VectorXd& residual) const {
        Eigen::VectorXd sums = Eigen::VectorXd::Zero(size());
        forEachTerm(begin_, end_, [&](Eigen::Index column, Eigen::Index parameter, float coefficient) {
            sums[parameter] += coefficient * residual[column];
        });
        return sums;
    }

    /// r − H B δ.
    void take(const Eigen::VectorXd& step, MatrixView hessian, Eigen::VectorXd& residual) const {
        const auto begin = static_cast<Eigen::Index>(begin_);
        Vector change = Vector::Zero(static_cast<Eigen::Index>(end_ - begin_));
        forEachTerm(begin_, end_, [&](Eigen::Index column, Eigen::Index parameter, float coefficient) {
            change[column - begin] += static_cast<float>(coefficient * step[parameter]);
        });
        residual -= (hessian.middleCols(begin, change.size()) * change).cast<double>();
    }

  private:
    Eigen::Index size() const { return static_cast<Eigen::Index>(parameters_); }

    /// Calls body(column, parameter of the band, coefficient) for all terms that are not 0.
    template <typename Body>
    void forEachTerm(std::size_t begin, std::size_t end, const Body& body) const {
        for (std::size_t column = begin; column < end; ++column) {
            for (std::size_t i = 0; i < row_.termsPerColumn; ++i) {
                const LinearRow::Term& term = row_.terms[column * row_.termsPerColumn + i];
                const float coefficient = term.coefficient * free_[column];
                if (coefficient != 0) {
                    body(static_cast<Eigen::Index>(column),
                         static_cast<Eigen::Index>(term.parameter - firstParameter_), coefficient);
                }
            }
        }
    }

    const LinearRow& row_;
    std::span<const float> free_;
    std::size_t begin_;
    std::size_t end_;
    std::size_t firstParameter_;
    std::size_t parameters_;
};

/// Nothing moves when the matrix is not positive definite, as of statistics that no inputs can have.
Eigen::VectorXd solved(Eigen::MatrixXd normal, const Eigen::VectorXd& moments) {
    constexpr double ridge = 1e-4;
    normal.diagonal() *= 1 + ridge;
    // Parameters that no weight depends on.
    normal.diagonal() = (normal.diagonal().array() > 0).select(normal.diagonal(), 1.0);
    const Eigen::LLT<Eigen::MatrixXd> decomposition(normal);
    Eigen::VectorXd step = decomposition.solve(moments);
    constexpr double largest = 1e37; // what a float can hold, added to another
    if (decomposition.info() != Eigen::Success || !(step.cwiseAbs().maxCoeff() < largest)) {
        step.setZero();
    }
    return step;
}

} // namespace

std::vector<double> leastSquaresStep(const LinearRow& row, std::span<const float> free, MatrixView hessian,
                                     Eigen::VectorXd residual) {
    constexpr std::size_t mostParameters = 512;
    const std::size_t groups = row.parameters.size() / row.parametersPerGroup;
    const std::size_t each = std::max<std::size_t>(1, mostParameters / row.parametersPerGroup);
    const int sweeps = groups > each ? 2 : 1;
    std::vector<double> step(row.parameters.size());
    for (int sweep = 0; sweep < sweeps; ++sweep) {
        for (std::size_t first = 0; first < groups; first += each) {
            const Band band(row, free, first, std::min(first + each, groups));
            const Eigen::VectorXd part = solved(band.normalMatrix(hessian), band.moments(residual));
            if (groups > each) {
                band.take(part, hessian, residual);
            }
            for (Eigen::Index i = 0; i < part.size(); ++i) {
                step[band.firstParameter() + static_cast<std::size_t>(i)] += part[i];
            }
        }
    }
    return step;
}

} // namespace planish
