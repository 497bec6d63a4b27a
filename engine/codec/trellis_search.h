// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/trellis_code.h"

#include <hwy/aligned_allocator.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace planish {

/// Finds paths through a trellis that come near to given values (Viterbi: Error bounds for convolutional
/// codes, 1967). The path is closed: the state of the first weight begins with the last symbols, so that no
/// bit is spent on a start (tail-biting). The bits it closes in are those of the best open path through the
/// sequence turned by half its length; the best closed path with these bits is then the answer (Tseng, Sun,
/// Hou, De Sa: QTIP, 2024, algorithm 4). Holds room for one search at a time.
class TrellisSearch {
  public:
    /// For sequences of a weight for each code; all codes of as many states, L ≤ the sum of their bits.
    explicit TrellisSearch(std::vector<const TrellisCode*> codes);

    /// The states of the path for `targets`, in units of the codes.
    void find(std::span<const std::int16_t> targets, std::span<std::uint32_t> states);

  private:
    void sweep(std::span<const std::int16_t> targets, std::span<const TrellisCode* const> codes,
               std::int32_t start);
    /// The path that ends in states.back(), backwards through the last sweep.
    void trace(std::span<const std::int16_t> targets, std::span<const TrellisCode* const> codes,
               std::span<std::uint32_t> states) const;

    std::vector<const TrellisCode*> codes_;
    std::vector<const TrellisCode*> turnedCodes_;
    std::vector<std::int16_t> turnedTargets_;
    int doublings_;
    std::size_t endings_; ///< 2^(L−K) for the least K
    hwy::AlignedFreeUniquePtr<std::uint16_t[]> before_;
    hwy::AlignedFreeUniquePtr<std::uint16_t[]> costs_;
};

} // namespace planish
