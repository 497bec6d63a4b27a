// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/value_kernels.h"

#include "codec/number.h"

#include <cassert>
#include <cstring>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/value_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Whole = hn::RebindToSigned<Tag>;
using Vector = hn::Vec<Tag>;

HWY_INLINE hn::Vec<Whole> loadIndices(const std::uint8_t* indices) {
    return hn::PromoteTo(Whole(), hn::LoadU(hn::Rebind<std::uint8_t, Tag>(), indices));
}

/// The levels of a table in as many registers as they need.
class Table {
  public:
    explicit HWY_INLINE Table(const float* levels) {
        for (std::size_t i = 0; i < parts; ++i) {
            levels_[i] = hn::LoadU(Tag(), levels + i * lanes);
        }
    }

    /// Each offset + scale · level.
    HWY_INLINE Table(const Table& levels, Vector scale, Vector offset) {
        for (std::size_t i = 0; i < parts; ++i) {
            levels_[i] = hn::Add(offset, hn::Mul(scale, levels.levels_[i]));
        }
    }

    HWY_INLINE Vector at(hn::Vec<Whole> indices) const {
        const Whole whole;
        const auto place = hn::And(indices, hn::Set(whole, static_cast<std::int32_t>(lanes - 1)));
        const auto lookUp = hn::IndicesFromVec(Tag(), place);
        Vector found = hn::TableLookupLanes(levels_[0], lookUp);
        for (std::size_t i = 1; i < parts; ++i) {
            const auto reached = hn::Set(whole, static_cast<std::int32_t>(i * lanes - 1));
            found = hn::IfThenElse(hn::RebindMask(Tag(), hn::Gt(indices, reached)),
                                   hn::TableLookupLanes(levels_[i], lookUp), found);
        }
        return found;
    }

  private:
    static constexpr std::size_t lanes = hn::MaxLanes(Tag()) < 16 ? hn::MaxLanes(Tag()) : 16;
    static constexpr std::size_t parts = 16 / lanes;
    Vector levels_[parts];
};

/// Calls valuesOf(group) once a group for what gives a vector of indices their values. Vectors may reach into
/// the next groups, which come later and overwrite that; at the end of the row they go through `edge`.
template <typename ValuesOf>
HWY_INLINE void forGroups(const IndexRow& row, const ValuesOf& valuesOf) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN std::uint8_t edgeIndices[HWY_MAX_BYTES] = {};
    HWY_ALIGN float edge[HWY_MAX_BYTES / sizeof(float)];
    for (std::size_t start = 0, group = 0; start < row.columns; start += row.groupSize, ++group) {
        const auto values = valuesOf(group);
        const std::size_t end = row.columns - start < row.groupSize ? row.columns : start + row.groupSize;
        std::size_t i = start;
        for (; i < end && i + lanes <= row.columns; i += lanes) {
            hn::StoreU(values(loadIndices(row.indices + i)), d, row.out + i);
        }
        if (i < end) {
            std::memcpy(edgeIndices, row.indices + i, end - i);
            hn::Store(values(loadIndices(edgeIndices)), d, edge);
            std::memcpy(row.out + i, edge, (end - i) * sizeof(float));
        }
    }
}

void uniformValuesImpl(const GroupParameters* parameters, float first, const IndexRow& row) {
    const Tag d;
    const Vector start = hn::Set(d, first);
    forGroups(row, [&](std::size_t group) HWY_ATTR {
        const Vector scale = hn::Set(d, parameters[group].scale);
        const Vector offset = hn::Set(d, parameters[group].offset);
        return [=](hn::Vec<Whole> indices) HWY_ATTR {
            return hn::Add(offset, hn::Mul(scale, hn::Add(hn::ConvertTo(Tag(), indices), start)));
        };
    });
}

void tableValuesImpl(const GroupParameters* parameters, const float* levels, const IndexRow& row) {
    const Tag d;
    const Table unit(levels);
    forGroups(row, [&](std::size_t group) HWY_ATTR {
        const Table table(unit, hn::Set(d, parameters[group].scale), hn::Set(d, parameters[group].offset));
        return [=](hn::Vec<Whole> indices) HWY_ATTR { return table.at(indices); };
    });
}

