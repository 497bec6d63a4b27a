// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codebook_format.h"
#include "codec/input_statistics.h"
#include "codec/number.h"
#include "codec/optimal_levels.h"
#include "codec/rounding.h"
#include "codec_samples.h"
#include "test_support.h"

#include <QTest>
#include <cstring>
#include <limits>

using namespace planish;
using namespace planish::test;

namespace {

/// Σ i·(w − nearest level)².
double errorOfLevels(const std::vector<float>& weights, const std::vector<float>& importance,
                     const std::vector<double>& levels) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) {
        double least = std::numeric_limits<double>::infinity();
        for (const double level : levels) {
            least = std::min(least, (weights[i] - level) * (weights[i] - level));
        }
        sum += (importance.empty() ? 1.0 : static_cast<double>(importance[i])) * least;
    }
    return sum;
}

/// The least error of any assignment of the weights to `count` levels: all of them are tried.
double leastErrorOfAllAssignments(const std::vector<float>& weights, const std::vector<float>& importance,
                                  std::size_t count) {
    double least = std::numeric_limits<double>::infinity();
    std::vector<std::size_t> taken(weights.size(), 0);
    for (;;) {
        double error = 0;
        for (std::size_t level = 0; level < count; ++level) {
            double mass = 0;
            double first = 0;
            for (std::size_t i = 0; i < weights.size(); ++i) {
                const double cost = importance.empty() ? 1.0 : static_cast<double>(importance[i]);
                mass += taken[i] == level ? cost : 0;
                first += taken[i] == level ? cost * weights[i] : 0;
            }
            for (std::size_t i = 0; i < weights.size(); ++i) {
                if (taken[i] == level && mass > 0) {
                    const double cost = importance.empty() ? 1.0 : static_cast<double>(importance[i]);
                    error += cost * (weights[i] - first / mass) * (weights[i] - first / mass);
                }
            }
        }
        least = std::min(least, error);
        std::size_t digit = 0;
        while (digit < taken.size() && ++taken[digit] == count) {
            taken[digit++] = 0;
        }
        if (digit == taken.size()) {
            return least;
        }
    }
}

InputStatistics inputsWithSquares(const std::vector<float>& squares) {
    InputStatistics inputs;
    inputs.tokens = 1;
    const auto size = static_cast<Eigen::Index>(squares.size());
    inputs.hessian = Matrix::Zero(size, size);
    for (Eigen::Index i = 0; i < size; ++i) {
        inputs.hessian(i, i) = squares[static_cast<std::size_t>(i)];
    }
    return inputs;
}

double weightedError(const Matrix& weights, const Matrix& stored, const std::vector<float>& importance) {
    double sum = 0;
    for (Eigen::Index column = 0; column < weights.cols(); ++column) {
        sum += static_cast<double>(importance[static_cast<std::size_t>(column)]) *
               (weights.col(column) - stored.col(column)).cast<double>().squaredNorm();
    }
    return sum;
}

/// Columns that cost from 0 to 8 with the sign of the first row's weights deciding which.
std::vector<float> unevenImportance(Eigen::Index columns) {
    std::mt19937 generator(23);
    std::vector<float> importance(static_cast<std::size_t>(columns));
    for (float& cost : importance) {
        cost = generator() % 8 == 0 ? 8.0F : static_cast<float>(generator() % 1000) / 1000.0F;
    }
    return importance;
}

} // namespace

class CodecCodebooksTest : public QObject {
    Q_OBJECT

  private slots:
    void levels_are_as_good_as_the_best_of_all_assignments() {
        std::mt19937 generator(7);
        for (int trial = 0; trial < 40; ++trial) {
            const std::size_t size = 1 + generator() % 8;
            const bool weighted = trial % 2 == 1;
            std::vector<float> weights;
            std::vector<float> importance;
            for (std::size_t i = 0; i < size; ++i) {
                // Every third trial has weights that repeat.
                const auto number = static_cast<float>(generator() % (trial % 3 == 0 ? 4U : 100000U));
                weights.push_back(number / 1000 - 3);
                if (weighted) {
                    importance.push_back(static_cast<float>(generator() % 100) / 10.0F);
                }
            }
            for (std::size_t count = 1; count <= 4; ++count) {
                const auto levels = optimalLevels(weights, importance, count);
                QCOMPARE(levels.size(), count);
                QVERIFY(std::is_sorted(levels.begin(), levels.end()));
                const double best = leastErrorOfAllAssignments(weights, importance, count);
                QVERIFY(errorOfLevels(weights, importance, levels) <= best + 1e-9);
            }
        }
    }

