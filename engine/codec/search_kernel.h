// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/grid.h"

#include <cstddef>

namespace planish {

/// Several groups of a row on a grid of whole levels with parameters in fp16.
struct SearchProblem {
    float first; ///< level
    float last;
    bool hasOffset;
    bool signedScale;
    bool thorough; ///< as MseChoice searches; otherwise as RefineChoice does
    const float* weights;
    std::size_t groupSize;
    std::size_t groups; ///< whole ones
};

/// Searches the parameters of all groups, from the covering ones on: RefineChoice and MseChoice for weights
/// that all count the same, a group in each lane of a vector. To the last bit what a ParameterSearch finds
/// group by group, for weights up to 1e15.
void searchGroups(const SearchProblem& problem, GroupParameters* parameters);

} // namespace planish
