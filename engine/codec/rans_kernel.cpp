// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/rans_kernel.h"

#include "codec/symbol_table.h"

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/rans_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using States = hn::CappedTag<std::uint32_t, 8>;
using Places = hn::RebindToSigned<States>;
using Numbers = hn::RebindToFloat<States>;
constexpr std::size_t lanes = hn::MaxLanes(States());

/// For every set of lanes that take a word, which of the next words each lane takes.
struct WordOrder {
    WordOrder() {
        for (std::size_t set = 0; set < (std::size_t{1} << lanes); ++set) {
            std::uint32_t next = 0;
            for (std::size_t lane = 0; lane < lanes; ++lane) {
                order[set][lane] = next;
                next += static_cast<std::uint32_t>(set >> lane & 1U);
            }
        }
    }
    HWY_ALIGN std::uint32_t order[std::size_t{1} << lanes][lanes];
};

RansProgress rowImpl(const RansRow& row, std::uint32_t* states, std::span<const std::byte> words,
                     float* out) {
    static const WordOrder orders;
    const States d;
    const Places places;
    const Numbers numbers;
    const hn::Rebind<std::uint16_t, States> wordTag;
    constexpr std::size_t parts = 8 / lanes;
    hn::Vec<States> coders[parts];
    for (std::size_t part = 0; part < parts; ++part) {
        coders[part] = hn::LoadU(d, states + part * lanes);
    }
    const auto placeMask = hn::Set(d, SymbolTable::total - 1);
    const auto lowByte = hn::Set(places, 0xff);
    const auto lowHalf = hn::Set(d, 0xffff);
    const auto least = hn::Set(d, 1U << 16);
    const auto* next = reinterpret_cast<const std::uint16_t*>(words.data());
    const std::size_t available = words.size() / sizeof(std::uint16_t);
    RansProgress done;
    for (; done.columns + 8 <= row.columns && done.words + 8 <= available; done.columns += 8) {
        for (std::size_t part = 0; part < parts; ++part) {
            const std::size_t column = done.columns + part * lanes;
            auto state = coders[part];
            const auto place = hn::And(state, placeMask);
            const auto group = hn::LoadU(d, row.classes + column);
            const auto at = hn::Or(place, hn::ShiftLeft<SymbolTable::precision>(group));
            const auto low =
                hn::And(hn::GatherOffset(places, reinterpret_cast<const std::int32_t*>(row.numbers),
                                         hn::BitCast(places, at)),
                        lowByte);
            const auto rangeAt = hn::Or(low, hn::BitCast(places, hn::ShiftLeft<8>(group)));
            const auto range = hn::GatherIndex(d, row.ranges, rangeAt);
            state = hn::Add(hn::Mul(hn::And(range, lowHalf), hn::ShiftRight<SymbolTable::precision>(state)),
                            hn::Sub(place, hn::ShiftRight<16>(range)));
            const auto needs = hn::Lt(state, least);
            std::uint8_t bits[8] = {};
            hn::StoreMaskBits(d, needs, bits);
            const auto incoming = hn::PromoteTo(d, hn::LoadU(wordTag, next + done.words));
            const auto chosen = hn::TableLookupLanes(incoming, hn::SetTableIndices(d, orders.order[bits[0]]));
            coders[part] = hn::IfThenElse(needs, hn::Or(hn::ShiftLeft<16>(state), chosen), state);
            done.words += static_cast<std::size_t>(__builtin_popcount(bits[0]));
            const auto number = hn::ShiftRight<24>(hn::ShiftLeft<24>(low));
            hn::StoreU(hn::Mul(hn::ConvertTo(numbers, number), hn::LoadU(numbers, row.factors + column)),
                       numbers, out + column);
        }
    }
    for (std::size_t part = 0; part < parts; ++part) {
        hn::StoreU(coders[part], d, states + part * lanes);
    }
    return done;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(rowImpl);

RansProgress ransRow(const RansRow& row, std::array<std::uint32_t, 8>& states,
                     std::span<const std::byte> words, float* out) {
    return HWY_DYNAMIC_DISPATCH(rowImpl)(row, states.data(), words, out);
}

} // namespace planish
#endif