    void levels_far_from_zero_are_as_good_as_near_it() {
        const Matrix sample = normalSample(1, 300);
        const std::vector<float> weights(sample.data(), sample.data() + sample.size());
        std::vector<float> moved = weights;
        for (float& weight : moved) {
            weight = weight / 4096 + 1000; // exact to 2^-14, the same points for both
        }
        std::vector<float> back = moved;
        for (float& weight : back) {
            weight -= 1000;
        }
        const double near = errorOfLevels(back, {}, optimalLevels(back, {}, 8));
        const double far = errorOfLevels(moved, {}, optimalLevels(moved, {}, 8));
        QVERIFY(std::fabs(far / near - 1) < 1e-6);
    }

    void costs_of_nothing_everywhere_are_no_costs() {
        const std::vector<float> weights{1, 2, 5, 9};
        const std::vector<float> nothing(4, 0.0F);
        QCOMPARE(optimalLevels(weights, nothing, 2), optimalLevels(weights, {}, 2));
        // A cluster that costs nothing does not take a level away from one that does.
        const std::vector<float> some{1, 1, 1, 0};
        QCOMPARE(optimalLevels(weights, some, 3), (std::vector<double>{1, 2, 5}));
    }

    /// Lloyd and Max: 0.1175, 0.0345 and 0.0095 for 4, 8 and 16 levels on N(0,1); a codebook fitted to its
    /// row of n weights gains about levels ÷ n of that, an optimum of the row can never be above.
    void gaussian_rows_reach_lloyd_and_max() {
        const Matrix sample = normalSample(48, 4096);
        const auto error = [&](const std::string& codec) {
            return storageError(sample, Bench(2).roundTrip(codec, sample)).relative;
        };
        const std::vector<std::pair<std::string, double>> expected{
            {"codebook2", 0.1175}, {"codebook3", 0.03454}, {"codebook4", 0.009497}};
        for (const auto& [codec, limit] : expected) {
            const double found = error(codec);
            QVERIFY2(found < limit * 1.005 && found > limit * 0.95, qPrintable(QString::number(found)));
        }
        QVERIFY(error("codebook3:g64") < 0.75 * error("int3:g64+mse"));
    }

    void a_codebook_costs_its_levels_in_fp16() {
        const auto bits = [](const std::string& codec) {
            return Bench().encode(codec, normalSample(3, 2048)).bitsPerWeight();
        };
        QCOMPARE(bits("codebook3:row"), 3 + 128.0 / 2048);
        QCOMPARE(bits("codebook4:g256"), 4 + 256.0 / 256);
        QCOMPARE(bits("codebook2:g128"), 2 + 64.0 / 128);
        QCOMPARE(Codec::parse("codebook3").packedBytes({5, 13}), std::size_t{5 * (16 + 5)});
        QCOMPARE(Codec::parse("codebook4:g8").packedBytes({1, 17}), std::size_t{3 * 32 + 9});
    }

    void few_distinct_values_are_exact() {
        Matrix weights(2, 11);
        weights << 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, -2, 0.5F, 3, -2, 3, 3, 0.5F, 0.5F, -2, 3, -2;
        for (const std::string codec : {"codebook2", "codebook4", "codebook3:g8"}) {
            QVERIFY2(Bench().roundTrip(codec, weights) == weights, codec.c_str());
        }
    }

