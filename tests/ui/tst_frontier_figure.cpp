// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/csv.h"
#include "plots/figure_export.h"
#include "plots/frontier_figure.h"
#include "run_fixtures.h"
#include "support/file.h"
#include "test_support.h"

#include <qcustomplot.h>

#include <QImage>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace planish;
using planish::test::makeRun;
using planish::test::makeRuns;

namespace {

FrontierContent contentOf(const std::vector<RunRecord>& runs) {
    FrontierContent content;
    content.runs = runs;
    return content;
}

const FrontierQuantity& size(const char* key) {
    return quantity(sizeQuantities(), QString::fromLatin1(key));
}

QList<QStringList> readCsv(const QByteArray& csv) {
    QList<QStringList> lines;
    for (const QString& line : QString::fromUtf8(csv).split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        lines.append(line.split(QLatin1Char(',')));
    }
    return lines;
}

} // namespace

class TestFrontierFigure : public QObject {
    Q_OBJECT

  private slots:
    void runs_of_different_settings_never_share_a_frontier();
    void the_frontier_is_the_same_whichever_way_the_size_axis_runs();
    void codec_families_are_told_apart();
    void a_logarithmic_axis_hides_what_it_cannot_show();
    void points_are_found_where_they_are_drawn();
    void a_single_run_and_none_at_all_can_be_drawn();
    void the_legend_keeps_off_the_points();
    void pictures_are_written_in_every_format();
    void an_unknown_extension_is_refused_by_name();
    void a_folder_that_does_not_exist_is_an_error();
    void csv_has_the_drawn_numbers_in_full_precision();
    void csv_fields_are_quoted_where_they_must_be();
};

void TestFrontierFigure::runs_of_different_settings_never_share_a_frontier() {
    std::vector<RunRecord> runs = makeRuns();
    RunRecord otherText = makeRun("other text", 2, 0.01);
    otherText.corpusSha256 = "c1";
    RunRecord otherContext = makeRun("other context", 2, 0.02);
    otherContext.context = 1024;
    runs.push_back(otherText);
    runs.push_back(otherContext);
    const std::vector<ComparisonGroup> groups = comparisonGroups(runs);
    QCOMPARE(groups.size(), std::size_t{3});
    QCOMPARE(frontierOf(groups[0], runs, {}), (std::vector<std::size_t>{0, 1, 3}));
    QCOMPARE(frontierOf(groups[1], runs, {}), (std::vector<std::size_t>{4}));
    QCOMPARE(frontierSeries(groups, runs).size(), std::size_t{3});
}

void TestFrontierFigure::the_frontier_is_the_same_whichever_way_the_size_axis_runs() {
    const std::vector<RunRecord> runs = makeRuns();
    const ComparisonGroup group = comparisonGroups(runs).front();
    FrontierAxes axes;
    axes.size = &size("compression");
    QCOMPARE(frontierOf(group, runs, axes), (std::vector<std::size_t>{0, 1, 3}));
    axes.size = &size("bits_per_weight");
    QCOMPARE(frontierOf(group, runs, axes), (std::vector<std::size_t>{3, 1, 0}));
}

void TestFrontierFigure::codec_families_are_told_apart() {
    RunRecord run = makeRun("a", 4, 1);
    QCOMPARE(codecFamily(run), QStringLiteral("integer"));
    run.tensors.push_back({"model.embed_tokens", "embedding", 8, 8, "bf16", 128, 16, 0, 0});
    QCOMPARE(codecFamily(run), QStringLiteral("integer"));
    run.tensors.push_back({"model.layers.0.mlp.up_proj", "up", 8, 8, "nf4:g64", 48, 4.5, 0.01, 20});
    QCOMPARE(codecFamily(run), QStringLiteral("mixed"));
}

void TestFrontierFigure::a_logarithmic_axis_hides_what_it_cannot_show() {
    FrontierAxes axes;
    axes.logarithmicLoss = true;
    QVERIFY(axes.canShow(makeRun("worse", 4, 0.1)));
    QVERIFY(!axes.canShow(makeRun("better than the baseline", 4, -0.1)));
    axes.logarithmicLoss = false;
    QVERIFY(axes.canShow(makeRun("better than the baseline", 4, -0.1)));
    QVERIFY(!axes.canShow(makeRun("broken", 4, notMeasured)));
}

void TestFrontierFigure::points_are_found_where_they_are_drawn() {
    const std::vector<RunRecord> runs = makeRuns();
    QCustomPlot plot;
    plot.resize(600, 400);
    FrontierFigure figure(plot);
    figure.draw(contentOf(runs));
    figure.showAll();
    plot.replot();
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::optional<QPointF> pixel = figure.pixelOf(i);
        QVERIFY(pixel && plot.axisRect()->rect().contains(pixel->toPoint()));
        QCOMPARE(figure.runAt(*pixel + QPointF(2, -2)), std::optional(i));
    }
    QVERIFY(!figure.runAt(*figure.pixelOf(0) + QPointF(40, -40)));
    QCOMPARE(figure.runsIn(plot.axisRect()->rect()).size(), runs.size());
}

void TestFrontierFigure::a_single_run_and_none_at_all_can_be_drawn() {
    QCustomPlot plot;
    plot.resize(600, 400);
    FrontierFigure figure(plot);
    for (const std::vector<RunRecord>& runs :
         {std::vector<RunRecord>{}, {makeRun("only", 4, 0, notMeasured)}}) {
        for (const bool logarithmic : {false, true}) {
            FrontierContent content = contentOf(runs);
            content.axes.logarithmicSize = logarithmic;
            content.axes.logarithmicLoss = logarithmic;
            figure.draw(content);
            figure.showAll();
            plot.replot();
            QVERIFY(std::isfinite(plot.xAxis->range().size()) && plot.xAxis->range().size() > 0);
            QVERIFY(std::isfinite(plot.yAxis->range().size()) && plot.yAxis->range().size() > 0);
        }
    }
}

