// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/state_loss.h"

#include <algorithm>
#include <numeric>

namespace planish {

double StateDistanceLoss::differentiate(std::size_t block, const Matrix& states, Matrix& gradient) const {
    const Matrix& wanted = wanted_[block + 1].values;
    const Eigen::Index tokens = states.rows();
    constexpr Eigen::Index tokensPerTask = 256;
    const double each = 1.0 / static_cast<double>(tokens);
    std::vector<double> losses(static_cast<std::size_t>((tokens + tokensPerTask - 1) / tokensPerTask));
    workers_.forEach(losses.size(), [&](std::size_t task) {
        const Eigen::Index begin = static_cast<Eigen::Index>(task) * tokensPerTask;
        for (Eigen::Index i = begin; i < std::min(tokens, begin + tokensPerTask); ++i) {
            const auto size = static_cast<double>(wanted.row(i).squaredNorm());
            if (size > 0) {
                const auto difference = states.row(i) - wanted.row(i);
                losses[task] += static_cast<double>(difference.squaredNorm()) / size * each;
                gradient.row(i) += static_cast<float>(2 * each / size) * difference;
            }
        }
    });
    return std::accumulate(losses.begin(), losses.end(), 0.0);
}

} // namespace planish
