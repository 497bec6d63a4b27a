// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/encode_kernels.h"
#include "codec/hadamard_kernel.h"
#include "codec/number.h"
#include "codec/rounding.h"
#include "codec/storable_numbers.h"
#include "codec/value_kernels.h"

#include <hwy/aligned_allocator.h>

#include <QTest>
#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <functional>
#include <initializer_list>
#include <limits>
#include <numeric>
#include <random>
#include <span>
#include <vector>

using namespace planish;

namespace {

struct RowCase {
    std::size_t columns;
    std::size_t groupSize;
};
/// Groups shorter than a vector, whole vectors, and tails of both groups and rows.
constexpr std::array rowCases{RowCase{1, 8},    RowCase{5, 8},      RowCase{16, 8},
                              RowCase{100, 16}, RowCase{33, 24},    RowCase{64, 64},
                              RowCase{257, 40}, RowCase{1000, 128}, RowCase{77, 77}};

/// As many numbers of N(0, 1) · magnitude.
std::vector<float> sample(std::size_t count, float magnitude, unsigned seed) {
    std::mt19937 generator(seed);
    std::normal_distribution<float> normal;
    std::vector<float> numbers(count);
    std::generate(numbers.begin(), numbers.end(), [&] { return normal(generator) * magnitude; });
    return numbers;
}

std::vector<GroupParameters> parametersFor(RowCase row, unsigned seed) {
    const std::vector<float> numbers = sample(2 * row.columns, 1, seed);
    std::vector<GroupParameters> parameters((row.columns + row.groupSize - 1) / row.groupSize);
    constexpr std::array magnitudes{1.0F, 1e-42F, 1e-38F, 0.0F, 1e35F};
    for (std::size_t i = 0; i < parameters.size(); ++i) {
        const float magnitude = magnitudes[(i + seed) % magnitudes.size()];
        parameters[i] = {std::fabs(numbers[2 * i]) * magnitude, numbers[2 * i + 1] * magnitude};
    }
    return parameters;
}

std::vector<std::uint8_t> indicesFor(RowCase row, unsigned levels, unsigned seed) {
    std::mt19937 generator(seed);
    std::vector<std::uint8_t> indices(row.columns);
    std::generate(indices.begin(), indices.end(),
                  [&] { return static_cast<std::uint8_t>(generator() % levels); });
    return indices;
}

bool sameBits(const std::vector<float>& a, const std::vector<float>& b) {
    return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// All groups of a row at once against one after the other.
void verifySearches(int bits, bool symmetric, std::size_t groupSize, std::span<const float> weights) {
    const RefineChoice refine;
    const MseChoice mse;
    const auto format = makeIntegerFormat(bits, symmetric, groupSize, ScaleType::fp16);
    const StorableRow storable = format->storableFor(weights, refine);
    const RowProblem problem{weights, {}, *format, storable};
    for (const GroupChoice* choice : std::initializer_list<const GroupChoice*>{&refine, &mse}) {
        std::vector<GroupParameters> found(format->groups(weights.size()));
        std::vector<GroupParameters> expected(found.size());
        choice->chooseRow(problem, found);
        choice->GroupChoice::chooseRow(problem, expected);
        QVERIFY(found == expected);
    }
}

} // namespace

class CodecKernelsTest : public QObject {
    Q_OBJECT

