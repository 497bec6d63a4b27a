// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/tile_product.h"

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algebra/tile_product.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<double>;

/// Rows computed together: with two vectors each, as many sums as leave registers for the factors (32 or 16
/// in all).
constexpr std::size_t tileKernelRows() {
    return HWY_MAX_BYTES >= 64 ? 12 : 6;
}
static_assert(tileSize % tileKernelRows() == 0);
static_assert(tileSize % (2 * HWY_MAX_BYTES / sizeof(double)) == 0);

/// Rows × two vectors of sums, kept in registers over all inputs.
HWY_INLINE void addRows(const double* a, const double* panel, double* out) {
    constexpr std::size_t rows = tileKernelRows();
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    hn::Vec<Tag> left[rows];
    hn::Vec<Tag> right[rows];
#pragma GCC unroll 16
    for (std::size_t row = 0; row < rows; ++row) {
        left[row] = hn::Load(d, out + row * tileSize);
        right[row] = hn::Load(d, out + row * tileSize + lanes);
    }
    for (std::size_t k = 0; k < tileSize; ++k, panel += 2 * lanes) {
        const auto b0 = hn::Load(d, panel);
        const auto b1 = hn::Load(d, panel + lanes);
#pragma GCC unroll 16
        for (std::size_t row = 0; row < rows; ++row) {
            const auto factor = hn::Set(d, a[row * tileSize + k]);
            left[row] = hn::MulAdd(factor, b0, left[row]);
            right[row] = hn::MulAdd(factor, b1, right[row]);
        }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < rows; ++row) {
        hn::Store(left[row], d, out + row * tileSize);
        hn::Store(right[row], d, out + row * tileSize + lanes);
    }
}

void addTileProductImpl(const double* a, const double* packed, double* out) {
    const std::size_t width = 2 * hn::Lanes(Tag());
    for (std::size_t column = 0; column < tileSize; column += width) {
        for (std::size_t row = 0; row < tileSize; row += tileKernelRows()) {
            addRows(a + row * tileSize, packed + column * tileSize, out + row * tileSize + column);
        }
    }
}

std::size_t tilePanelWidthImpl() {
    return 2 * hn::Lanes(Tag());
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(addTileProductImpl);
HWY_EXPORT(tilePanelWidthImpl);

void packTile(const double* tile, double sign, double* packed) {
    const std::size_t width = HWY_DYNAMIC_DISPATCH(tilePanelWidthImpl)();
    for (std::size_t first = 0; first < tileSize; first += width) {
        for (std::size_t k = 0; k < tileSize; ++k) {
            for (std::size_t column = first; column < first + width; ++column) {
                *packed++ = sign * tile[k * tileSize + column];
            }
        }
    }
}

void packTransposedTile(const double* tile, double sign, double* packed) {
    const std::size_t width = HWY_DYNAMIC_DISPATCH(tilePanelWidthImpl)();
    for (std::size_t first = 0; first < tileSize; first += width) {
        for (std::size_t k = 0; k < tileSize; ++k) {
            for (std::size_t column = first; column < first + width; ++column) {
                *packed++ = sign * tile[column * tileSize + k];
            }
        }
    }
}

void addTileProduct(const double* a, const double* packed, double* out) {
    HWY_DYNAMIC_DISPATCH(addTileProductImpl)(a, packed, out);
}

} // namespace planish
#endif
