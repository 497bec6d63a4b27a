// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/normal_quantile.h"
#include "codec/trellis_code.h"
#include "codec/trellis_kernel.h"
#include "codec/trellis_search.h"
#include "codec_samples.h"
#include "test_support.h"

#include <fmt/format.h>
#include <hwy/targets.h>

#include <QTest>
#include <algorithm>
#include <cstring>
#include <set>

using namespace planish;
using namespace planish::test;

namespace {

std::vector<std::int16_t> targetsOf(const Matrix& weights) {
    std::vector<std::int16_t> targets;
    std::transform(weights.data(), weights.data() + weights.size(), std::back_inserter(targets),
                   toTrellisUnits);
    return targets;
}

using Codes = std::vector<const TrellisCode*>;

/// So many codes of 8 state bits and `bits`, or every third of one bit more.
Codes codesOf(std::size_t count, int bits, bool mixed) {
    Codes codes;
    for (std::size_t i = 0; i < count; ++i) {
        codes.push_back(&TrellisCode::of(8, bits + (mixed && i % 3 == 2 ? 1 : 0)));
    }
    return codes;
}

std::uint32_t endingsOf(const TrellisCode& code) {
    return static_cast<std::uint32_t>(code.states() >> code.bits());
}

int costAt(const Codes& codes, std::size_t i, std::int16_t target, std::size_t state) {
    const bool five = std::any_of(codes.begin(), codes.end(), [](const auto* c) { return c->bits() == 5; });
    return trellisCost(trellisDoublings(five ? 5 : 4), target, codes[i]->values()[state]);
}

/// The least cost of all closed paths, by one pass for every start.
double leastCost(const Codes& codes, std::span<const std::int16_t> targets) {
    double least = HUGE_VAL;
    for (std::size_t start = 0; start < endingsOf(*codes[0]); ++start) {
        std::vector<double> before(endingsOf(*codes[0]), HUGE_VAL);
        before[start] = 0;
        for (std::size_t i = 0; i < targets.size(); ++i) {
            const std::uint32_t endings = endingsOf(*codes[(i + 1) % codes.size()]);
            std::vector<double> after(endings, HUGE_VAL);
            for (std::size_t state = 0; state < codes[i]->states(); ++state) {
                double& cost = after[state & (endings - 1)];
                cost =
                    std::min(cost, before[state >> codes[i]->bits()] + costAt(codes, i, targets[i], state));
            }
            before = after;
        }
        least = std::min(least, before[start]);
    }
    return least;
}

double relativeError(const std::string& codec, const Matrix& weights) {
    Bench bench;
    return storageError(weights, bench.roundTrip(codec, weights)).relative;
}

} // namespace

class CodecTrellisTest : public QObject {
    Q_OBJECT

  private slots:
    void values_are_normal_and_of_every_part() {
        for (const int stateBits : {8, 10, 12}) {
            for (int bits = 2; bits <= 5; ++bits) {
                const TrellisCode& code = TrellisCode::of(stateBits, bits);
                double sum = 0;
                double squares = 0;
                for (std::size_t state = 0; state < code.states(); ++state) {
                    const double value = code.floats()[state] / TrellisCode::unit;
                    sum += value;
                    squares += value * value;
                }
                const auto count = static_cast<double>(code.states());
                QVERIFY(std::fabs(sum / count) < 0.1);
                QVERIFY(std::fabs(squares / count - 1) < 0.1);
                // One of the values that share all but the last symbol is in each of 2^K parts.
                std::vector<double> edges;
                for (int part = 1; part < 1 << (bits - 1); ++part) {
                    const double z = normalQuantile(0.5 + std::ldexp(part, -bits));
                    edges.push_back(z + (bits == 2 ? 0 : 0.012) * z * z * z);
                }
                for (std::size_t ending = 0; ending < code.states() >> bits; ending += 7) {
                    std::set<long> parts;
                    for (std::size_t symbol = 0; symbol < (std::size_t{1} << bits); ++symbol) {
                        const double value = static_cast<double>(code.values()[(ending << bits) + symbol]) /
                                             double{TrellisCode::unit};
                        const auto edge = std::upper_bound(edges.begin(), edges.end(), std::fabs(value));
                        const long part = 1 + (edge - edges.begin());
                        parts.insert(value < 0 ? -part : part);
                    }
                    QCOMPARE(parts.size(), std::size_t{1} << bits);
                }
            }
        }
    }

    void the_code_never_changes() {
        // Packed tensors hold symbols: the values are part of the format.
        std::uint64_t sum = 0;
        for (const int stateBits : {8, 11, 12, 16}) {
            for (int bits = 2; bits <= 5; ++bits) {
                const TrellisCode& code = TrellisCode::of(stateBits, bits);
                for (std::size_t state = 0; state < code.states(); ++state) {
                    sum = sum * 31 + static_cast<std::uint16_t>(code.values()[state]);
                }
            }
        }
        QCOMPARE(sum, std::uint64_t{7669083396742510335U});
    }

