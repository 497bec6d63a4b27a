// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli_process.h"
#include "sample_runs.h"
#include "store/results_document.h"

#include <QFile>
#include <QTemporaryDir>
#include <QtTest>

using namespace planish;
using namespace planish::test;

/// Commands on results documents themselves.
class CliStoreTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    QString path(const char* name) const { return folder_.filePath(QString::fromLatin1(name)); }
    QString write(const char* name, const std::vector<RunRecord>& runs) const {
        writeResultsDocument(path(name).toStdString(), runs);
        return path(name);
    }

  private slots:
    void runs_are_annotated_and_json_shows_it() {
        const QString store = write("a.h5", {sampleRun(1), sampleRun(2)});
        const QString id = QString::fromStdString(sampleRun(1).id);
        const CliResult result = cli({"annotate", store, id, "--name", "best", "--tags", "b, a,b", "--folder",
                                      "/p/q/", "--notes", "two\nlines", "--json"});
        QCOMPARE(result.status, 0);
        QCOMPARE(result.json()["runs"][0]["tags"], Json("b, a"));
        QCOMPARE(cli({"annotate", store, "best", "--tags", ""}).status, 0); // found by its new name
        const Json runs = cli({"frontier", store, "--json"}).json()["runs"];
        QCOMPARE(runs.size(), std::size_t{2});
        for (const Json& run : runs) {
            if (run["run"] == sampleRun(1).id) {
                QCOMPARE(run["name"], Json("best"));
                QCOMPARE(run["tags"], Json(""));
                QCOMPARE(run["folder"], Json("p/q"));
                QCOMPARE(run["notes"], Json("two\nlines"));
            } else {
                QCOMPARE(run["name"], Json(sampleRun(2).name));
            }
        }
        QCOMPARE(cli({"annotate", store, "zzz", "--name", "x"}).status, 2);
    }

    void documents_are_merged() {
        const QString a = write("m1.h5", {sampleRun(1), sampleRun(2)});
        const QString b = write("m2.h5", {sampleRun(2), sampleRun(3)});
        const QString all = path("all.h5");
        const CliResult result = cli({"merge", all, a, b, "--json"});
        QCOMPARE(result.status, 0);
        QCOMPARE(result.json()["added"][a.toStdString()], Json(2));
        QCOMPARE(result.json()["added"][b.toStdString()], Json(1));
        QCOMPARE(ResultsDocument(all.toStdString()).runIds().size(), std::size_t{3});
        const CliResult wrong = cli({"merge", all, path("nothing.h5")});
        QCOMPARE(wrong.status, 2);
        QVERIFY(wrong.err.contains("nothing.h5"));
    }

    void a_report_tells_what_repeats_each_run() {
        RunRecord odd = sampleRun(2);
        odd.name = "<b>&odd";
        odd.command = "planish-cli run x --recipe '{\"a\": \"<&>\"}'";
        const QString store = write("r.h5", {sampleRun(1), odd});
        QCOMPARE(cli({"report", store, "--out", path("r.html"), "--title", "Two & more"}).status, 0);
        QFile html(path("r.html"));
        QVERIFY(html.open(QIODevice::ReadOnly));
        const QByteArray text = html.readAll();
        for (const QByteArray& part :
             {QByteArray("Two &amp; more"), QByteArray("&lt;b&gt;&amp;odd"), QByteArray("data:image/svg+xml"),
              QByteArray("{&quot;a&quot;: &quot;&lt;&amp;&gt;&quot;}"),
              QByteArray::fromStdString(sampleRun(1).modelFingerprint),
              QByteArray::fromStdString(sampleRun(1).corpusSha256), QByteArray("planish 0.")}) {
            QVERIFY2(text.contains(part), part.constData());
        }
        QVERIFY(!text.contains("<b>&odd"));
        QCOMPARE(cli({"report", store, "--out", path("r.pdf")}).status, 0);
        QFile pdf(path("r.pdf"));
        QVERIFY(pdf.open(QIODevice::ReadOnly));
        const QByteArray bytes = pdf.readAll();
        QVERIFY(bytes.startsWith("%PDF-") && bytes.size() > 10'000);
        const CliResult wrong = cli({"report", store, "--out", path("r.doc")});
        QCOMPARE(wrong.status, 2);
        QVERIFY(wrong.err.contains(".html or .pdf"));
    }

    void a_report_of_no_runs_says_so() {
        const QString store = write("empty.h5", {});
        QCOMPARE(cli({"report", store, "--out", path("e.html")}).status, 0);
        QFile html(path("e.html"));
        QVERIFY(html.open(QIODevice::ReadOnly));
        QVERIFY(html.readAll().contains("no runs"));
    }
};

QTEST_GUILESS_MAIN(CliStoreTest)
#include "tst_cli_store.moc"
