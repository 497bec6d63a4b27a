// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/logit_loss.h"

#include "gradient/gradient_kernels.h"
#include "inference/kernels.h"

namespace planish {
namespace {

std::span<float> rowOf(MutableMatrixView matrix, Eigen::Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

} // namespace

double NextTokenLoss::differentiate(std::size_t firstToken, MutableMatrixView logits) const {
    double loss = 0;
    for (Eigen::Index i = 0; i < logits.rows(); ++i) {
        const std::size_t token = firstToken + static_cast<std::size_t>(i);
        if ((token + 1) % context_ == 0) {
            logits.row(i).setZero();
            continue;
        }
        const std::span<float> row = rowOf(logits, i);
        const auto target = static_cast<std::size_t>(tokens_[token + 1]);
        const double logSumExp = summarizeLogits(row).logSumExp;
        loss += logSumExp - static_cast<double>(row[target]);
        probabilities(row, logSumExp, 1);
        row[target] -= 1;
    }
    return loss;
}

double DistillationLoss::differentiate(std::size_t firstToken, MutableMatrixView logits) const {
    Matrix wanted(logits.rows(), logits.cols());
    head_.compute(states_.values.middleRows(static_cast<Eigen::Index>(firstToken), logits.rows()), wanted);
    const double each = 1.0 / static_cast<double>(states_.values.rows());
    double loss = 0;
    for (Eigen::Index i = 0; i < logits.rows(); ++i) {
        const std::span<float> p = rowOf(wanted, i);
        const std::span<float> q = rowOf(logits, i);
        const double pLogSumExp = summarizeLogits(p).logSumExp;
        const double qLogSumExp = summarizeLogits(q).logSumExp;
        loss += klDivergence(p, pLogSumExp, q, qLogSumExp) * each;
        probabilityDifference(q, qLogSumExp, p, pLogSumExp, static_cast<float>(each));
    }
    return loss;
}

} // namespace planish
