// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/trellis_search.h"

#include "codec/trellis_kernel.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

namespace planish {
namespace {

std::uint32_t endingsOf(const TrellisCode& code) {
    return static_cast<std::uint32_t>(code.states() >> code.bits());
}

bool hasFewerBits(const TrellisCode* a, const TrellisCode* b) {
    return a->bits() < b->bits();
}

} // namespace

TrellisSearch::TrellisSearch(std::vector<const TrellisCode*> codes)
    : codes_(std::move(codes)),
      turnedCodes_(codes_),
      turnedTargets_(codes_.size()),
      doublings_(trellisDoublings((*std::max_element(codes_.begin(), codes_.end(), hasFewerBits))->bits())),
      endings_(endingsOf(**std::min_element(codes_.begin(), codes_.end(), hasFewerBits))),
      before_(hwy::AllocateAligned<std::uint16_t>(codes_.size() * endings_)),
      costs_(hwy::AllocateAligned<std::uint16_t>(codes_[0]->states())) {
    if (!before_ || !costs_) {
        throw std::bad_alloc();
    }
    std::rotate(turnedCodes_.begin(), turnedCodes_.begin() + static_cast<std::ptrdiff_t>(codes_.size() / 2),
                turnedCodes_.end());
}

void TrellisSearch::sweep(std::span<const std::int16_t> targets, std::span<const TrellisCode* const> codes,
                          std::int32_t start) {
    sweepTrellis({codes, targets, doublings_, start, endings_, before_.get(), costs_.get()});
}

void TrellisSearch::trace(std::span<const std::int16_t> targets, std::span<const TrellisCode* const> codes,
                          std::span<std::uint32_t> states) const {
    for (std::size_t i = states.size() - 1; i > 0; --i) {
        const std::uint32_t ending = states[i] >> codes[i]->bits();
        const std::uint32_t endings = endingsOf(*codes[i]);
        const TrellisCode& code = *codes[i - 1];
        int least = std::numeric_limits<int>::max();
        for (std::uint32_t state = ending; state < code.states(); state += endings) {
            const int cost = before_[(i - 1) * endings_ + (state >> code.bits())] +
                             trellisCost(doublings_, targets[i - 1], code.values()[state]);
            if (cost < least) {
                least = cost;
                states[i - 1] = state;
            }
        }
    }
}

void TrellisSearch::find(std::span<const std::int16_t> targets, std::span<std::uint32_t> states) {
    const std::size_t half = targets.size() / 2;
    std::rotate_copy(targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(half), targets.end(),
                     turnedTargets_.begin());
    sweep(turnedTargets_, turnedCodes_, -1);
    const std::uint16_t* costs = costs_.get();
    const std::size_t count = codes_[0]->states();
    states.back() = static_cast<std::uint32_t>(std::min_element(costs, costs + count) - costs);
    trace(turnedTargets_, turnedCodes_, states);
    // Of the last weight before the turn.
    const std::uint32_t endings = endingsOf(*codes_[0]);
    const std::uint32_t closing = states[targets.size() - half - 1] & (endings - 1);
    sweep(targets, codes_, static_cast<std::int32_t>(closing));
    states.back() = closing;
    for (std::uint32_t state = closing; state < count; state += endings) {
        if (costs[state] < costs[states.back()]) {
            states.back() = state;
        }
    }
    trace(targets, codes_, states);
}

} // namespace planish