  private slots:
    void values_are_those_of_one_weight_at_a_time() {
        LevelTable levels{};
        std::iota(levels.begin(), levels.end(), -7.3F);
        for (unsigned seed = 0; seed < 5; ++seed) {
            for (const RowCase row : rowCases) {
                const auto parameters = parametersFor(row, seed);
                const auto indices = indicesFor(row, 16, seed);
                std::vector<float> uniform(row.columns);
                std::vector<float> table(row.columns);
                std::vector<float> lookedUp(row.columns);
                std::vector<float> expectedUniform(row.columns);
                std::vector<float> expectedTable(row.columns);
                std::vector<float> expectedLookedUp(row.columns);
                std::vector<LevelTable> tables(parameters.size());
                for (std::size_t group = 0; group < tables.size(); ++group) {
                    std::generate(tables[group].begin(), tables[group].end(),
                                  [&, i = group]() mutable { return std::sqrt(static_cast<float>(++i)); });
                }
                for (std::size_t i = 0; i < row.columns; ++i) {
                    const GroupParameters& group = parameters[i / row.groupSize];
                    const float level = static_cast<float>(indices[i]) - 8.0F;
                    expectedUniform[i] = group.offset + group.scale * level;
                    expectedTable[i] = group.offset + group.scale * levels[indices[i]];
                    expectedLookedUp[i] = tables[i / row.groupSize][indices[i]];
                }
                uniformValues(parameters, -8.0F,
                              {indices.data(), uniform.data(), row.columns, row.groupSize});
                tableValues(parameters, levels, {indices.data(), table.data(), row.columns, row.groupSize});
                lookUpValues(tables, {indices.data(), lookedUp.data(), row.columns, row.groupSize});
                QVERIFY(sameBits(uniform, expectedUniform));
                QVERIFY(sameBits(table, expectedTable));
                QVERIFY(sameBits(lookedUp, expectedLookedUp));
            }
        }
    }

    void half_precision_is_converted_as_one_number_at_a_time() {
        std::vector<std::uint16_t> halves(65536);
        std::iota(halves.begin(), halves.end(), std::uint16_t{0});
        std::vector<float> found(halves.size());
        floatsFromFp16(std::as_bytes(std::span(halves)), found);
        std::vector<float> finite;
        for (std::size_t i = 0; i < halves.size(); ++i) {
            QCOMPARE(std::bit_cast<std::uint32_t>(found[i]),
                     std::bit_cast<std::uint32_t>(fromFp16(halves[i])));
            if (std::isfinite(found[i])) {
                finite.push_back(found[i]);
            }
        }
        std::vector<std::uint16_t> packed(finite.size());
        fp16FromExact(finite, std::as_writable_bytes(std::span(packed)));
        for (std::size_t i = 0; i < finite.size(); ++i) {
            QCOMPARE(packed[i], toFp16(finite[i]));
        }
    }

    void one_number_that_is_not_finite_is_found_anywhere() {
        for (const std::size_t count : {0U, 1U, 7U, 16U, 33U, 70U}) {
            std::vector<float> numbers(count, -std::numeric_limits<float>::max());
            QVERIFY(allFinite(numbers));
            for (float& number : numbers) {
                for (const float bad :
                     {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
                      std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::quiet_NaN()}) {
                    number = bad;
                    QVERIFY(!allFinite(numbers));
                }
                number = std::numeric_limits<float>::denorm_min();
            }
            QVERIFY(allFinite(numbers));
        }
    }

    void groups_are_covered_as_one_at_a_time() {
        const StorableNumbers scales(StorableType::fp16, ParameterKind::scale);
        const StorableNumbers offsets(StorableType::fp16, ParameterKind::offset);
        std::mt19937 generator(4);
        std::uniform_real_distribution<double> exponent(-45, 39);
        for (const std::size_t count : {1U, 3U, 8U, 500U}) {
            std::vector<float> lows = sample(count, 1, 1);
            std::vector<float> highs(count);
            for (std::size_t i = 0; i < count; ++i) {
                lows[i] *= static_cast<float>(std::pow(10, exponent(generator)) * 0.1);
                const auto range = static_cast<float>(std::pow(10, exponent(generator)) * 0.1);
                highs[i] = i % 5 == 0 ? lows[i] : std::max(lows[i], lows[i] + range);
                lows[i] = i % 7 == 0 ? std::copysign(0.0F, lows[i]) : lows[i];
                highs[i] = std::max(lows[i], highs[i]);
            }
            std::vector<GroupParameters> found(count);
            coverRanges(lows, highs, 15, found);
            for (std::size_t i = 0; i < count; ++i) {
                const float offset = offsets.atMost(lows[i]);
                const float scale = scales.awayFromZero(std::max(0.0, (double{highs[i]} - offset) / 15));
                QCOMPARE(std::bit_cast<std::uint32_t>(found[i].offset), std::bit_cast<std::uint32_t>(offset));
                QCOMPARE(std::bit_cast<std::uint32_t>(found[i].scale), std::bit_cast<std::uint32_t>(scale));
            }
        }
    }

