// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/stored_tensor.h"

#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <vector>

namespace planish {
namespace {

constexpr std::size_t readBytesAtOnce = 1 << 20; ///< stored bytes held at a time while decoding

class StoredRows final : public StoredTensor {
  public:
    StoredRows(FileRange range, Codec codec, Shape shape, std::size_t interleavedHeads)
        : range_(std::move(range)),
          codec_(std::move(codec)),
          shape_(shape),
          rowBytes_(codec_.packedBytes({1, shape.columns})),
          headRows_(interleavedHeads > 0 ? (shape.rows == 1 ? shape.columns : shape.rows) / interleavedHeads
                                         : 0) {
        if (codec_.packedBytes(shape) != range_.bytes) {
            throw InputError(range_.file->path().string(), "size of a tensor",
                             fmt::format("{} bytes", codec_.packedBytes(shape)),
                             fmt::format("{} bytes", range_.bytes));
        }
    }

    std::string type() const override { return codec_.name(); }
    std::uint64_t bytes() const override { return range_.bytes; }
    void readBytes(std::uint64_t first, std::span<std::byte> out) const override { range_.read(first, out); }

    void readRows(std::size_t firstRow, MutableMatrixView out) const override {
        if (headRows_ > 0) {
            readInterleaved(firstRow, out);
            return;
        }
        const auto rows = static_cast<std::size_t>(out.rows());
        const std::size_t atOnce =
            std::clamp<std::size_t>(readBytesAtOnce / rowBytes_, 1, std::max<std::size_t>(rows, 1));
        std::vector<std::byte> stored(atOnce * rowBytes_);
        for (std::size_t row = 0; row < rows; row += atOnce) {
            const std::size_t count = std::min(atOnce, rows - row);
            const auto part = std::span(stored).first(count * rowBytes_);
            range_.read((firstRow + row) * rowBytes_, part);
            decode(part, count,
                   out.middleRows(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(count)));
        }
    }

  private:
    void decode(std::span<const std::byte> stored, std::size_t rows, MutableMatrixView out) const {
        codec_.decodeRows(stored, {rows, shape_.columns}, 0, out);
    }

    /// Where row `row` of the halves is among the pairs.
    std::size_t interleaved(std::size_t row) const {
        const std::size_t inHead = row % headRows_;
        const std::size_t half = headRows_ / 2;
        return row - inHead + 2 * (inHead % half) + inHead / half;
    }

    void readInterleaved(std::size_t firstRow, MutableMatrixView out) const {
        if (shape_.rows == 1) { // a bias: its numbers are what the rows of a matrix are
            Matrix stored(1, out.cols());
            std::vector<std::byte> bytes(rowBytes_);
            range_.read(0, bytes);
            decode(bytes, 1, stored);
            for (Eigen::Index i = 0; i < out.cols() && out.rows() > 0; ++i) {
                out(0, i) = stored(0, static_cast<Eigen::Index>(interleaved(static_cast<std::size_t>(i))));
            }
            return;
        }
        std::vector<std::byte> stored(headRows_ * rowBytes_);
        const std::size_t end = firstRow + static_cast<std::size_t>(out.rows());
        for (std::size_t row = firstRow; row < end;) {
            const std::size_t head = row / headRows_;
            range_.read(head * headRows_ * rowBytes_, stored);
            for (; row < std::min(end, (head + 1) * headRows_); ++row) {
                const std::size_t at = interleaved(row) - head * headRows_;
                decode(std::span(stored).subspan(at * rowBytes_, rowBytes_), 1,
                       out.middleRows(static_cast<Eigen::Index>(row - firstRow), 1));
            }
        }
    }

    FileRange range_;
    Codec codec_;
    Shape shape_;
    std::size_t rowBytes_;
    std::size_t headRows_; ///< rows of an interleaved head; 0: in the order they are read
};

} // namespace

void FileRange::read(std::uint64_t first, std::span<std::byte> out) const {
    if (first > bytes || out.size() > bytes - first) {
        throw Error(fmt::format("{}: bytes {} and {} more are outside the tensor's {}",
                                printable(file->path().string(), 400), first, out.size(), bytes));
    }
    file->read(offset + first, out);
}

std::unique_ptr<const StoredTensor> storedRows(FileRange range, Codec codec, Shape shape,
                                               std::size_t interleavedHeads) {
    return std::make_unique<const StoredRows>(std::move(range), std::move(codec), shape, interleavedHeads);
}

} // namespace planish
