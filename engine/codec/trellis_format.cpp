// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/trellis_format.h"

#include "codec/bit_stream.h"
#include "codec/checked_size.h"
#include "codec/column_rounding.h"
#include "codec/number.h"
#include "codec/packed_numbers.h"
#include "codec/rounding.h"
#include "codec/row_blocks.h"
#include "codec/trellis_kernel.h"
#include "codec/trellis_search.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace planish {
namespace {

constexpr std::size_t shortestTile = 8;  ///< 16 state bits are 8 symbols of 2 bits
constexpr float largestScale = 0x1p120F; ///< values are up to 5.4 of it
constexpr std::size_t mostRows = std::size_t{1} << 31;

/// Where a tile lies in the tensor and in the packed bytes.
struct Tile {
    std::size_t firstRow = 0;
    std::size_t rows = 0;
    std::size_t offset = 0;

    std::size_t storedRows() const { return std::max(rows, shortestTile); }
};

class TrellisFormat final : public Format {
  public:
    TrellisFormat(int rate, int stateBits)
        : fraction_(static_cast<std::size_t>(rate % 100)), bits_(rate / 100), stateBits_(stateBits) {}

    bool isFloat() const override { return false; }
    std::size_t rowsTogether(Shape) const override { return mostTileRows(); }

    std::size_t packedBytes(Shape shape) const override {
        const Tile last = tilesOf(shape).back();
        return checkedAdd(last.offset, tileBytes(last, shape.columns));
    }

    void encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                std::span<std::byte> out) const override;
    void decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                    MutableMatrixView out) const override;

    /// Of each stored row of a tile.
    std::vector<const TrellisCode*> codes(const Tile& tile) const {
        const int most = bits_ * static_cast<int>(tile.storedRows() / 4);
        const int stateBits = std::min(stateBits_, std::max(TrellisCode::fewestStateBits, most));
        const TrellisCode& low = TrellisCode::of(stateBits, bits_);
        const TrellisCode& high = fraction_ == 0 ? low : TrellisCode::of(stateBits, bits_ + 1);
        std::vector<const TrellisCode*> codes;
        for (std::size_t row = tile.firstRow; row < tile.firstRow + tile.storedRows(); ++row) {
            codes.push_back(highRows(row, row + 1) > 0 ? &high : &low);
        }
        return codes;
    }

  private:
    std::size_t mostTileRows() const { return stateBits_ <= 13 ? 128 : 256; }
    std::size_t highRows(std::size_t begin, std::size_t end) const {
        return end * fraction_ / 100 - begin * fraction_ / 100;
    }
    std::vector<Tile> tilesOf(Shape shape) const;
    /// Of so many rows of a tile, the scale before them.
    std::size_t bytesBefore(const Tile& tile, std::size_t row, std::size_t columns) const {
        const std::size_t high = highRows(tile.firstRow, tile.firstRow + row);
        const std::size_t symbols = checkedAdd(checkedMultiply(high, bitStreamBytes(columns, bits_ + 1)),
                                               checkedMultiply(row - high, bitStreamBytes(columns, bits_)));
        return checkedAdd(sizeof(std::uint16_t), symbols);
    }
    std::size_t tileBytes(const Tile& tile, std::size_t columns) const {
        return bytesBefore(tile, tile.storedRows(), columns);
    }
    void decodeTile(const Tile& tile, std::span<const std::byte> bytes, std::size_t firstRow,
                    MutableMatrixView out) const;

    std::size_t fraction_; ///< hundredths of the rows that have a bit more
    int bits_;             ///< of the other rows
    int stateBits_;
};

std::vector<Tile> TrellisFormat::tilesOf(Shape shape) const {
    if (shape.rows > mostRows) {
        throw Error("trellis codes store tensors of up to 2147483648 rows");
    }
    const std::size_t count = (shape.rows + mostTileRows() - 1) / mostTileRows();
    std::vector<Tile> tiles(count);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t firstRow = i * shape.rows / count;
        tiles[i] = {firstRow, (i + 1) * shape.rows / count - firstRow, offset};
        offset = checkedAdd(offset, tileBytes(tiles[i], shape.columns));
    }
    return tiles;
}

