// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <optional>
#include <vector>

namespace planish {

/// The values that the weights of one group can be stored as.
struct GroupLevels {
    std::size_t row = 0;
    std::size_t firstColumn = 0;
    std::size_t columns = 0;
    std::vector<float> values; ///< rising
};

/// The levels of a packed tensor's typical group: the one whose levels reach as far as those of the median of
/// all groups of up to 64 rows. Without what corrections add. Nothing for codecs without a list of values for
/// each weight: plain floats, vectors, weights stored in another basis.
std::optional<GroupLevels> typicalLevels(const Codec& codec, const PackedTensor& packed);

} // namespace planish