    void paths_are_closed_and_near_the_best_data() {
        QTest::addColumn<int>("bits");
        QTest::addColumn<bool>("mixed");
        for (int bits = 2; bits <= 5; ++bits) {
            QTest::addRow("%d", bits) << bits << false;
            if (bits < 5) {
                QTest::addRow("%d and %d", bits, bits + 1) << bits << true;
            }
        }
    }
    void paths_are_closed_and_near_the_best() {
        QFETCH(int, bits);
        QFETCH(bool, mixed);
        double found = 0;
        double least = 0;
        for (unsigned seed = 1; seed <= 5; ++seed) {
            const auto targets = targetsOf(normalSample(1, 40, seed));
            const Codes codes = codesOf(targets.size(), bits, mixed);
            std::vector<std::uint32_t> states(targets.size());
            TrellisSearch(codes).find(targets, states);
            double cost = 0;
            for (std::size_t i = 0; i < states.size(); ++i) {
                const std::size_t next = (i + 1) % states.size();
                QCOMPARE(states[next] >> codes[next]->bits(), states[i] & (endingsOf(*codes[next]) - 1));
                cost += costAt(codes, i, targets[i], states[i]);
            }
            const double best = leastCost(codes, targets);
            QVERIFY(cost >= best);
            found += cost;
            least += best;
        }
        QVERIFY2(found < 1.05 * least, qPrintable(QString("%1 %2").arg(found).arg(least)));
    }