void TestFrontierFigure::the_legend_keeps_off_the_points() {
    QCustomPlot plot;
    plot.resize(500, 400);
    FrontierFigure figure(plot);
    const auto corner = [&](const std::vector<RunRecord>& runs) {
        FrontierContent content = contentOf(runs);
        content.axes.size = &size("compression");
        figure.draw(content);
        figure.showAll();
        plot.replot();
        figure.placeLegend();
        plot.replot();
        for (std::size_t i = 0; i < runs.size(); ++i) {
            if (plot.legend->outerRect().contains(figure.pixelOf(i)->toPoint())) {
                return Qt::Alignment();
            }
        }
        return plot.axisRect()->insetLayout()->insetAlignment(0);
    };
    std::vector<RunRecord> runs{makeRun("small", 3, 9), makeRun("middle", 5, 4), makeRun("large", 8, 1)};
    runs[0].tensors[0].codec = runs[0].recipe.defaultCodec = "nf4:g64"; // two families: there is a legend
    QCOMPARE(corner(runs), Qt::AlignLeft | Qt::AlignTop);
    runs.push_back(makeRun("wasteful", 8, 9));
    const Qt::Alignment elsewhere = corner(runs);
    QVERIFY(elsewhere != Qt::Alignment() && elsewhere != (Qt::AlignLeft | Qt::AlignTop));
}

void TestFrontierFigure::pictures_are_written_in_every_format() {
    const QTemporaryDir folder;
    const auto start = [](const QString& path) {
        return readWholeFile(path.toStdString(), 1U << 24).substr(0, 5);
    };
    for (const char* name : {"a.png", "b.svg", "c.pdf"}) {
        writeFrontierFigure(makeRuns(), folder.filePath(QString::fromLatin1(name)));
    }
    const QImage image(folder.filePath(QStringLiteral("a.png")));
    QVERIFY(image.width() >= 900);
    int dark = 0;
    for (int x = 0; x < image.width(); ++x) {
        for (int y = 0; y < image.height(); ++y) {
            dark += image.pixelColor(x, y).lightness() < 128 ? 1 : 0;
        }
    }
    QVERIFY2(dark > 2000, "axes, texts and points are drawn");
    QCOMPARE(start(folder.filePath(QStringLiteral("b.svg"))), std::string("<?xml"));
    const std::string svg = readWholeFile(folder.filePath(QStringLiteral("b.svg")).toStdString(), 1U << 24);
    QVERIFY(svg.find("</svg>") != std::string::npos && svg.size() > 5000);
    QCOMPARE(start(folder.filePath(QStringLiteral("c.pdf"))), std::string("%PDF-"));
}

void TestFrontierFigure::an_unknown_extension_is_refused_by_name() {
    const QString message =
        test::errorOf([] { writeFrontierFigure(makeRuns(), QStringLiteral("/tmp/frontier.bmp")); });
    QVERIFY2(message.contains(QStringLiteral(".png")) && message.contains(QStringLiteral(".bmp")),
             qPrintable(message));
}

void TestFrontierFigure::a_folder_that_does_not_exist_is_an_error() {
    const QString message =
        test::errorOf([] { writeFrontierFigure(makeRuns(), QStringLiteral("/nonexistent/folder/a.png")); });
    QVERIFY2(message.contains(QStringLiteral("/nonexistent/folder")), qPrintable(message));
}

void TestFrontierFigure::csv_has_the_drawn_numbers_in_full_precision() {
    std::vector<RunRecord> runs = makeRuns();
    runs[0].deltaPplPercent = 1.0 / 3;
    runs[3].deltaStandardErrorPercent = notMeasured;
    const QList<QStringList> lines = readCsv(frontierCsv(contentOf(runs))
                                                 .replace("context 512, 32", "context 512 32")
                                                 .replace("standard, ", "standard "));
    QCOMPARE(lines.size(), 5);
    QCOMPARE(lines[0].mid(3), QStringList({QStringLiteral("compression"), QStringLiteral("delta_ppl_percent"),
                                           QStringLiteral("delta_ppl_percent_standard_error"),
                                           QStringLiteral("on_frontier")}));
    const QStringList frontier = {QStringLiteral("1"), QStringLiteral("1"), QStringLiteral("0"),
                                  QStringLiteral("1")};
    for (int i = 0; i < 4; ++i) {
        const RunRecord& run = runs[static_cast<std::size_t>(i)];
        QCOMPARE(lines[i + 1][3].toDouble(), run.compression);
        QCOMPARE(lines[i + 1][4].toDouble(), run.deltaPplPercent);
        QCOMPARE(lines[i + 1][6], frontier[i]);
    }
    QCOMPARE(lines[4][5], QString());
}

void TestFrontierFigure::csv_fields_are_quoted_where_they_must_be() {
    QCOMPARE(csvLine({QStringLiteral("a"), QStringLiteral("b,c"), QStringLiteral("say \"d\"")}),
             QStringLiteral("a,\"b,c\",\"say \"\"d\"\"\"\n"));
    QCOMPARE(csvNumber(0.1), QStringLiteral("0.1"));
    QCOMPARE(csvNumber(notMeasured), QString());
}

QTEST_MAIN(TestFrontierFigure)
#include "tst_frontier_figure.moc"
