// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"

#include "algebra/bfloat16_kernel.h"
#include "algebra/row_groups.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <utility>
#include <vector>

// foreach_target.h includes this file once for each target and must come before highway.h.
// clang-format off
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "algebra/gemm.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace planish::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Tag = hn::ScalableTag<float>;

/// Rows computed together: with two vectors each, as many sums as leave registers for the factors (32 or 16
/// in all).
constexpr std::size_t kernelRows() {
    return HWY_MAX_BYTES >= 64 ? 12 : 6;
}

/// Inputs summed before the next block: a panel's part then stays in the first-level cache, and the rows' in
/// the second.
constexpr std::size_t inputsPerBlock() {
    return 256;
}

struct Job {
    const float* a;
    std::size_t aStride;
    const std::uint32_t* panel; ///< bits of floats
    std::size_t inputs;
    float* out;
    std::size_t outStride;
    std::size_t columns; ///< of the panel that exist
    bool accumulate;
};

/// Rows × two vectors of sums, kept in registers over all inputs of the job.
template <std::size_t Rows>
void multiplyRows(const Job& job) {
    const Tag d;
    const std::size_t lanes = hn::Lanes(d);
    hn::Vec<Tag> left[Rows];
    hn::Vec<Tag> right[Rows];
    HWY_ALIGN float edge[2 * HWY_MAX_BYTES / sizeof(float)];
    const bool whole = job.columns == 2 * lanes;
    const auto target = [&](std::size_t row) {
        float* out = job.out + row * job.outStride;
        if (whole) {
            return out;
        }
        std::fill(edge, edge + 2 * lanes, 0.0F);
        std::copy(out, out + job.columns, edge);
        return edge;
    };
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
        if (job.accumulate) {
            const float* from = target(row);
            left[row] = hn::LoadU(d, from);
            right[row] = hn::LoadU(d, from + lanes);
        } else {
            left[row] = hn::Zero(d);
            right[row] = hn::Zero(d);
        }
    }
    const hn::RebindToUnsigned<Tag> words;
    const std::uint32_t* b = job.panel;
    for (std::size_t k = 0; k < job.inputs; ++k, b += 2 * lanes) {
        const auto b0 = hn::BitCast(d, hn::Load(words, b));
        const auto b1 = hn::BitCast(d, hn::Load(words, b + lanes));
#pragma GCC unroll 16
        for (std::size_t row = 0; row < Rows; ++row) {
            const auto factor = hn::Set(d, job.a[row * job.aStride + k]);
            left[row] = hn::MulAdd(factor, b0, left[row]);
            right[row] = hn::MulAdd(factor, b1, right[row]);
        }
    }
#pragma GCC unroll 16
    for (std::size_t row = 0; row < Rows; ++row) {
        float* out = job.out + row * job.outStride;
        if (whole) {
            hn::StoreU(left[row], d, out);
            hn::StoreU(right[row], d, out + lanes);
        } else {
            hn::Store(left[row], d, edge);
            hn::Store(right[row], d, edge + lanes);
            std::copy(edge, edge + job.columns, out);
        }
    }
}

template <std::size_t... Rows>
constexpr std::array<void (*)(const Job&), sizeof...(Rows)> kernels(std::index_sequence<Rows...>) {
    return {multiplyRows<Rows + 1>...};
}

void multiplyPanel(Job job, std::size_t rows) {
    static constexpr auto table = kernels(std::make_index_sequence<kernelRows()>());
    forRowGroups(rows, kernelRows(), [&](std::size_t count) {
        table[count - 1](job);
        job.a += count * job.aStride;
        job.out += count * job.outStride;
    });
}

void multiplyImpl(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate) {
    const std::size_t width = b.panelWidth();
    const auto inputs = static_cast<std::size_t>(a.cols());
    const auto outputs = static_cast<std::size_t>(out.cols());
    for (std::size_t k = 0; k < inputs; k += inputsPerBlock()) {
        for (std::size_t column = 0; column < outputs; column += width) {
            multiplyPanel({a.data() + k, static_cast<std::size_t>(a.outerStride()),
                           b.panel(column / width) + k * width, std::min(inputsPerBlock(), inputs - k),
                           out.data() + column, static_cast<std::size_t>(out.outerStride()),
                           std::min(width, outputs - column), accumulate || k > 0},
                          static_cast<std::size_t>(a.rows()));
        }
    }
}

std::size_t panelWidthImpl() {
    return 2 * hn::Lanes(Tag());
}

} // namespace planish::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace planish {

HWY_EXPORT(multiplyImpl);
HWY_EXPORT(panelWidthImpl);

std::size_t panelWidth(Arithmetic arithmetic) {
    return arithmetic == Arithmetic::bfloat16 ? bfloat16::panelWidth : HWY_DYNAMIC_DISPATCH(panelWidthImpl)();
}

namespace {

/// The rows are rounded block by block, into memory that stays in the second-level cache.
void multiplyBfloat16(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate) {
    constexpr std::size_t rowsPerBlock = 256;
    constexpr std::size_t pairsPerBlock = 256;
    constexpr std::size_t stride = pairsPerBlock + 16; // not a power of two: rows fall into other cache sets
    thread_local std::vector<std::uint32_t> words;
    words.resize(rowsPerBlock * stride);
    const auto rows = static_cast<std::size_t>(a.rows());
    const auto aStride = static_cast<std::size_t>(a.outerStride());
    const auto outStride = static_cast<std::size_t>(out.outerStride());
    const auto inputs = static_cast<std::size_t>(a.cols());
    const auto outputs = static_cast<std::size_t>(out.cols());
    const std::size_t pairs = bfloat16::pairs(inputs);
    for (std::size_t row = 0; row < rows; row += rowsPerBlock) {
        const std::size_t blockRows = std::min(rowsPerBlock, rows - row);
        for (std::size_t pair = 0; pair < pairs; pair += pairsPerBlock) {
            const std::size_t blockInputs = std::min(2 * pairsPerBlock, inputs - 2 * pair);
            for (std::size_t i = 0; i < blockRows; ++i) {
                bfloat16::convertRow(a.data() + (row + i) * aStride + 2 * pair, blockInputs,
                                     words.data() + i * stride);
            }
            for (std::size_t column = 0; column < outputs; column += bfloat16::panelWidth) {
                const std::uint32_t* panel = b.panel(column / bfloat16::panelWidth);
                bfloat16::multiplyPanel({words.data(), stride, panel + pair * bfloat16::panelWidth,
                                         bfloat16::pairs(blockInputs), out.data() + row * outStride + column,
                                         outStride, std::min(bfloat16::panelWidth, outputs - column),
                                         accumulate || pair > 0},
                                        blockRows);
            }
        }
    }
}

} // namespace

void multiply(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate) {
    assert(static_cast<std::size_t>(a.cols()) <= b.inputs() && a.rows() == out.rows() &&
           static_cast<std::size_t>(out.cols()) <= b.outputs());
    if (b.arithmetic() == Arithmetic::bfloat16) {
        multiplyBfloat16(a, b, out, accumulate);
    } else {
        HWY_DYNAMIC_DISPATCH(multiplyImpl)(a, b, out, accumulate);
    }
}

} // namespace planish
#endif
