// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "support/file.h"
#include "support/sha256.h"
#include "test_support.h"
#include "training/distillation.h"
#include "training/training_cache.h"
#include "training/window_order.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <numeric>
#include <set>

using namespace planish;
using namespace planish::test;

namespace {

constexpr std::size_t context = 64;
constexpr std::size_t windows = 4;

std::vector<TokenId> someTokens() {
    std::vector<TokenId> tokens;
    for (std::size_t i = 0; i < windows * context; ++i) {
        tokens.push_back(static_cast<TokenId>(i * 7919 % 1000003 % 2048));
    }
    return tokens;
}

/// folio-4m, its MLPs stored in three bits, and what training it needs.
struct Setup {
    explicit Setup(int threads = 2, const char* codec = "int3:g64")
        : workers(threads),
          student(teacher.model(),
                  resolve(Recipe::fromJson({{"schema", "planish.recipe/1"},
                                            {"name", "test"},
                                            {"default", "bf16"},
                                            {"rules", {{{"match", "mlp"}, {"codec", codec}}}}},
                                           "test"),
                          teacher.model().tensors(), true),
                  workers) {
        for (std::size_t i = 0; i < student.codecs().size(); ++i) {
            if (!student.codecs()[i].isFloat()) {
                const Matrix& values = student.state().tensors[i].values;
                student.freeze(i, student.codecs()[i].encode(values, {workers, monitor}), workers);
            }
        }
    }
    void train(int steps) {
        const auto tokens = someTokens();
        Distillation distillation(teacher, student, context, workers, Arithmetic::float32);
        for (int i = 0; i < steps; ++i) {
            distillation.step(tokens, windows, 0.005, monitor);
        }
    }

    Workers workers;
    SilentMonitor monitor;
    OriginalWeights teacher{Model::open("folio-4m")};
    ModelInTraining student;
};

bool sameState(const TrainingState& a, const TrainingState& b) {
    bool same = a.steps == b.steps && a.losses == b.losses && a.tensors.size() == b.tensors.size();
    for (std::size_t i = 0; same && i < a.tensors.size(); ++i) {
        const TensorInTraining& one = a.tensors[i];
        const TensorInTraining& other = b.tensors[i];
        same = one.values == other.values && one.coordinates == other.coordinates &&
               one.moments.first == other.moments.first && one.moments.second == other.moments.second &&
               one.packed.has_value() == other.packed.has_value() &&
               (!one.packed || one.packed->bytes == other.packed->bytes);
    }
    return same;
}

} // namespace

class TrainingTest : public QObject {
    Q_OBJECT

  private slots:
    /// Against the algorithm written down one weight at a time, in double.
    void adam_is_the_algorithm_of_its_paper() {
        Workers workers(2);
        Matrix weights = Matrix::Random(300, 257);
        Matrix gradient = Matrix::Random(300, 257);
        AdamMoments moments;
        const double start = static_cast<double>(weights(299, 256));
        double expected = start;
        double m = 0;
        double v = 0;
        for (int t = 1; t <= 5; ++t) {
            const double g = static_cast<double>(gradient(299, 256));
            m = 0.9 * m + 0.1 * g;
            v = 0.95 * v + 0.05 * g * g;
            expected -= 0.01 * (m / (1 - std::pow(0.9, t))) / std::sqrt(v / (1 - std::pow(0.95, t)));
            adamStep(weights, gradient, moments, static_cast<std::uint64_t>(t), 0.01, workers);
            gradient *= -0.7F;
        }
        QVERIFY(std::fabs(static_cast<double>(weights(299, 256)) - expected) < 1e-6);
        QVERIFY(std::fabs(expected - start) > 1e-3);
        gradient.setZero();
        moments = {};
        const Matrix before = weights;
        adamStep(weights, gradient, moments, 1, 0.01, workers);
        QCOMPARE(weights, before);
    }

    void every_window_comes_once_before_any_comes_again() {
        const auto two = windowsInOrder(10, 0, 20, 3);
        QCOMPARE(std::set(two.begin(), two.begin() + 10).size(), std::size_t{10});
        QCOMPARE(std::set(two.begin() + 10, two.end()).size(), std::size_t{10});
        QVERIFY(!std::equal(two.begin(), two.begin() + 10, two.begin() + 10));
        QVERIFY(!std::is_sorted(two.begin(), two.begin() + 10));
        QCOMPARE(windowsInOrder(10, 7, 6, 3), std::vector(two.begin() + 7, two.begin() + 13));
        QVERIFY(windowsInOrder(10, 0, 20, 4) != two);
        QCOMPARE(windowsInOrder(1, 5, 3, 0), std::vector<std::size_t>(3, 0));
    }