    void every_weight_takes_the_nearest_level_of_its_group() {
        const Matrix weights = normalSample(3, 70);
        const PackedTensor packed = Bench().encode("codebook3:g32", weights);
        const Matrix stored = Bench().decode("codebook3:g32", packed);
        const std::size_t rowBytes = packed.bytes.size() / 3;
        for (std::size_t row = 0; row < 3; ++row) {
            for (std::size_t column = 0; column < 70; ++column) {
                const auto at = [&](const Matrix& matrix) {
                    return matrix(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(column));
                };
                float least = std::numeric_limits<float>::infinity();
                for (std::size_t level = 0; level < 8; ++level) {
                    std::uint16_t half = 0;
                    std::memcpy(&half, packed.bytes.data() + row * rowBytes + column / 32 * 16 + level * 2,
                                2);
                    least = std::min(least, std::fabs(at(weights) - fromFp16(half)));
                }
                QVERIFY(std::fabs(at(weights) - at(stored)) <= least + 1e-6F);
            }
        }
    }

    void weights_may_be_rounded_in_any_order_between_groups() {
        const Matrix weights = normalSample(1, 50);
        const std::span<const float> row(weights.data(), 50);
        const auto format = makeCodebookFormat(3, 16);
        const NearestChoice choice;
        std::vector<std::byte> together(format->rowBytes(50));
        std::vector<std::byte> apart(together.size());
        const auto one = format->startRow(row, choice);
        const auto other = format->startRow(row, choice);
        for (std::size_t group = 0; group < 4; ++group) {
            const auto part = row.subspan(group * 16, std::min<std::size_t>(16, 50 - group * 16));
            one->chooseLevels(group, part, {});
            one->roundGroup(group, part);
            other->chooseLevels(group, part, {});
        }
        one->write(together);
        std::vector<float> returned(50);
        for (std::size_t i = 0; i < 50; ++i) {
            const std::size_t column = i * 7 % 50; // every column, far from in order
            returned[column] = other->round(column, row[column]);
        }
        other->write(apart);
        QVERIFY(together == apart);
        std::vector<float> decoded(50);
        format->decodeRow(apart, decoded);
        QCOMPARE(decoded, returned);
    }

    void important_columns_draw_the_levels() {
        const Matrix weights = normalSample(24, 512);
        const std::vector<float> importance = unevenImportance(512);
        const InputStatistics inputs = inputsWithSquares(importance);
        Bench bench;
        for (const std::string name : {"codebook2", "codebook3", "codebook3:g64"}) {
            const Codec codec = Codec::parse(name);
            QCOMPARE(codec.calibration(), CalibrationUse::optional);
            const Matrix plain = bench.roundTrip(name, weights);
            const Matrix calibrated = codec.decode(
                codec.encode(weights, {bench.workers, bench.monitor, 42, &inputs}), bench.workers);
            QVERIFY(weightedError(weights, calibrated, importance) <
                    0.98 * weightedError(weights, plain, importance));
            QVERIFY(storageError(weights, plain).relative < storageError(weights, calibrated).relative);
        }
    }

    void levels_of_hostile_bytes_are_finite() {
        const Codec codec = Codec::parse("codebook2");
        PackedTensor packed{{1, 4}, std::vector<std::byte>(codec.packedBytes({1, 4}), std::byte{0xff})};
        QVERIFY(Bench().decode("codebook2", packed) == Matrix::Zero(1, 4)); // NaN
        packed.bytes[6] = std::byte{0x00};
        packed.bytes[7] = std::byte{0x7c}; // the last level is infinite
        QVERIFY(Bench().decode("codebook2", packed) == Matrix::Constant(1, 4, 65504.0F));
    }

    void codebooks_choose_for_themselves() {
        for (const std::string stage : {"+mse", "+refine"}) {
            QVERIFY(errorOf([&] { Codec::parse("codebook3" + stage); }).contains("codebookB"));
        }
        QCOMPARE(Codec::parse("codebook3").name(), std::string("codebook3:row"));
        QVERIFY(errorOf([] { Codec::parse("codebook3:scale=int8"); }).contains("an option of codebookB"));
    }
};

QTEST_APPLESS_MAIN(CodecCodebooksTest)
#include "tst_codec_codebooks.moc"
