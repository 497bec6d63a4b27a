// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_process.h"
#include "codec/codec.h"

#include <QDir>
#include <QFile>
#include <QTest>
#include <cmath>

using namespace planish;
using namespace planish::test;

namespace {

QString source(const char* path) {
    return QStringLiteral(PLANISH_SOURCE) + QLatin1Char('/') + QLatin1String(path);
}

QString content(const QString& path) {
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? QString::fromUtf8(file.readAll()) : QString();
}

/// Whether both texts are the same but for numbers that differ by at most 2 %: sums in another order on
/// another CPU.
bool same(const QString& a, const QString& b) {
    if (a == b) {
        return true;
    }
    bool numbers = false;
    bool others = false;
    const double x = a.toDouble(&numbers);
    const double y = b.toDouble(&others);
    return numbers && others && std::abs(x - y) <= 0.02 * std::abs(x);
}

} // namespace

/// Pages of this repository that are written by the program.
class CliPagesTest : public QObject {
    Q_OBJECT

  private slots:
    void the_page_of_codecs_is_what_the_codecs_are() {
        const CliResult result = cli({"codecs", "--markdown"});
        QCOMPARE(result.status, 0);
        const auto found = QString::fromUtf8(result.out).split(QLatin1Char('\n'));
        const auto committed = content(source("docs/codecs.md")).split(QLatin1Char('\n'));
        for (qsizetype line = 0; line < std::min(found.size(), committed.size()); ++line) {
            const auto a = found[line].split(QLatin1Char(' '));
            const auto b = committed[line].split(QLatin1Char(' '));
            QVERIFY2(
                std::equal(a.begin(), a.end(), b.begin(), b.end(), same),
                qPrintable(QStringLiteral("docs/codecs.md, line %1: planish-cli codecs --markdown says\n%2")
                               .arg(line + 1)
                               .arg(found[line])));
        }
        QCOMPARE(committed.size(), found.size());
    }

    void every_example_of_a_codec_is_measured_on_a_tensor_with_its_statistics() {
        const QString page = content(source("docs/codecs.md"));
        QVERIFY(page.contains(QStringLiteral("Calibrated on 64 samples of 512 tokens of `calibration`")));
        for (const CodecMember& member : codecMembers()) {
            for (const std::string& example : member.examples) {
                const auto start =
                    page.indexOf(QStringLiteral("| `%1` |").arg(QString::fromStdString(example)));
                QVERIFY2(start >= 0, example.c_str());
                const auto cells = page.mid(start, page.indexOf(QLatin1Char('\n'), start) - start)
                                       .split(QLatin1Char('|'), Qt::SkipEmptyParts);
                const bool needsStatistics = Codec::parse(example).calibration() == CalibrationUse::required;
                QCOMPARE(cells.size(), qsizetype{5});
                QCOMPARE(cells[2].trimmed().isEmpty(), needsStatistics);
                for (const qsizetype cell : {1, 3, 4}) {
                    bool measured = false;
                    QVERIFY2(cells[cell].toDouble(&measured) < 32.01 && measured, example.c_str());
                }
            }
        }
    }

    void results_of_experiments_are_what_their_stores_say_data() {
        QTest::addColumn<QString>("folder");
        const QDir experiments(source("experiments"));
        for (const QString& name : experiments.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
            const QString folder = experiments.filePath(name) + QLatin1Char('/');
            if (QFile::exists(folder + QStringLiteral("claims.json"))) { // others are tools
                QTest::newRow(qPrintable(name)) << folder;
            }
        }
    }

    void results_of_experiments_are_what_their_stores_say() {
        QFETCH(QString, folder);
        const QString results = folder + QStringLiteral("RESULTS.md");
        const QString store = folder + QStringLiteral("results.h5");
        const CliResult result =
            cli({"claims", folder + QStringLiteral("claims.json"), "--store", store, "--check", results});
        QVERIFY2(result.status == 0, result.err.constData());
    }

    void the_page_of_codecs_shows_what_error_feedback_gains() {
        const QString page = content(source("docs/codecs.md"));
        const auto loss = [&](const char* codec) {
            const auto start = page.indexOf(QStringLiteral("| `%1` |").arg(QLatin1String(codec)));
            const auto cells = page.mid(start, page.indexOf(QLatin1Char('\n'), start) - start)
                                   .split(QLatin1Char('|'), Qt::SkipEmptyParts);
            return cells.value(4).toDouble();
        };
        QVERIFY(0 < loss("int4:g128+gptq") && loss("int4:g128+gptq") < 0.9 * loss("int4:g128+awq+mse"));
        QCOMPARE(loss("int4:g64+obd"), loss("int4:g64"));
    }
};

QTEST_APPLESS_MAIN(CliPagesTest)
#include "tst_cli_pages.moc"
