// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/trellis_kernel.h"

#include <algorithm>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/trellis_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef PLANISH_TRELLIS_DOUBLINGS
#define PLANISH_TRELLIS_DOUBLINGS
namespace planish {
/// How often a distance is doubled before it is squared: the mean cost of a step is then 10 to 170.
constexpr int doublingsFor(int bits) {
    return bits < 5 ? 1 : 2;
}
} // namespace planish
#endif

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Costs = hn::ScalableTag<std::uint16_t>;
using Units = hn::ScalableTag<std::int16_t>;
using Bytes = hn::ScalableTag<std::uint8_t>;

/// Endings whose costs are read at once: what a block of 128 bits holds.
constexpr std::size_t endingsAtOnce = 8;

/// Goes on from every ending by every symbol: costs[ending·2^K + symbol].
template <int bits>
HWY_INLINE void extend(const TrellisSweep& sweep, const std::uint16_t* before, std::uint16_t least,
                       std::int16_t target) {
    const Costs costs;
    const Units units;
    const Bytes bytes;
    constexpr std::size_t lanes = hn::MaxLanes(costs);
    constexpr std::size_t vectors = (endingsAtOnce << bits) / lanes;
    // Which of the eight endings each lane goes on from.
    HWY_ALIGN std::uint8_t from[2 * lanes * vectors];
    for (std::size_t i = 0; i < lanes * vectors; ++i) {
        from[2 * i] = static_cast<std::uint8_t>(2 * (i >> bits));
        from[2 * i + 1] = static_cast<std::uint8_t>(2 * (i >> bits) + 1);
    }
    const auto wanted = hn::Set(units, target);
    const auto base = hn::Set(costs, least);
    const std::size_t endings = sweep.code.states() >> bits;
    const std::int16_t* values = sweep.code.values();
    for (std::size_t ending = 0; ending < endings; ending += endingsAtOnce) {
        const auto eight = hn::BitCast(bytes, hn::SaturatedSub(hn::LoadDup128(costs, before + ending), base));
        for (std::size_t i = 0; i < vectors; ++i) {
            const std::size_t at = (ending << bits) + i * lanes;
            const auto paths =
                hn::BitCast(costs, hn::TableLookupBytes(eight, hn::Load(bytes, from + i * 2 * lanes)));
            auto distance = hn::SaturatedSub(wanted, hn::Load(units, values + at));
            for (int doubling = 0; doubling < doublingsFor(bits); ++doubling) {
                distance = hn::SaturatedAdd(distance, distance);
            }
            const auto cost = hn::BitCast(costs, hn::MulHigh(distance, distance));
            hn::Store(hn::SaturatedAdd(paths, cost), costs, sweep.costs + at);
        }
    }
}

/// The least cost of the states that agree in their last bits, for all of these; returns the least of all.
template <class Tag>
HWY_INLINE std::uint16_t keepBest(Tag costs, const TrellisSweep& sweep, int bits, std::uint16_t* before) {
    const std::size_t endings = sweep.code.states() >> bits;
    auto least = hn::Set(costs, 65535);
    for (std::size_t ending = 0; ending < endings; ending += hn::Lanes(costs)) {
        auto best = hn::Load(costs, sweep.costs + ending);
        for (std::size_t first = endings; first < sweep.code.states(); first += endings) {
            best = hn::Min(best, hn::Load(costs, sweep.costs + first + ending));
        }
        hn::Store(best, costs, before + ending);
        least = hn::Min(least, best);
    }
    return hn::GetLane(hn::MinOfLanes(costs, least));
}

