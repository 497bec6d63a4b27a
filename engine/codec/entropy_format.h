// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/format.h"

#include <memory>

namespace planish {

/// Entropy-coded whole numbers (ecB): weights are whole multiples of a step of their column, as far as these
/// go, coded in as few bits as their frequencies allow. The step is the one with which all of the bytes come
/// to B bits a weight: at that rate no scalar levels err less. Steps are inversely proportional to the root
/// of what an error of the column costs in the end: with a rounding that passes errors on, they make the
/// outputs' errors of all columns equal, which is reverse water-filling. Columns share up to 16 classes of
/// about the same step and spread, each with its table.
///
/// Numbers are decoded to multiples of a little less than the step that rounded them: the means of the
/// weights between two thresholds lie towards zero.
///
/// The bytes are EntropyTensor's, and exactly ⌊rate · weights ÷ 8⌋ (or what a tensor of zeros needs, for tiny
/// ones).
/// Lifar et al.: WaterSIC, arXiv 2603.04956, 2026; Chou, Lookabaugh, Gray: Entropy-constrained vector
/// quantization, 1989.
std::shared_ptr<const Format> makeEntropyFormat(int rate);

} // namespace planish
