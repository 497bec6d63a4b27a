// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/norm_fit.h"

#include "codec/output_error.h"
#include "codec/principal_outputs.h"

#include <Eigen/Cholesky>

namespace planish {

NormFit::NormFit(std::span<const NormReader> readers, const InputStatistics& inputs,
                 const EncodeContext& context)
    : curvature_(Eigen::MatrixXd::Zero(inputs.hessian.rows(), inputs.hessian.rows())),
      slope_(Eigen::VectorXd::Zero(inputs.hessian.rows())) {
    const Matrix& moment = inputs.crossMoment.size() > 0 ? inputs.crossMoment : inputs.hessian;
    for (const NormReader& reader : readers) {
        // Relative to the power of its outputs: those of q and k are large and matter no more for it.
        const double power = OutputError(inputs, context.workers, context.monitor).of(reader.wanted);
        if (!(power > 0)) {
            continue;
        }
        const Matrix transposed = reader.stored.transpose();
        curvature_ +=
            product(transposed, reader.stored, context).cwiseProduct(inputs.hessian).cast<double>() / power;
        slope_ +=
            product(transposed, reader.wanted, context).cwiseProduct(moment).cast<double>().rowwise().sum() /
            power;
    }
}

Eigen::VectorXd NormFit::best() const {
    const Eigen::VectorXd ones = Eigen::VectorXd::Ones(slope_.size());
    Eigen::MatrixXd raised = curvature_;
    const double mean = raised.diagonal().mean();
    raised.diagonal().array() += mean > 0 ? 1e-4 * mean : 1.0;
    return ones + raised.ldlt().solve(slope_ - curvature_ * ones);
}

double NormFit::loss(const Eigen::VectorXd& factors) const {
    return factors.dot(curvature_ * factors) - 2 * slope_.dot(factors);
}

} // namespace planish
