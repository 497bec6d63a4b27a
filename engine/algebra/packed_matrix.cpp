// SPDX-License-Identifier: GPL-3.0-or-later
#include "algebra/packed_matrix.h"

#include "algebra/bfloat16_kernel.h"
#include "algebra/gemm.h"
#include "support/system.h"

#include <hwy/highway.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <vector>

namespace planish {
namespace {

/// to[k · width + column] = from[column · stride + k] for `count` values of k.
void transposeWords(const std::uint32_t* from, std::size_t stride, std::size_t columns, std::size_t count,
                    std::uint32_t* to, std::size_t width) {
    namespace hn = hwy::HWY_NAMESPACE;
    constexpr std::size_t side = 4;
    const hn::FixedTag<std::uint32_t, side> d;
    const std::size_t wholeColumns = columns / side * side;
    const std::size_t wholeCount = count / side * side;
    for (std::size_t k = 0; k < wholeCount; k += side) {
        for (std::size_t column = 0; column < wholeColumns; column += side) {
            const std::uint32_t* source = from + column * stride + k;
            const auto r0 = hn::LoadU(d, source);
            const auto r1 = hn::LoadU(d, source + stride);
            const auto r2 = hn::LoadU(d, source + 2 * stride);
            const auto r3 = hn::LoadU(d, source + 3 * stride);
            const auto lower01 = hn::InterleaveLower(d, r0, r1);
            const auto lower23 = hn::InterleaveLower(d, r2, r3);
            const auto upper01 = hn::InterleaveUpper(d, r0, r1);
            const auto upper23 = hn::InterleaveUpper(d, r2, r3);
            std::uint32_t* target = to + k * width + column;
            hn::StoreU(hn::ConcatLowerLower(d, lower23, lower01), d, target);
            hn::StoreU(hn::ConcatUpperUpper(d, lower23, lower01), d, target + width);
            hn::StoreU(hn::ConcatLowerLower(d, upper23, upper01), d, target + 2 * width);
            hn::StoreU(hn::ConcatUpperUpper(d, upper23, upper01), d, target + 3 * width);
        }
    }
    for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t column = k < wholeCount ? wholeColumns : 0; column < columns; ++column) {
            to[k * width + column] = from[column * stride + k];
        }
        std::fill(to + k * width + columns, to + (k + 1) * width, 0U);
    }
}

} // namespace

std::size_t PackedMatrix::panelRows() const {
    return arithmetic_ == Arithmetic::bfloat16 ? bfloat16::pairs(inputs_) : inputs_;
}

std::size_t PackedMatrix::columnsOf(std::size_t panel) const {
    return std::min(panelWidth_, outputs_ - panel * panelWidth_);
}

void PackedMatrix::resize(std::size_t inputs, std::size_t outputs, Arithmetic arithmetic) {
    arithmetic_ = arithmetic;
    panelWidth_ = planish::panelWidth(arithmetic);
    inputs_ = inputs;
    outputs_ = outputs;
    const std::size_t size = panels() * panelWidth_ * panelRows();
    if (size > capacity_) {
        words_ = hwy::AllocateAligned<std::uint32_t>(size);
        capacity_ = words_ ? size : throw std::bad_alloc();
        preferLargePages(words_.get(), size * sizeof(std::uint32_t));
    }
}

void PackedMatrix::packPanel(MatrixView rows, std::size_t index) {
    std::uint32_t* to = words_.get() + index * panelRows() * panelWidth_;
    const auto columns = static_cast<std::size_t>(rows.rows());
    const auto stride = static_cast<std::size_t>(rows.outerStride());
    if (arithmetic_ == Arithmetic::float32) {
        transposeWords(reinterpret_cast<const std::uint32_t*>(rows.data()), stride, columns, inputs_, to,
                       panelWidth_);
        return;
    }
    std::vector<std::uint32_t> words(columns * panelRows());
    for (std::size_t column = 0; column < columns; ++column) {
        bfloat16::convertRow(rows.data() + column * stride, inputs_, words.data() + column * panelRows());
    }
    transposeWords(words.data(), panelRows(), columns, panelRows(), to, panelWidth_);
}

void PackedMatrix::packTransposed(MatrixView b, Arithmetic arithmetic) {
    resize(static_cast<std::size_t>(b.cols()), static_cast<std::size_t>(b.rows()), arithmetic);
    for (std::size_t index = 0; index < panels(); ++index) {
        packPanel(b.middleRows(static_cast<Eigen::Index>(index * panelWidth_),
                               static_cast<Eigen::Index>(columnsOf(index))),
                  index);
    }
}

void PackedMatrix::packTransposed(MatrixView b, Workers& workers, Arithmetic arithmetic) {
    resize(static_cast<std::size_t>(b.cols()), static_cast<std::size_t>(b.rows()), arithmetic);
    workers.forEach(panels(), [&](std::size_t index) {
        packPanel(b.middleRows(static_cast<Eigen::Index>(index * panelWidth_),
                               static_cast<Eigen::Index>(columnsOf(index))),
                  index);
    });
}

void PackedMatrix::packTransposed(Shape b, const RowReader& rows, Workers& workers, Arithmetic arithmetic,
                                  std::size_t rowsTogether) {
    resize(b.columns, b.rows, arithmetic);
    const std::size_t together = std::max<std::size_t>(1, rowsTogether / panelWidth_);
    workers.forEach((panels() + together - 1) / together, [&](std::size_t task) {
        const std::size_t first = task * together;
        const std::size_t end = std::min(first + together, panels());
        const std::size_t firstRow = first * panelWidth_;
        Matrix part(static_cast<Eigen::Index>(std::min(end * panelWidth_, outputs_) - firstRow),
                    static_cast<Eigen::Index>(inputs_));
        rows(firstRow, part);
        for (std::size_t index = first; index < end; ++index) {
            packPanel(part.middleRows(static_cast<Eigen::Index>(index * panelWidth_ - firstRow),
                                      static_cast<Eigen::Index>(columnsOf(index))),
                      index);
        }
    });
}

/// One panel of columns as they are.
void PackedMatrix::packColumns(MatrixView b, std::size_t index) {
    const auto stride = static_cast<std::size_t>(b.outerStride());
    const std::size_t columns = columnsOf(index);
    std::uint32_t* to = words_.get() + index * panelRows() * panelWidth_;
    for (std::size_t row = 0; row < panelRows(); ++row, to += panelWidth_) {
        if (arithmetic_ == Arithmetic::bfloat16) {
            const float* first = b.data() + 2 * row * stride + index * panelWidth_;
            const bool paired = 2 * row + 1 < inputs_;
            bfloat16::convertPair(first, paired ? first + stride : nullptr, columns, to);
        } else {
            std::memcpy(to, b.data() + row * stride + index * panelWidth_, columns * sizeof(float));
        }
        std::fill(to + columns, to + panelWidth_, 0U);
    }
}

void PackedMatrix::pack(MatrixView b, Arithmetic arithmetic) {
    resize(static_cast<std::size_t>(b.rows()), static_cast<std::size_t>(b.cols()), arithmetic);
    for (std::size_t index = 0; index < panels(); ++index) {
        packColumns(b, index);
    }
}

void PackedMatrix::pack(MatrixView b, Workers& workers, Arithmetic arithmetic) {
    resize(static_cast<std::size_t>(b.rows()), static_cast<std::size_t>(b.cols()), arithmetic);
    workers.forEach(panels(), [&](std::size_t index) { packColumns(b, index); });
}

} // namespace planish
