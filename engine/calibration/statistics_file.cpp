// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_file.h"

#include "support/checked_file.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <span>
#include <string_view>
#include <type_traits>

namespace planish {
namespace {

using Index = Eigen::Index;

constexpr std::array<char, 8> magicWord{'P', 'l', 'a', 'n', 'i', 's', 'h', 'S'};
constexpr std::uint32_t currentVersion = 1;
constexpr std::uint32_t hasCrossMoment = 1;

struct Header {
    std::array<char, 8> magic = magicWord;
    std::uint32_t version = currentVersion;
    std::uint32_t flags = 0;
    std::uint64_t tokens = 0;
    std::uint64_t columns = 0;
};
static_assert(sizeof(Header) == 32 && std::has_unique_object_representations_v<Header>);

/// Calls `visit` with the tiles of the upper triangle: first row and column, rows and columns. Tiles, because
/// a matrix of thousands of columns is slow to walk across its rows.
template <typename Visit>
void forUpperTiles(Index size, Visit&& visit) {
    constexpr Index tile = 64;
    for (Index row = 0; row < size; row += tile) {
        for (Index column = row; column < size; column += tile) {
            visit(row, column, std::min(tile, size - row), std::min(tile, size - column));
        }
    }
}

bool isSymmetric(const Matrix& matrix) {
    bool symmetric = true;
    forUpperTiles(matrix.rows(), [&](Index row, Index column, Index rows, Index columns) {
        symmetric = symmetric && matrix.block(row, column, rows, columns) ==
                                     matrix.block(column, row, columns, rows).transpose();
    });
    return symmetric;
}

void mirrorUpperTriangle(Matrix& matrix) {
    forUpperTiles(matrix.rows(), [&](Index row, Index column, Index rows, Index columns) {
        const Matrix tile = matrix.block(row, column, rows, columns);
        auto mirrored = matrix.block(column, row, columns, rows);
        if (row == column) {
            mirrored.triangularView<Eigen::StrictlyLower>() = tile.transpose();
        } else {
            mirrored = tile.transpose();
        }
    });
}

/// Calls `visit` with the payload's stretches of floats, in the order of the file. `Statistics` is const for
/// writing.
template <typename Statistics, typename Visit>
void forPayload(Statistics& inputs, Visit&& visit) {
    for (auto* vector : {&inputs.meanMagnitude, &inputs.smallest, &inputs.largest}) {
        visit(std::span(vector->data(), static_cast<std::size_t>(vector->size())));
    }
    const Index columns = inputs.hessian.cols();
    for (Index row = 0; row < columns; ++row) {
        visit(std::span(&inputs.hessian(row, row), static_cast<std::size_t>(columns - row)));
    }
    visit(std::span(inputs.crossMoment.data(), static_cast<std::size_t>(inputs.crossMoment.size())));
}

template <typename T>
auto bytesOf(T& value) {
    return std::as_bytes(std::span(&value, 1));
}

Header readHeader(CheckedFileReader& reader, std::size_t columns) {
    const std::string file = reader.path().string();
    Header header;
    reader.read(std::as_writable_bytes(std::span(&header, 1)));
    const auto expect = [&](const char* field, std::uint64_t expected, std::uint64_t found) {
        if (found != expected) {
            throw InputError(file, field, std::to_string(expected), std::to_string(found));
        }
    };
    if (header.magic != magicWord) {
        throw InputError(file, "file", "statistics of inputs", "something else");
    }
    expect("version", currentVersion, header.version);
    expect("flags", header.flags & hasCrossMoment, header.flags);
    expect("columns", columns, header.columns);
    expect("size", statisticsFileSize(columns, header.flags != 0), reader.size());
    return header;
}

} // namespace

std::uint64_t statisticsFileSize(std::size_t columns, bool crossMoment) {
    assert(columns <= mostStatisticsColumns);
    const std::uint64_t n = columns;
    return sizeof(Header) + sizeof(float) * (3 * n + n * (n + 1) / 2 + (crossMoment ? n * n : 0)) +
           checkedFileDigest;
}

bool fitsStatisticsFile(const InputStatistics& inputs) {
    const Index columns = inputs.hessian.cols();
    const auto square = [&](const Matrix& matrix) {
        return matrix.rows() == columns && matrix.cols() == columns && matrix.allFinite();
    };
    const auto wide = [&](const Vector& vector) { return vector.size() == columns && vector.allFinite(); };
    return columns > 0 && columns <= static_cast<Index>(mostStatisticsColumns) && square(inputs.hessian) &&
           wide(inputs.meanMagnitude) && wide(inputs.smallest) && wide(inputs.largest) &&
           (inputs.crossMoment.size() == 0 || square(inputs.crossMoment)) && isSymmetric(inputs.hessian);
}

void writeStatistics(const std::filesystem::path& path, const std::string& key,
                     const InputStatistics& inputs) {
    CheckedFileWriter writer(path, key);
    Header header;
    header.flags = inputs.crossMoment.size() > 0 ? hasCrossMoment : 0;
    header.tokens = inputs.tokens;
    header.columns = static_cast<std::uint64_t>(inputs.hessian.cols());
    writer.write(bytesOf(header));
    forPayload(inputs, [&](std::span<const float> values) { writer.write(std::as_bytes(values)); });
    writer.finish();
}

InputStatistics readStatistics(const std::filesystem::path& path, const std::string& key,
                               std::size_t columns) {
    if (columns == 0 || columns > mostStatisticsColumns) {
        throw InputError(path.string(), "columns", fmt::format("1 to {}", mostStatisticsColumns),
                         std::to_string(columns));
    }
    CheckedFileReader reader(path, key);
    const Header header = readHeader(reader, columns);
    const auto size = static_cast<Index>(columns);
    InputStatistics inputs;
    inputs.tokens = header.tokens;
    inputs.hessian.resize(size, size);
    for (Vector* vector : {&inputs.meanMagnitude, &inputs.smallest, &inputs.largest}) {
        vector->resize(size);
    }
    if (header.flags & hasCrossMoment) {
        inputs.crossMoment.resize(size, size);
    }
    forPayload(inputs, [&](std::span<float> values) { reader.read(std::as_writable_bytes(values)); });
    reader.check();
    mirrorUpperTriangle(inputs.hessian);
    if (!fitsStatisticsFile(inputs)) {
        throw InputError(path.string(), "numbers", "finite ones", "others");
    }
    return inputs;
}

} // namespace planish
