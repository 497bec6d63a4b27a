// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/gemm.h"

#include <algorithm>
#include <cassert>

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
    const float* panel;
    std::size_t inputs;
    float* out;
    std::size_t outStride;
    std::size_t columns; ///< of the panel that exist
    bool accumulate;
};

/// Rows × two vectors of sums, kept in registers over all inputs of the job.
template <std::size_t Rows>
HWY_INLINE void multiplyRows(const Job& job) {
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
    const float* b = job.panel;
    for (std::size_t k = 0; k < job.inputs; ++k, b += 2 * lanes) {
        const auto b0 = hn::Load(d, b);
        const auto b1 = hn::Load(d, b + lanes);
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

/// All rows of a part: as many as possible in full groups, the rest in smaller ones.
void multiplyPanel(Job job, std::size_t rows) {
    const auto advance = [&](std::size_t count) {
        job.a += count * job.aStride;
        job.out += count * job.outStride;
        rows -= count;
    };
    while (rows >= kernelRows()) {
        multiplyRows<kernelRows()>(job);
        advance(kernelRows());
    }
    while (rows >= 3) {
        multiplyRows<3>(job);
        advance(3);
    }
    while (rows > 0) {
        multiplyRows<1>(job);
        advance(1);
    }
}

void multiplyImpl(const float* a, std::size_t aStride, std::size_t rows, const PackedMatrix& b, float* out,
                  std::size_t outStride, bool accumulate) {
    const std::size_t width = b.panelWidth();
    for (std::size_t k = 0; k < b.inputs(); k += inputsPerBlock()) {
        const std::size_t inputs = std::min(inputsPerBlock(), b.inputs() - k);
        for (std::size_t index = 0; index < b.panels(); ++index) {
            multiplyPanel({a + k, aStride, b.panel(index) + k * width, inputs, out + index * width, outStride,
                           std::min(width, b.outputs() - index * width), accumulate || k > 0},
                          rows);
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

void PackedMatrix::resize(std::size_t inputs, std::size_t outputs) {
    panelWidth_ = HWY_DYNAMIC_DISPATCH(panelWidthImpl)();
    inputs_ = inputs;
    outputs_ = outputs;
    const std::size_t size = panels() * panelWidth_ * inputs_;
    if (size > capacity_) {
        values_ = hwy::AllocateAligned<float>(size);
        capacity_ = values_ ? size : throw std::bad_alloc();
    }
}

void PackedMatrix::packTransposedPanel(MatrixView b, std::size_t index) {
    float* to = values_.get() + index * inputs_ * panelWidth_;
    const std::size_t first = index * panelWidth_;
    const std::size_t columns = std::min(panelWidth_, outputs_ - first);
    const auto stride = static_cast<std::size_t>(b.outerStride());
    const float* from = b.data() + first * stride;
    for (std::size_t k = 0; k < inputs_; ++k, to += panelWidth_) {
        for (std::size_t column = 0; column < columns; ++column) {
            to[column] = from[column * stride + k];
        }
        std::fill(to + columns, to + panelWidth_, 0.0F);
    }
}

void PackedMatrix::packTransposed(MatrixView b) {
    resize(static_cast<std::size_t>(b.cols()), static_cast<std::size_t>(b.rows()));
    for (std::size_t index = 0; index < panels(); ++index) {
        packTransposedPanel(b, index);
    }
}

void PackedMatrix::packTransposed(MatrixView b, Workers& workers) {
    resize(static_cast<std::size_t>(b.cols()), static_cast<std::size_t>(b.rows()));
    workers.forEach(panels(), [&](std::size_t index) { packTransposedPanel(b, index); });
}

void PackedMatrix::pack(MatrixView b) {
    resize(static_cast<std::size_t>(b.rows()), static_cast<std::size_t>(b.cols()));
    float* to = values_.get();
    for (std::size_t index = 0; index < panels(); ++index) {
        const std::size_t first = index * panelWidth_;
        const std::size_t columns = std::min(panelWidth_, outputs_ - first);
        for (std::size_t k = 0; k < inputs_; ++k, to += panelWidth_) {
            const float* from = b.data() + k * static_cast<std::size_t>(b.outerStride()) + first;
            std::copy(from, from + columns, to);
            std::fill(to + columns, to + panelWidth_, 0.0F);
        }
    }
}

void multiply(MatrixView a, const PackedMatrix& b, MutableMatrixView out, bool accumulate) {
    assert(static_cast<std::size_t>(a.cols()) == b.inputs() && a.rows() == out.rows() &&
           static_cast<std::size_t>(out.cols()) == b.outputs());
    HWY_DYNAMIC_DISPATCH(multiplyImpl)
    (a.data(), static_cast<std::size_t>(a.outerStride()), static_cast<std::size_t>(a.rows()), b, out.data(),
     static_cast<std::size_t>(out.outerStride()), accumulate);
}

} // namespace planish
#endif
