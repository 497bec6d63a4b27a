// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/token_losses.h"

#include "inference/forward_pass.h"
#include "inference/kernels.h"
#include "inference/logits.h"

#include <algorithm>
#include <limits>

namespace planish {

std::vector<double> tokenLosses(const WeightSource& source, std::span<const TokenId> tokens, Workers& workers,
                                JobMonitor& monitor, Arithmetic arithmetic) {
    std::vector<double> losses(tokens.size(), std::numeric_limits<double>::quiet_NaN());
    if (tokens.size() < 2) {
        return losses;
    }
    const HiddenStates states =
        ForwardPass(source, tokens.size(), workers, arithmetic).run(tokens, 1, monitor);
    const LogitHead head(source, workers, arithmetic);
    const std::size_t predicted = tokens.size() - 1;
    const std::size_t tiles = (predicted + head.rowsPerTile() - 1) / head.rowsPerTile();
    workers.forEach(
        tiles,
        [&](std::size_t tile) {
            const std::size_t first = tile * head.rowsPerTile();
            const std::size_t count = std::min(head.rowsPerTile(), predicted - first);
            Matrix logits(static_cast<Eigen::Index>(count), static_cast<Eigen::Index>(head.vocabularySize()));
            head.compute(
                states.values.middleRows(static_cast<Eigen::Index>(first), static_cast<Eigen::Index>(count)),
                logits);
            for (std::size_t row = 0; row < count; ++row) {
                const std::span<const float> values(logits.data() + row * head.vocabularySize(),
                                                    head.vocabularySize());
                const std::size_t target = first + row + 1;
                losses[target] = summarizeLogits(values).logSumExp -
                                 static_cast<double>(values[static_cast<std::size_t>(tokens[target])]);
            }
        },
        monitor);
    return losses;
}

} // namespace planish
