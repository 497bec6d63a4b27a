// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/hadamard_kernel.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/hadamard_kernel.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;
using Vector = hn::Vec<Tag>;

/// One number at a time.
void butterflies(float* x, std::size_t block) {
    for (std::size_t half = 1; half < block; half *= 2) {
        for (std::size_t i = 0; i < block; i += 2 * half) {
            for (std::size_t j = i; j < i + half; ++j) {
                const float a = x[j];
                const float b = x[j + half];
                x[j] = a + b;
                x[j + half] = a - b;
            }
        }
    }
}

/// The stages within a vector: its numbers plus those `half` away, or those minus its own.
HWY_INLINE Vector within(Vector x) {
    const Tag d;
    const hn::RebindToSigned<Tag> whole;
    const auto lane = hn::Iota(whole, 0);
    for (std::size_t half = 1; half < hn::MaxLanes(d); half *= 2) {
        const auto bit = hn::Set(whole, static_cast<std::int32_t>(half));
        const auto partner = hn::TableLookupLanes(x, hn::IndicesFromVec(d, hn::Xor(lane, bit)));
        const auto upper = hn::RebindMask(d, hn::TestBit(lane, bit));
        const auto sign = hn::IfThenElse(upper, hn::Set(d, -1.0F), hn::Set(d, 1.0F));
        x = hn::MulAdd(x, sign, partner);
    }
    return x;
}

/// Four vectors `step` apart, two stages.
struct Four {
    HWY_INLINE Four(const float* x, std::size_t step)
        : a(hn::LoadU(Tag(), x)),
          b(hn::LoadU(Tag(), x + step)),
          c(hn::LoadU(Tag(), x + 2 * step)),
          d(hn::LoadU(Tag(), x + 3 * step)) {}

    HWY_INLINE void stages() {
        const Vector sum = hn::Add(a, b);
        const Vector difference = hn::Sub(a, b);
        const Vector upperSum = hn::Add(c, d);
        const Vector upperDifference = hn::Sub(c, d);
        a = hn::Add(sum, upperSum);
        b = hn::Add(difference, upperDifference);
        c = hn::Sub(sum, upperSum);
        d = hn::Sub(difference, upperDifference);
    }

    HWY_INLINE void store(float* x, std::size_t step) const {
        hn::Store(a, Tag(), x);
        hn::Store(b, Tag(), x + step);
        hn::Store(c, Tag(), x + 2 * step);
        hn::Store(d, Tag(), x + 3 * step);
    }

    Vector a;
    Vector b;
    Vector c;
    Vector d;
};

/// The stages between numbers `half` and more apart, where `half` is a whole number of vectors.
HWY_INLINE void combine(float* x, std::size_t block, std::size_t half) {
    const std::size_t lanes = hn::Lanes(Tag());
    for (; 4 * half <= block; half *= 4) {
        for (std::size_t i = 0; i < block; i += 4 * half) {
            for (std::size_t j = i; j < i + half; j += lanes) {
                Four four(x + j, half);
                four.stages();
                four.store(x + j, half);
            }
        }
    }
    if (half < block) {
        for (std::size_t j = 0; j < half; j += lanes) {
            const Vector a = hn::Load(Tag(), x + j);
            const Vector b = hn::Load(Tag(), x + j + half);
            hn::Store(hn::Add(a, b), Tag(), x + j);
            hn::Store(hn::Sub(a, b), Tag(), x + j + half);
        }
    }
}

/// A block of at least four vectors, to aligned ones.
HWY_INLINE void transformBlock(const float* from, std::size_t block, float* x) {
    const std::size_t lanes = hn::Lanes(Tag());
    for (std::size_t i = 0; i < block; i += 4 * lanes) {
        Four four(from + i, lanes);
        four.a = within(four.a);
        four.b = within(four.b);
        four.c = within(four.c);
        four.d = within(four.d);
        four.stages();
        four.store(x + i, lanes);
    }
    combine(x, block, 4 * lanes);
}

void hadamardImpl(float* row, std::size_t columns, std::size_t block, const float* factors, float* room) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    for (std::size_t start = 0; start < columns; start += block) {
        if (block < 4 * lanes) {
            std::copy_n(row + start, block, room + start);
            butterflies(room + start, block);
        } else {
            transformBlock(row + start, block, room + start);
        }
    }
    std::size_t i = 0;
    for (; i + lanes <= columns; i += lanes) {
        hn::StoreU(hn::Mul(hn::Load(d, room + i), hn::LoadU(d, factors + i)), d, row + i);
    }
    for (; i < columns; ++i) {
        row[i] = room[i] * factors[i];
    }
}

/// A vector of columns at a time.
std::size_t downImpl(const RowBlock& block, const float* before, const float* after) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    HWY_ALIGN float room[mostRowsDown * hn::MaxLanes(d)];
    std::size_t column = 0;
    for (; column + lanes <= block.columns; column += lanes) {
        float* x = block.first + column;
        for (std::size_t row = 0; row < block.rows; ++row) {
            const auto factor = hn::Set(d, before[row]);
            hn::Store(hn::Mul(hn::LoadU(d, x + row * block.stride), factor), d, room + row * lanes);
        }
        combine(room, block.rows * lanes, lanes);
        for (std::size_t row = 0; row < block.rows; ++row) {
            const auto factor = hn::Set(d, after[row]);
            hn::StoreU(hn::Mul(hn::Load(d, room + row * lanes), factor), d, x + row * block.stride);
        }
    }
    return column;
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(hadamardImpl);
HWY_EXPORT(downImpl);

void hadamard(std::span<float> row, std::size_t block, std::span<const float> factors, float* room) {
    assert(factors.size() == row.size() && row.size() % block == 0);
    HWY_DYNAMIC_DISPATCH(hadamardImpl)(row.data(), row.size(), block, factors.data(), room);
}

void hadamardDown(const RowBlock& block, std::span<const float> before, std::span<const float> after) {
    assert(block.rows <= mostRowsDown && before.size() == block.rows && after.size() == block.rows);
    std::array<float, mostRowsDown> room{};
    for (std::size_t column = HWY_DYNAMIC_DISPATCH(downImpl)(block, before.data(), after.data());
         column < block.columns; ++column) {
        float* x = block.first + column;
        for (std::size_t row = 0; row < block.rows; ++row) {
            room[row] = x[row * block.stride] * before[row];
        }
        HWY_STATIC_DISPATCH(butterflies)(room.data(), block.rows);
        for (std::size_t row = 0; row < block.rows; ++row) {
            x[row * block.stride] = room[row] * after[row];
        }
    }
}

} // namespace planish
#endif