    void errors_on_normal_weights_are_within_two_percent_of_the_gate_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<double>("gate");
        // Of random codes; these are below.
        QTest::newRow("2") << "trellis2:L12" << 0.0742;
        QTest::newRow("3") << "trellis3:L12" << 0.0200;
        QTest::newRow("4") << "trellis4:L12" << 0.00547;
        QTest::newRow("3, few states") << "trellis3:L8" << 0.0278;
        QTest::newRow("3, more states") << "trellis3:L14" << 0.0190;
        QTest::newRow("5") << "trellis5:L12" << 0.00147;
    }
    void errors_on_normal_weights_are_within_two_percent_of_the_gate() {
        QFETCH(QString, codec);
        QFETCH(double, gate);
        const double error = relativeError(codec.toStdString(), normalSample(256, 96));
        QVERIFY2(error < 1.02 * gate, qPrintable(QString::number(error)));
        // Nothing of this rate can be below the rate-distortion bound.
        const int bits = codec[7].digitValue();
        QVERIFY(error > 0.97 * std::pow(4.0, -bits));
    }

    void fractions_of_a_bit_are_worth_as_much_as_whole_ones_data() {
        QTest::addColumn<int>("bits");
        QTest::newRow("2") << 2;
        QTest::newRow("3") << 3;
        QTest::newRow("4") << 4;
    }
    void fractions_of_a_bit_are_worth_as_much_as_whole_ones() {
        QFETCH(int, bits);
        const Matrix weights = normalSample(256, 96);
        const auto errorAt = [&](double rate) {
            return relativeError(fmt::format("trellis{}:L12", rate), weights);
        };
        const double low = errorAt(bits);
        const double high = errorAt(bits + 1);
        for (const double fraction : {0.2, 0.5, 0.75}) {
            const double between = std::pow(low, 1 - fraction) * std::pow(high, fraction);
            const double error = errorAt(bits + fraction);
            QVERIFY2(std::fabs(error / between - 1) < 0.03,
                     qPrintable(QString("%1 %2 %3").arg(fraction).arg(error).arg(between)));
        }
    }

    void sizes_are_what_the_rate_says_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<double>("bits");
        QTest::newRow("whole") << "trellis3:L12" << 3.0;
        QTest::newRow("half") << "trellis2.5:L12" << 2.5;
        QTest::newRow("quarter") << "trellis3.25:L12" << 3.25;
        QTest::newRow("hundredths") << "trellis3.18:L16" << 3.18;
        QTest::newRow("most") << "trellis4.99:L12" << 4.99;
    }
    void sizes_are_what_the_rate_says() {
        QFETCH(QString, codec);
        QFETCH(double, bits);
        const Shape shape{2048, 768};
        const auto bytes = static_cast<double>(Codec::parse(codec.toStdString()).packedBytes(shape));
        const double found = 8 * bytes / static_cast<double>(shape.count());
        QVERIFY2(found < bits + 0.001 && found > bits - 0.001, qPrintable(QString::number(found)));
    }

    void any_shape_comes_back_in_any_pieces_data() {
        QTest::addColumn<int>("rows");
        QTest::addColumn<int>("columns");
        for (const auto& [rows, columns] : std::vector<std::pair<int, int>>{
                 {1, 1}, {1, 40}, {3, 17}, {7, 8}, {130, 21}, {257, 9}, {300, 40}}) {
            QTest::addRow("%d x %d", rows, columns) << rows << columns;
        }
    }
    void any_shape_comes_back_in_any_pieces() {
        QFETCH(int, rows);
        QFETCH(int, columns);
        const Matrix weights = normalSample(rows, columns);
        Bench bench;
        for (const std::string name : {"trellis3:L8", "trellis2.5:L16", "trellis4.3:L10+rht:both"}) {
            const PackedTensor packed = bench.encode(name, weights);
            const Matrix whole = bench.decode(name, packed);
            const double error = storageError(weights, whole).relative;
            QVERIFY2(error < (rows < 16 ? 0.4 : 0.13),
                     qPrintable(QString("%1: %2").arg(name.c_str()).arg(error)));
            const Codec codec = Codec::parse(name);
            for (const int count : {1, 5, 129}) {
                for (int first = 0; first < rows; first += count) {
                    Matrix part(std::min(count, rows - first), columns);
                    codec.decodeRows(packed, static_cast<std::size_t>(first), part);
                    QVERIFY(part == whole.middleRows(first, part.rows()));
                }
            }
        }
    }

    void weights_of_any_size_are_stored() {
        for (const float size : {0.0F, 1e-30F, 1e-5F, 1e4F, 1e30F}) {
            const Matrix weights = size * normalSample(64, 40);
            const Matrix stored = Bench().roundTrip("trellis3:L10", weights);
            QVERIFY(stored.allFinite());
            QVERIFY(storageError(weights, stored).relative < 0.03);
        }
    }

    void feedback_makes_outputs_err_less() {
        const Matrix weights = normalSample(128, 256);
        const InputStatistics inputs = statisticsOf(correlatedInputs(2048, 256));
        Bench bench;
        for (const std::string format : {"trellis3:L8", "trellis2.5:L9+rht:both", "ec3", "ec2.5+rht:both"}) {
            const auto loss = [&](const std::string& codec) {
                return proxyLoss(weights, bench.roundTrip(codec, weights, &inputs), inputs, bench.workers);
            };
            const double fed = loss(format + "+gptq");
            const double direct = loss(format);
            QVERIFY2(fed < 0.7 * direct, qPrintable(QString("%1 against %2").arg(fed).arg(direct)));
        }
    }

    void bytes_are_the_same_for_every_thread_count() {
        const Matrix weights = normalSample(300, 200);
        const InputStatistics inputs = statisticsOf(correlatedInputs(600, 200));
        Bench one(1);
        Bench three(3);
        for (const char* codec : {"trellis3:L8", "trellis3.4:L9+rht:both+gptq", "trellis2:L8+gptq:order",
                                  "ec2.5+gptq:asymmetric", "ec3.3+rht:both"}) {
            const PackedTensor packed = one.encode(codec, weights, &inputs);
            QVERIFY(packed.bytes == three.encode(codec, weights, &inputs).bytes);
            QVERIFY(one.decode(codec, packed) == three.decode(codec, packed));
        }
    }

    void every_instruction_set_makes_the_same_bytes_and_weights() {
        const Matrix weights = normalSample(140, 77);
        for (const char* codec :
             {"trellis2:L8", "trellis3.5:L12+rht:both", "trellis4.5:L10", "ec3.3+rht:both"}) {
            Bench bench;
            const PackedTensor packed = bench.encode(codec, weights);
            const Matrix stored = bench.decode(codec, packed);
            int sets = 0;
            for (std::int64_t left = hwy::SupportedTargets() & HWY_TARGETS; left != 0; left &= left - 1) {
                hwy::GetChosenTarget().Update(left & -left);
                QVERIFY(bench.encode(codec, weights).bytes == packed.bytes);
                QVERIFY(bench.decode(codec, packed) == stored);
                hwy::GetChosenTarget().Update(hwy::SupportedTargets());
                ++sets;
            }
            QVERIFY(sets > 0);
        }
    }

    void any_symbols_are_weights_but_not_any_scale() {
        const Matrix weights = normalSample(40, 40);
        Bench bench;
        PackedTensor packed = bench.encode("trellis3:L12", weights);
        for (std::size_t i = 2; i < packed.bytes.size(); ++i) {
            packed.bytes[i] = static_cast<std::byte>(i * 89);
        }
        QVERIFY(bench.decode("trellis3:L12", packed).allFinite());
        const std::uint16_t infinite = 0x7f80;
        std::memcpy(packed.bytes.data(), &infinite, sizeof(infinite));
        const QString message = errorOf([&] { bench.decode("trellis3:L12", packed); });
        QVERIFY2(message.contains("scale"), qPrintable(message));
    }

    void it_can_be_cancelled() {
        Workers workers(2);
        CancelAfter monitor(10);
        QVERIFY_THROWS_EXCEPTION(
            Cancelled,
            Codec::parse("trellis3:L12").encode(normalSample(512, 256), {workers, monitor, 0, nullptr}));
    }
};

QTEST_APPLESS_MAIN(CodecTrellisTest)
#include "tst_codec_trellis.moc"