/// Searches a tile's columns one at a time.
class TrellisTile final : public TileQuantizer {
  public:
    TrellisTile(std::vector<const TrellisCode*> codes, float scale, std::span<std::uint8_t> symbols,
                std::size_t columns)
        : codes_(codes),
          scale_(scale),
          symbols_(symbols),
          columns_(columns),
          targets_(codes.size()),
          states_(codes.size()),
          search_(std::move(codes)) {}

    void round(std::size_t column, std::span<const float> wanted, std::span<float> stored) override {
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            targets_[i] = scale_ > 0 ? toTrellisUnits(wanted[i] / scale_) : std::int16_t{0};
        }
        search_.find(targets_, states_);
        for (std::size_t i = 0; i < states_.size(); ++i) {
            const auto mask = (1U << codes_[i]->bits()) - 1U;
            symbols_[i * columns_ + column] = static_cast<std::uint8_t>(states_[i] & mask);
        }
        for (std::size_t i = 0; i < stored.size(); ++i) {
            stored[i] = codes_[i]->floats()[states_[i]] * (scale_ / TrellisCode::unit);
        }
    }

  private:
    std::vector<const TrellisCode*> codes_;
    float scale_;
    std::span<std::uint8_t> symbols_; ///< [stored rows, columns]
    std::size_t columns_;
    std::vector<std::int16_t> targets_;
    std::vector<std::uint32_t> states_;
    TrellisSearch search_;
};

/// The scales and symbols of a tensor.
class TrellisTensor final : public ColumnQuantizer {
  public:
    TrellisTensor(const TrellisFormat& format, std::vector<Tile> tiles, MatrixView weights,
                  const EncodeContext& context)
        : format_(format),
          tiles_(std::move(tiles)),
          columns_(static_cast<std::size_t>(weights.cols())),
          scales_(tiles_.size()),
          symbols_(tiles_.size()) {
        context.workers.forEach(
            tiles_.size(),
            [&](std::size_t i) {
                const auto block = weights.middleRows(static_cast<Eigen::Index>(tiles_[i].firstRow),
                                                      static_cast<Eigen::Index>(tiles_[i].rows));
                const double energy = block.cast<double>().squaredNorm();
                const double size = std::sqrt(energy / static_cast<double>(block.size()));
                scales_[i] = toBf16(static_cast<float>(std::min<double>(size, largestScale)));
                symbols_[i].resize(tiles_[i].storedRows() * columns_);
            },
            context.monitor);
    }

    std::vector<std::size_t> begins() const {
        std::vector<std::size_t> begins;
        for (const Tile& tile : tiles_) {
            begins.push_back(tile.firstRow);
        }
        begins.push_back(tiles_.back().firstRow + tiles_.back().rows);
        return begins;
    }

    std::unique_ptr<TileQuantizer> tile(std::size_t firstRow, std::size_t, float growth) override {
        const auto found =
            std::lower_bound(tiles_.begin(), tiles_.end(), firstRow,
                             [](const Tile& tile, std::size_t row) { return tile.firstRow < row; });
        const auto index = static_cast<std::size_t>(found - tiles_.begin());
        if (growth != 1) {
            scales_[index] = toBf16(std::min(fromBf16(scales_[index]) * growth, largestScale));
        }
        return std::make_unique<TrellisTile>(format_.codes(*found), fromBf16(scales_[index]), symbols_[index],
                                             columns_);
    }

    void write(std::span<std::byte> out, const EncodeContext& context) const {
        context.workers.forEach(
            tiles_.size(), [&](std::size_t i) { writeTile(i, out.subspan(tiles_[i].offset)); },
            context.monitor);
    }

