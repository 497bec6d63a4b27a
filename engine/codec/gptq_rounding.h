// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/rounding.h"

#include <memory>

namespace planish {

struct GptqOptions {
    bool diagonal = false;        ///< only the diagonal of H counts
    bool activationOrder = false; ///< columns of the largest inputs first
    bool asymmetric = false;      ///< towards the outputs of the unquantized model for its own inputs
};

/// Rounds columns one after the other and passes the error of each on to those that are still to come, so
/// that the outputs change least: with e = (w_j − q_j) ÷ U_jj and Uᵀ U = (H + λI)⁻¹, w_k −= e U_jk for k > j.
/// λ is 0.01 of the mean of H's diagonal, or ten times as much as often as it takes until H + λI is positive
/// definite; columns without input count as having the mean one, unrelated to the others. Errors are passed
/// on within blocks of at most 128 columns at once and to all further columns after a block. The levels of a
/// group are fixed by `choice` when its first column is due, for the weights as they have become by then,
/// each weighted by 1 ÷ U_jj², what its error costs once the others have made up for it. In activation order,
/// by falling E[x²], groups are fixed before, for the weights as they were. Needs statistics of the inputs.
///
/// Where outputs are related (EncodeContext::outputs), errors of rows are passed on to later rows too: see
/// output_feedback.h.
///
/// With only the diagonal of H, nothing is passed on, and each weight gets the level it would have had
/// anyway.
///
/// Asymmetric: where the statistics have the cross moment with the inputs x̄ of the unquantized model, W
/// becomes W + W (E[x x̄ᵀ] − H)ᵀ (H + λI)⁻¹ before, whose outputs for x are nearest to those of W for x̄. Li,
/// Yin, Xiao, Zhao, Panda: GPTAQ, 2025, section 3 (here in closed form instead of column by column).
///
/// Frantar, Ashkboos, Hoefler, Alistarh: GPTQ, 2022, algorithm 1; equal to LDLQ of Chee et al.: QuIP, 2023.
std::shared_ptr<const Rounding> makeGptqRounding(const GptqOptions& options,
                                                 std::unique_ptr<const GroupChoice> choice);

} // namespace planish