    void ranges_and_nearest_levels_are_those_of_one_weight_at_a_time() {
        const Grid grid = Grid::uniform(4, -8);
        for (const RowCase row : rowCases) {
            for (const float magnitude : {1.0F, 1e-42F, 1e-38F, 1e30F}) {
                const std::vector<float> weights = sample(row.columns, magnitude, 9);
                const auto parameters = parametersFor(row, 1);
                std::vector<float> lows(parameters.size());
                std::vector<float> highs(parameters.size());
                rangesOf(weights, row.groupSize, lows, highs);
                std::vector<std::uint8_t> indices(row.columns);
                nearestWhole(parameters, row.groupSize, grid.first(), 15, weights, indices.data());
                for (std::size_t i = 0; i < row.columns; ++i) {
                    const std::size_t group = i / row.groupSize;
                    QVERIFY(lows[group] <= weights[i] && weights[i] <= highs[group]);
                    QCOMPARE(indices[i], grid.nearest(parameters[group], weights[i]));
                }
                for (std::size_t group = 0; group < parameters.size(); ++group) {
                    QVERIFY(std::find(weights.begin(), weights.end(), lows[group]) != weights.end());
                    QVERIFY(std::find(weights.begin(), weights.end(), highs[group]) != weights.end());
                }
            }
        }
    }

    void a_search_of_all_groups_finds_what_one_of_each_finds() {
        for (const bool symmetric : {false, true}) {
            for (const std::size_t size : {8U, 16U, 24U, 100U}) {
                for (const float magnitude : {1.0F, 1e-6F, 1e-38F, 1e-43F, 1e6F, 1e20F}) {
                    std::vector<float> weights = sample(500, magnitude, 7);
                    std::fill_n(weights.begin() + 40, 60, 0.0F);
                    std::fill_n(weights.begin() + 200, 30, magnitude);
                    verifySearches(3, symmetric, size, weights);
                }
            }
        }
        for (const int bits : {2, 4, 5, 8}) {
            for (const std::size_t size : {16U, 64U, 0U}) {
                const std::vector<float> weights = sample(9600, 0.02F, static_cast<unsigned>(bits));
                verifySearches(bits, false, size, weights);
                verifySearches(bits, true, size, weights);
            }
        }
    }

    void a_hadamard_transform_is_its_butterflies() {
        for (const std::size_t block : {1U, 2U, 8U, 16U, 32U, 64U, 128U, 512U, 1024U}) {
            const std::size_t columns = 3 * block;
            std::vector<float> row = sample(columns, 1, 2);
            const std::vector<float> factors = sample(columns, 1, 3);
            std::vector<float> expected = row;
            for (std::size_t half = 1; half < block; half *= 2) {
                for (std::size_t i = 0; i < columns; ++i) {
                    if ((i % block & half) == 0) {
                        const float a = expected[i];
                        const float b = expected[i + half];
                        expected[i] = a + b;
                        expected[i + half] = a - b;
                    }
                }
            }
            std::transform(expected.begin(), expected.end(), factors.begin(), expected.begin(),
                           std::multiplies<>());
            const auto room = hwy::AllocateAligned<float>(columns);
            hadamard(row, block, factors, room.get());
            QVERIFY(sameBits(row, expected));
        }
    }

    void columns_of_set_bits_become_zero() {
        for (const std::size_t columns : {1U, 7U, 8U, 16U, 33U, 250U}) {
            std::vector<float> row = sample(columns, 1, 6);
            std::vector<float> expected = row;
            std::vector<std::byte> bits((columns + 7) / 8);
            for (std::size_t i = 0; i < columns; ++i) {
                if (row[i] > 0.3F) {
                    bits[i / 8] |= std::byte{1} << (i % 8);
                    expected[i] = 0;
                }
            }
            clearColumns(bits, row);
            QVERIFY(sameBits(row, expected));
        }
    }
};

QTEST_APPLESS_MAIN(CodecKernelsTest)
#include "tst_codec_kernels.moc"