  private:
    void writeTile(std::size_t index, std::span<std::byte> out) const {
        store(out, 0, scales_[index]);
        const std::span<const std::uint8_t> symbols = symbols_[index];
        std::size_t at = sizeof(std::uint16_t);
        std::size_t row = 0;
        for (const TrellisCode* code : format_.codes(tiles_[index])) {
            const std::size_t bytes = bitStreamBytes(columns_, code->bits());
            packBits(symbols.subspan(row++ * columns_, columns_), code->bits(), out.subspan(at, bytes));
            at += bytes;
        }
    }

    const TrellisFormat& format_;
    std::vector<Tile> tiles_;
    std::size_t columns_;
    std::vector<std::uint16_t> scales_;
    std::vector<std::vector<std::uint8_t>> symbols_; ///< of each tile
};

void TrellisFormat::encode(MatrixView weights, const Rounding* rounding, const EncodeContext& context,
                           std::span<std::byte> out) const {
    const Shape shape{static_cast<std::size_t>(weights.rows()), static_cast<std::size_t>(weights.cols())};
    TrellisTensor tensor(*this, tilesOf(shape), weights, context);
    const auto columns =
        rounding != nullptr ? rounding->startColumns(weights, context) : directColumns(weights, context);
    columns->run(tensor.begins(), tensor);
    tensor.write(out, context);
}

void TrellisFormat::decodeTile(const Tile& tile, std::span<const std::byte> bytes, std::size_t firstRow,
                               MutableMatrixView out) const {
    const float scale = fromBf16(load<std::uint16_t>(bytes, 0));
    if (!(std::fabs(scale) <= largestScale)) {
        throw InputError("packed tensor", "scale of a trellis tile", fmt::format("at most {}", largestScale),
                         fmt::format("{}", scale));
    }
    const auto columns = static_cast<std::size_t>(out.cols());
    const std::vector<const TrellisCode*> rows = codes(tile);
    std::vector<std::uint8_t> symbols(columns);
    std::vector<std::uint32_t> states(columns);
    const auto read = [&](std::size_t index) {
        const TrellisCode& code = *rows[index];
        unpackBits(bytes.subspan(bytesBefore(tile, index, columns), bitStreamBytes(columns, code.bits())),
                   code.bits(), symbols);
        return TrellisRow{code,          code.floats(), symbols.data(),
                          states.data(), columns,       scale / TrellisCode::unit};
    };
    // As many symbols before the first as are in its state.
    std::size_t back = 0;
    for (int bits = rows[firstRow]->bits(); bits < rows[firstRow]->stateBits(); ++back) {
        bits += rows[(firstRow + 2 * rows.size() - back - 1) % rows.size()]->bits();
    }
    for (; back > 0; --back) {
        passTrellisRow(read((firstRow + rows.size() - back) % rows.size()));
    }
    for (Eigen::Index i = 0; i < out.rows(); ++i) {
        decodeTrellisRow(read(firstRow + static_cast<std::size_t>(i)), out.row(i).data());
    }
}

void TrellisFormat::decodeRows(std::span<const std::byte> packed, Shape shape, std::size_t firstRow,
                               MutableMatrixView out) const {
    const std::size_t end = firstRow + static_cast<std::size_t>(out.rows());
    for (const Tile& tile : tilesOf(shape)) {
        const std::size_t begin = std::max(tile.firstRow, firstRow);
        const std::size_t tileEnd = std::min(tile.firstRow + tile.rows, end);
        if (begin < tileEnd) {
            decodeTile(tile, packed.subspan(tile.offset, tileBytes(tile, shape.columns)),
                       begin - tile.firstRow,
                       out.middleRows(static_cast<Eigen::Index>(begin - firstRow),
                                      static_cast<Eigen::Index>(tileEnd - begin)));
        }
    }
}

} // namespace

std::shared_ptr<const Format> makeTrellisFormat(int rate, int stateBits) {
    return std::make_shared<const TrellisFormat>(rate, stateBits);
}

} // namespace planish