    void the_divergence_falls_and_what_is_packed_stays() {
        Setup setup;
        const TrainingState before = setup.student.state();
        setup.train(8);
        const TrainingState& after = setup.student.state();
        QCOMPARE(after.steps, std::uint64_t{8});
        QCOMPARE(after.losses.size(), std::size_t{8});
        QVERIFY2(after.losses.back() < 0.7 * after.losses.front(),
                 qPrintable(QString("%1 to %2").arg(after.losses.front()).arg(after.losses.back())));
        for (std::size_t i = 0; i < after.tensors.size(); ++i) {
            QCOMPARE(after.tensors[i].values == before.tensors[i].values,
                     after.tensors[i].packed.has_value());
        }
    }

    void threads_make_no_difference() {
        Setup one(1);
        Setup three(3);
        one.train(2);
        three.train(2);
        QVERIFY(sameState(one.student.state(), three.student.state()));
    }

    void scales_of_what_is_packed_learn_where_the_codec_recovers() {
        Setup plain(2, "int2:g32");
        Setup recovering(2, "int2:g32+recover");
        const TrainingState before = recovering.student.state();
        plain.train(16);
        recovering.train(16);
        const TrainingState& after = recovering.student.state();
        QVERIFY2(
            after.losses.back() < 0.95 * plain.student.state().losses.back(),
            qPrintable(
                QString("%1 against %2").arg(after.losses.back()).arg(plain.student.state().losses.back())));
        recovering.student.finish();
        for (std::size_t i = 0; i < after.tensors.size(); ++i) {
            const Codec& codec = recovering.student.codecs()[i];
            QCOMPARE(after.tensors[i].inTraining(), codec.isFloat());
            if (!codec.isFloat()) {
                PackedTensor packed = *after.tensors[i].packed;
                QVERIFY(codec.decode(packed, recovering.workers) == after.tensors[i].values);
                QVERIFY(packed.bytes != before.tensors[i].packed->bytes);
                Matrix coordinates = before.tensors[i].coordinates;
                codec.writeCoordinates(coordinates, packed, recovering.workers);
                QVERIFY(packed.bytes == before.tensors[i].packed->bytes); // the codes are the same
            }
        }
    }

    void a_training_goes_on_from_where_it_was_kept_data() {
        QTest::addColumn<QByteArray>("codec");
        QTest::addRow("all frozen") << QByteArray("int3:g64");
        QTest::addRow("codes frozen") << QByteArray("int3:g64+recover");
        QTest::addRow("levels change place") << QByteArray("codebook3:g64+recover");
    }
    void a_training_goes_on_from_where_it_was_kept() {
        QFETCH(QByteArray, codec);
        const QTemporaryDir folder;
        TrainingCache cache(folder.path().toStdString(), TrainingCache::usualLimit);
        const std::string key = sha256Hex("a training");
        Setup whole(2, codec);
        whole.train(4);
        Setup half(2, codec);
        QVERIFY(!cache.restore(key, half.student, half.workers));
        half.train(2);
        QVERIFY(cache.keep(key, half.student));
        Setup rest(2, codec);
        QVERIFY(cache.restore(key, rest.student, rest.workers));
        QVERIFY(sameState(rest.student.state(), half.student.state()));
        rest.train(2);
        QVERIFY(sameState(rest.student.state(), whole.student.state()));
    }

    /// Any of these is as if nothing had been kept, and the file is removed.
    void damaged_files_are_absent_data() {
        QTest::addColumn<qint64>("position");
        QTest::addColumn<qint64>("length");
        QTest::addRow("another kind") << qint64{0} << qint64{-1};
        QTest::addRow("another version") << qint64{8} << qint64{-1};
        QTest::addRow("steps beyond the file") << qint64{22} << qint64{-1};
        QTest::addRow("another loss") << qint64{24} << qint64{-1};
        QTest::addRow("packed to another size") << qint64{24 + 2 * 8} << qint64{-1};
        QTest::addRow("another weight") << qint64{5000} << qint64{-1};
        QTest::addRow("cut within the header") << qint64{-1} << qint64{20};
        QTest::addRow("cut within the tensors") << qint64{-1} << qint64{100000};
        QTest::addRow("empty") << qint64{-1} << qint64{0};
    }
    void damaged_files_are_absent() {
        QFETCH(qint64, position);
        QFETCH(qint64, length);
        const QTemporaryDir folder;
        const std::filesystem::path place(folder.path().toStdString());
        TrainingCache cache(place, TrainingCache::usualLimit);
        const std::string key = sha256Hex("a training");
        Setup setup;
        setup.train(2);
        QVERIFY(cache.keep(key, setup.student));
        const auto file = place / (key + ".training");
        std::string content = readWholeFile(file, TrainingCache::usualLimit);
        if (position >= 0) {
            content[static_cast<std::size_t>(position)] ^= 1;
        }
        if (length >= 0) {
            content.resize(static_cast<std::size_t>(length));
        }
        replaceFile(file, content);
        const TrainingState before = setup.student.state();
        QVERIFY(!cache.restore(key, setup.student, setup.workers));
        QVERIFY(sameState(setup.student.state(), before));
        QVERIFY(!std::filesystem::exists(file));
    }
};

QTEST_GUILESS_MAIN(TrainingTest)
#include "tst_training.moc"
