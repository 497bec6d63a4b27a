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

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Costs = hn::ScalableTag<std::uint16_t>;
using Units = hn::ScalableTag<std::int16_t>;
using Bytes = hn::ScalableTag<std::uint8_t>;

/// Endings whose costs are read at once: what a block of 128 bits holds.
constexpr std::size_t endingsAtOnce = 8;

/// Goes on from every ending before a target by every symbol: costs[ending·2^K + symbol].
template <int bits, int doublings>
HWY_INLINE void extend(const TrellisSweep& sweep, std::size_t index, std::uint16_t least) {
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
    const auto wanted = hn::Set(units, sweep.targets[index]);
    const auto base = hn::Set(costs, least);
    const std::size_t endings = sweep.codes[index]->states() >> bits;
    const std::int16_t* values = sweep.codes[index]->values();
    const std::uint16_t* before = sweep.before + index * sweep.endings;
    for (std::size_t ending = 0; ending < endings; ending += endingsAtOnce) {
        const auto eight = hn::BitCast(bytes, hn::SaturatedSub(hn::LoadDup128(costs, before + ending), base));
        for (std::size_t i = 0; i < vectors; ++i) {
            const std::size_t at = (ending << bits) + i * lanes;
            const auto paths =
                hn::BitCast(costs, hn::TableLookupBytes(eight, hn::Load(bytes, from + i * 2 * lanes)));
            auto distance = hn::SaturatedSub(wanted, hn::Load(units, values + at));
            for (int doubling = 0; doubling < doublings; ++doubling) {
                distance = hn::SaturatedAdd(distance, distance);
            }
            const auto cost = hn::BitCast(costs, hn::MulHigh(distance, distance));
            hn::Store(hn::SaturatedAdd(paths, cost), costs, sweep.costs + at);
        }
    }
}

/// The least cost of the states that agree in their last bits, for all of these; returns the least of all.
template <class Tag>
HWY_INLINE std::uint16_t keepBest(Tag costs, const TrellisSweep& sweep, std::size_t index) {
    const std::size_t states = sweep.codes[index]->states();
    const std::size_t endings = states >> sweep.codes[index]->bits();
    std::uint16_t* before = sweep.before + index * sweep.endings;
    auto least = hn::Set(costs, 65535);
    for (std::size_t ending = 0; ending < endings; ending += hn::Lanes(costs)) {
        auto best = hn::Load(costs, sweep.costs + ending);
        for (std::size_t first = endings; first < states; first += endings) {
            best = hn::Min(best, hn::Load(costs, sweep.costs + first + ending));
        }
        hn::Store(best, costs, before + ending);
        least = hn::Min(least, best);
    }
    return hn::GetLane(hn::MinOfLanes(costs, least));
}

/// Only weights of 4 bits are doubled once or twice: twice among weights of 5.
void extendBy(const TrellisSweep& sweep, std::size_t index, std::uint16_t least) {
    switch (sweep.codes[index]->bits()) {
    case 2:
        return extend<2, 1>(sweep, index, least);
    case 3:
        return extend<3, 1>(sweep, index, least);
    case 4:
        return sweep.doublings == 1 ? extend<4, 1>(sweep, index, least) : extend<4, 2>(sweep, index, least);
    default:
        return extend<5, 2>(sweep, index, least);
    }
}

void sweepImpl(const TrellisSweep& sweep) {
    const Costs costs;
    const std::size_t endings = sweep.codes[0]->states() >> sweep.codes[0]->bits();
    std::fill_n(sweep.before, endings, static_cast<std::uint16_t>(sweep.start < 0 ? 0 : 65535));
    if (sweep.start >= 0) {
        sweep.before[sweep.start] = 0;
    }
    extendBy(sweep, 0, 0);
    for (std::size_t i = 1; i < sweep.targets.size(); ++i) {
        const bool wide = sweep.codes[i]->states() >> sweep.codes[i]->bits() >= hn::Lanes(costs);
        const std::uint16_t least =
            wide ? keepBest(costs, sweep, i) : keepBest(hn::FixedTag<std::uint16_t, 8>(), sweep, i);
        extendBy(sweep, i, least);
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

int trellisDoublings(int mostBits) {
    return mostBits < 5 ? 1 : 2;
}

std::uint16_t trellisCost(int doublings, std::int16_t target, std::int16_t value) {
    int distance = std::clamp(target - value, -32768, 32767);
    for (int doubling = 0; doubling < doublings; ++doubling) {
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