template <int bits>
void sweepOf(const TrellisSweep& sweep) {
    const Costs costs;
    const std::size_t endings = sweep.code.states() >> bits;
    std::uint16_t* before = sweep.before;
    std::fill_n(before, endings, static_cast<std::uint16_t>(sweep.start < 0 ? 0 : 65535));
    if (sweep.start >= 0) {
        before[sweep.start] = 0;
    }
    extend<bits>(sweep, before, 0, sweep.targets[0]);
    for (std::size_t i = 1; i < sweep.targets.size(); ++i) {
        before += endings;
        const std::uint16_t least = endings >= hn::Lanes(costs)
                                        ? keepBest(costs, sweep, bits, before)
                                        : keepBest(hn::FixedTag<std::uint16_t, 8>(), sweep, bits, before);
        extend<bits>(sweep, before, least, sweep.targets[i]);
    }
}

void sweepImpl(const TrellisSweep& sweep) {
    switch (sweep.code.bits()) {
    case 2:
        return sweepOf<2>(sweep);
    case 3:
        return sweepOf<3>(sweep);
    case 4:
        return sweepOf<4>(sweep);
    default:
        return sweepOf<5>(sweep);
    }
}

using Numbers = hn::ScalableTag<float>;
using States = hn::RebindToUnsigned<Numbers>;
using Symbols = hn::Rebind<std::uint8_t, States>;

HWY_INLINE hn::Vec<States> nextStates(const TrellisRow& row, std::size_t column) {
    const States states;
    const auto symbols = hn::PromoteTo(states, hn::LoadU(Symbols(), row.symbols + column));
    const auto moved = hn::ShiftLeftSame(hn::LoadU(states, row.states + column), row.code.bits());
    const auto mask = hn::Set(states, static_cast<std::uint32_t>(row.code.states() - 1));
    const auto next = hn::Or(hn::And(moved, mask), symbols);
    hn::StoreU(next, states, row.states + column);
    return next;
}

std::size_t decodeRowImpl(const TrellisRow& row, float* out) {
    const Numbers numbers;
    const auto scale = hn::Set(numbers, row.scale);
    std::size_t column = 0;
    for (; column + hn::Lanes(numbers) <= row.columns; column += hn::Lanes(numbers)) {
        const auto at = hn::BitCast(hn::RebindToSigned<Numbers>(), nextStates(row, column));
        hn::StoreU(hn::Mul(hn::GatherIndex(numbers, row.values, at), scale), numbers, out + column);
    }
    return column;
}

std::size_t passRowImpl(const TrellisRow& row) {
    std::size_t column = 0;
    for (; column + hn::Lanes(States()) <= row.columns; column += hn::Lanes(States())) {
        nextStates(row, column);
    }
    return column;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(sweepImpl);
HWY_EXPORT(decodeRowImpl);
HWY_EXPORT(passRowImpl);

namespace {

std::uint32_t nextState(const TrellisRow& row, std::size_t column) {
    const std::uint32_t moved = row.states[column] << row.code.bits();
    row.states[column] = (moved & static_cast<std::uint32_t>(row.code.states() - 1)) | row.symbols[column];
    return row.states[column];
}

} // namespace

std::uint16_t trellisCost(const TrellisCode& code, std::int16_t target, std::int16_t value) {
    int distance = std::clamp(target - value, -32768, 32767);
    for (int doubling = 0; doubling < doublingsFor(code.bits()); ++doubling) {
        distance = std::clamp(2 * distance, -32768, 32767);
    }
    return static_cast<std::uint16_t>(distance * distance >> 16);
}

void sweepTrellis(const TrellisSweep& sweep) {
    HWY_DYNAMIC_DISPATCH(sweepImpl)(sweep);
}

void decodeTrellisRow(const TrellisRow& row, float* out) {
    for (std::size_t i = HWY_DYNAMIC_DISPATCH(decodeRowImpl)(row, out); i < row.columns; ++i) {
        out[i] = row.values[nextState(row, i)] * row.scale;
    }
}

void passTrellisRow(const TrellisRow& row) {
    for (std::size_t i = HWY_DYNAMIC_DISPATCH(passRowImpl)(row); i < row.columns; ++i) {
        nextState(row, i);
    }
}

} // namespace planish
#endif
