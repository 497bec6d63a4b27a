// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/trellis_search.h"

#include "codec/trellis_kernel.h"

#include <algorithm>
#include <cassert>
#include <limits>
#include <new>

namespace planish {

TrellisSearch::TrellisSearch(const TrellisCode& code, std::size_t length)
    : code_(code),
      endings_(static_cast<std::uint32_t>(code.states() >> code.bits())),
      before_(hwy::AllocateAligned<std::uint16_t>(length * endings_)),
      costs_(hwy::AllocateAligned<std::uint16_t>(code.states())),
      turned_(length) {
    assert(length * static_cast<std::size_t>(code.bits()) >= static_cast<std::size_t>(code.stateBits()));
    if (!before_ || !costs_) {
        throw std::bad_alloc();
    }
}

void TrellisSearch::sweep(std::span<const std::int16_t> targets, std::int32_t start) {
    sweepTrellis({code_, targets, start, before_.get(), costs_.get()});
}

void TrellisSearch::trace(std::span<const std::int16_t> targets, std::span<std::uint32_t> states) const {
    const auto step = [&](std::size_t i, std::uint32_t ending) {
        std::uint32_t best = ending;
        int least = std::numeric_limits<int>::max();
        for (std::uint32_t state = ending; state < code_.states(); state += endings_) {
            const int cost = before_[i * endings_ + (state >> code_.bits())] +
                             trellisCost(code_, targets[i], code_.values()[state]);
            if (cost < least) {
                least = cost;
                best = state;
            }
        }
        return best;
    };
    for (std::size_t i = states.size() - 1; i > 0; --i) {
        states[i - 1] = step(i - 1, states[i] >> code_.bits());
    }
}

void TrellisSearch::find(std::span<const std::int16_t> targets, std::span<std::uint32_t> states) {
    const std::size_t half = targets.size() / 2;
    std::rotate_copy(targets.begin(), targets.begin() + static_cast<std::ptrdiff_t>(half), targets.end(),
                     turned_.begin());
    sweep(turned_, -1);
    states.back() = static_cast<std::uint32_t>(std::min_element(costs_.get(), costs_.get() + code_.states()) -
                                               costs_.get());
    trace(turned_, states);
    // The last weight before the turn.
    const std::uint32_t closing = states[targets.size() - half - 1] & (endings_ - 1);
    sweep(targets, static_cast<std::int32_t>(closing));
    states.back() = closing;
    for (std::uint32_t state = closing; state < code_.states(); state += endings_) {
        if (costs_[state] < costs_[states.back()]) {
            states.back() = state;
        }
    }
    trace(targets, states);
}

} // namespace planish
