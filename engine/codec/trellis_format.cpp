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
#include <array>
#include <cmath>
#include <optional>
#include <vector>

namespace planish {
namespace {

constexpr std::size_t shortestTile = 8; ///< 16 state bits are 8 symbols of 2 bits
constexpr std::size_t columnsTogether = 8;
constexpr float largestScale = 0x1p120F; ///< values are up to 5.4 of it
constexpr std::size_t mostRows = std::size_t{1} << 31;

/// Where a tile lies in the tensor and in the packed bytes.
struct Tile {
    std::size_t firstRow = 0;
    std::size_t rows = 0;
    std::size_t lowColumns = 0; ///< of fewer bits, before the others
    std::size_t offset = 0;

    std::size_t storedRows() const { return std::max(rows, shortestTile); }
};

/// Columns with the same number of bits.
struct Part {
    const TrellisCode* code = nullptr;
    std::size_t firstColumn = 0;
    std::size_t columns = 0;
    std::size_t rowOffset = 0; ///< in the bytes of a row

    std::size_t rowBytes() const { return bitStreamBytes(columns, code->bits()); }
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

    std::array<Part, 2> parts(const Tile& tile, std::size_t columns) const {
        const std::size_t highColumns = columns - tile.lowColumns;
        const TrellisCode& low = codeFor(tile, bits_);
        const TrellisCode& high = highColumns == 0 ? low : codeFor(tile, bits_ + 1);
        std::array<Part, 2> parts{Part{&low, 0, tile.lowColumns, 0},
                                  Part{&high, tile.lowColumns, highColumns, 0}};
        parts[1].rowOffset = parts[0].rowBytes();
        return parts;
    }

  private:
    std::size_t mostTileRows() const { return stateBits_ <= 13 ? 128 : 256; }
    const TrellisCode& codeFor(const Tile& tile, int bits) const {
        const int some = bits * static_cast<int>(tile.storedRows() / 4);
        return TrellisCode::of(std::min(stateBits_, std::max(TrellisCode::fewestStateBits, some)), bits);
    }
    std::vector<Tile> tilesOf(Shape shape) const;
    std::size_t rowBytes(const Tile& tile, std::size_t columns) const {
        return checkedAdd(bitStreamBytes(tile.lowColumns, bits_),
                          bitStreamBytes(columns - tile.lowColumns, bits_ + 1));
    }
    std::size_t tileBytes(const Tile& tile, std::size_t columns) const {
        return checkedAdd(sizeof(std::uint16_t), checkedMultiply(tile.storedRows(), rowBytes(tile, columns)));
    }
    void decodeTile(const Tile& tile, std::span<const std::byte> bytes, std::size_t firstRow,
                    MutableMatrixView out) const;

    std::size_t fraction_; ///< hundredths of the columns that have a bit more
    int bits_;             ///< of the other columns
    int stateBits_;
};

std::vector<Tile> TrellisFormat::tilesOf(Shape shape) const {
    if (shape.rows > mostRows) {
        throw Error("trellis codes store tensors of up to 2147483648 rows");
    }
    const std::size_t count = (shape.rows + mostTileRows() - 1) / mostTileRows();
    const std::size_t groups = shape.columns / columnsTogether;
    // Groups of columns with more bits in all tiles before this one: to a fraction of a group, they are what
    // the rate asks for.
    const auto highGroups = [&](std::size_t tiles) {
        return tiles * fraction_ / 100 * groups + tiles * fraction_ % 100 * groups / 100;
    };
    std::vector<Tile> tiles(count);
    std::size_t offset = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t firstRow = i * shape.rows / count;
        const std::size_t high = highGroups(i + 1) - highGroups(i);
        tiles[i] = {firstRow, (i + 1) * shape.rows / count - firstRow,
                    shape.columns - std::min(shape.columns, high * columnsTogether), offset};
        offset = checkedAdd(offset, tileBytes(tiles[i], shape.columns));
    }
    return tiles;
}

/// Searches a tile's columns one at a time.
class TrellisTile final : public TileQuantizer {
  public:
    TrellisTile(const Tile& tile, std::array<Part, 2> parts, float scale, std::span<std::uint8_t> symbols,
                std::size_t columns)
        : parts_(parts),
          scale_(scale),
          symbols_(symbols),
          columns_(columns),
          targets_(tile.storedRows()),
          states_(targets_.size()) {}