void lookUpValuesImpl(const LevelTable* tables, const IndexRow& row) {
    forGroups(row, [&](std::size_t group) HWY_ATTR {
        const Table table(tables[group].data());
        return [=](hn::Vec<Whole> indices) HWY_ATTR { return table.at(indices); };
    });
}

/// As fromFp16() does it.
std::size_t floatsFromFp16Impl(const std::byte* in, float* out, std::size_t count) {
    const Tag d;
    const hn::RebindToUnsigned<Tag> bits;
    const hn::Rebind<std::uint16_t, Tag> halves;
    const std::size_t lanes = hn::Lanes(d);
    const auto exponent = hn::Set(bits, 0x7f800000U);
    std::size_t i = 0;
    for (; i + lanes <= count; i += lanes) {
        const auto stored = hn::PromoteTo(
            bits, hn::LoadU(halves, reinterpret_cast<const std::uint16_t*>(in + i * sizeof(std::uint16_t))));
        const auto magnitude = hn::ShiftLeft<13>(hn::And(stored, hn::Set(bits, 0x7fffU)));
        const auto sign = hn::ShiftLeft<16>(hn::And(stored, hn::Set(bits, 0x8000U)));
        const auto scaled = hn::BitCast(bits, hn::Mul(hn::BitCast(d, magnitude), hn::Set(d, 0x1p112F)));
        const auto special = hn::Gt(magnitude, hn::Set(bits, 0x0f7fffffU));
        const auto value = hn::IfThenElse(special, hn::Or(magnitude, exponent), scaled);
        hn::StoreU(hn::BitCast(d, hn::Or(value, sign)), d, out + i);
    }
    return i;
}

std::size_t clearColumnsImpl(const std::byte* bits, float* row, std::size_t columns) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    std::size_t i = 0;
    if (lanes % 8 == 0) {
        for (; i + lanes <= columns; i += lanes) {
            const auto mask = hn::LoadMaskBits(d, reinterpret_cast<const std::uint8_t*>(bits + i / 8));
            hn::StoreU(hn::IfThenZeroElse(mask, hn::LoadU(d, row + i)), d, row + i);
        }
    }
    return i;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(uniformValuesImpl);
HWY_EXPORT(tableValuesImpl);
HWY_EXPORT(lookUpValuesImpl);
HWY_EXPORT(floatsFromFp16Impl);
HWY_EXPORT(clearColumnsImpl);

void uniformValues(std::span<const GroupParameters> parameters, float first, const IndexRow& row) {
    HWY_DYNAMIC_DISPATCH(uniformValuesImpl)(parameters.data(), first, row);
}

void tableValues(std::span<const GroupParameters> parameters, const LevelTable& levels, const IndexRow& row) {
    HWY_DYNAMIC_DISPATCH(tableValuesImpl)(parameters.data(), levels.data(), row);
}

void lookUpValues(std::span<const LevelTable> tables, const IndexRow& row) {
    HWY_DYNAMIC_DISPATCH(lookUpValuesImpl)(tables.data(), row);
}

void floatsFromFp16(std::span<const std::byte> in, std::span<float> out) {
    assert(in.size() == out.size() * sizeof(std::uint16_t));
    for (std::size_t i = HWY_DYNAMIC_DISPATCH(floatsFromFp16Impl)(in.data(), out.data(), out.size());
         i < out.size(); ++i) {
        std::uint16_t bits = 0;
        std::memcpy(&bits, in.data() + i * sizeof(bits), sizeof(bits));
        out[i] = fromFp16(bits);
    }
}

void clearColumns(std::span<const std::byte> bits, std::span<float> row) {
    for (std::size_t i = HWY_DYNAMIC_DISPATCH(clearColumnsImpl)(bits.data(), row.data(), row.size());
         i < row.size(); ++i) {
        if ((std::to_integer<unsigned>(bits[i / 8]) >> (i % 8) & 1U) != 0) {
            row[i] = 0;
        }
    }
}

} // namespace planish
#endif