    void round(std::size_t column, std::span<const float> wanted, std::span<float> stored) override {
        const std::size_t part = column < parts_[1].firstColumn ? 0 : 1;
        const TrellisCode& code = *parts_[part].code;
        if (!searches_[part]) {
            searches_[part].emplace(code, targets_.size());
        }
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            targets_[i] = scale_ > 0 ? toTrellisUnits(wanted[i] / scale_) : std::int16_t{0};
        }
        searches_[part]->find(targets_, states_);
        const auto mask = (1U << code.bits()) - 1U;
        for (std::size_t i = 0; i < states_.size(); ++i) {
            symbols_[i * columns_ + column] = static_cast<std::uint8_t>(states_[i] & mask);
        }
        for (std::size_t i = 0; i < stored.size(); ++i) {
            stored[i] = code.floats()[states_[i]] * (scale_ / TrellisCode::unit);
        }
    }

  private:
    std::array<Part, 2> parts_;
    float scale_;
    std::span<std::uint8_t> symbols_; ///< [stored rows, columns]
    std::size_t columns_;
    std::vector<std::int16_t> targets_;
    std::vector<std::uint32_t> states_;
    std::array<std::optional<TrellisSearch>, 2> searches_;
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

    std::unique_ptr<TileQuantizer> tile(std::size_t firstRow, std::size_t) override {
        const auto found =
            std::lower_bound(tiles_.begin(), tiles_.end(), firstRow,
                             [](const Tile& tile, std::size_t row) { return tile.firstRow < row; });
        const auto index = static_cast<std::size_t>(found - tiles_.begin());
        return std::make_unique<TrellisTile>(*found, format_.parts(*found, columns_),
                                             fromBf16(scales_[index]), symbols_[index], columns_);
    }

    void write(std::span<std::byte> out, const EncodeContext& context) const {
        context.workers.forEach(
            tiles_.size(), [&](std::size_t i) { writeTile(i, out.subspan(tiles_[i].offset)); },
            context.monitor);
    }

  private:
    void writeTile(std::size_t index, std::span<std::byte> out) const {
        store(out, 0, scales_[index]);
        std::size_t at = sizeof(std::uint16_t);
        for (std::size_t row = 0; row < tiles_[index].storedRows(); ++row) {
            for (const Part& part : format_.parts(tiles_[index], columns_)) {
                packBits(std::span(symbols_[index]).subspan(row * columns_ + part.firstColumn, part.columns),
                         part.code->bits(), out.subspan(at, part.rowBytes()));
                at += part.rowBytes();
            }
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
    const std::size_t stored = tile.storedRows();
    const std::size_t each = rowBytes(tile, columns);
    std::vector<std::uint8_t> symbols(columns);
    std::vector<std::uint32_t> states(columns);
    for (const Part& part : parts(tile, columns)) {
        const TrellisRow row{*part.code,    part.code->floats(), symbols.data(),
                             states.data(), part.columns,        scale / TrellisCode::unit};
        const auto read = [&](std::size_t index) {
            const std::size_t at = sizeof(std::uint16_t) + index * each + part.rowOffset;
            unpackBits(bytes.subspan(at, part.rowBytes()), part.code->bits(),
                       std::span(symbols).first(part.columns));
        };
        for (std::size_t back = part.code->memory() - 1; back > 0; --back) {
            read((firstRow + stored - back) % stored);
            passTrellisRow(row);
        }
        for (Eigen::Index i = 0; i < out.rows(); ++i) {
            read(firstRow + static_cast<std::size_t>(i));
            decodeTrellisRow(row, out.row(i).data() + part.firstColumn);
        }
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
