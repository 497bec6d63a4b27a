// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/references.h"
#include "plots/frontier_overlay.h"
#include "run_fixtures.h"
#include "views/frontier_view.h"
#include "views/target_bar.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFile>
#include <QFileInfo>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace planish;
using planish::test::makeRun;
using planish::test::makeRuns;

namespace {

/// The frontier with its target, on folio-4m and a study whose numbers are made up.
struct Scene {
    Scene() {
        editor.setModel("folio-4m", model.tensors(), true);
        view.resize(900, 600);
        view.show();
    }
    void addStudy() {
        Workers workers;
        SilentMonitor monitor;
        SensitivityRecord record;
        record.id = "study";
        record.model = "folio-4m";
        record.modelFingerprint = model.fingerprint(workers, monitor);
        record.sensitivity.lossPerDivergence = 0.5;
        for (const TensorInfo& tensor : model.tensors()) {
            if (tensor.isVector) {
                continue;
            }
            record.sensitivity.tensors.push_back({tensor.name, std::string(roleName(tensor.role)),
                                                  tensor.shape.rows, tensor.shape.columns,
                                                  tensor.role == Role::value ? 2.0 : 0.5, 0.01, 2});
            for (const char* codec : {"int2:g64", "int3:g64", "int4:g64", "int6:g64"}) {
                const Codec parsed = Codec::parse(codec);
                const std::size_t bytes = parsed.packedBytes(tensor.shape);
                const double bits = 8 * static_cast<double>(bytes) / static_cast<double>(tensor.count());
                record.costs.push_back({tensor.name, parsed.name(), bytes, std::pow(0.25, bits)});
            }
        }
        costs.setModel("folio-4m");
        costs.setStudies({record});
    }
    TargetBar& bar() { return *view.targetBar(); }
    QString answer() { return bar().findChild<QLabel*>()->text(); }
    QDoubleSpinBox& compression() { return *bar().findChild<QDoubleSpinBox*>(); }

    Model model = Model::open("folio-4m");
    RecipeEditor editor;
    CostTable costs{&editor};
    RunCollection runs;
    RunSelection selection;
    TargetMix target{costs, editor, runs};
    FrontierView view{runs, selection, target};
};

} // namespace

class TargetTest : public QObject {
    Q_OBJECT

  private slots:
    void aiming_at_a_size_gets_the_best_mix_for_it_and_hands_it_over() {
        Scene scene;
        scene.addStudy();
        QTRY_VERIFY(!scene.target.frontier().empty());
        scene.compression().setValue(9);
        QTRY_VERIFY(scene.target.mix());
        QVERIFY(scene.target.mix()->size.compression() >= 9);
        QVERIFY2(scene.answer().contains("bits per weight"), qPrintable(scene.answer()));
        QSignalSpy wanted(&scene.bar(), &TargetBar::recipeWanted);
        auto* use = scene.bar().findChild<QPushButton*>();
        QVERIFY(use->isVisible());
        QTest::mouseClick(use, Qt::LeftButton);
        QCOMPARE(wanted.count(), 1);
        scene.editor.setRecipe(scene.target.mix()->recipe, "Use mix");
        QVERIFY(std::abs(scene.editor.size().compression() - scene.target.mix()->size.compression()) < 1e-9);
    }

    void measured_runs_correct_all_predictions_alike() {
        Scene scene;
        scene.addStudy();
        QTRY_VERIFY(!scene.target.frontier().empty());
        scene.editor.setRecipe(Recipe::uniform("int4:g64"), "all");
        const auto divergence = [&] {
            return scene.costs.known()
                .total(scene.editor.tensors(), scene.editor.codecs())
                ->prediction.divergence;
        };
        const double before = divergence();
        RunRecord run = makeRun("measured", 4.5, 9);
        run.modelFingerprint = scene.costs.study()->modelFingerprint;
        for (const CodecCost& cost : scene.costs.study()->costs) {
            if (cost.codec == "int4:g64") {
                TensorResult& tensor = run.tensors.emplace_back();
                tensor.name = cost.tensor;
                tensor.codec = cost.codec;
                tensor.relativeError = cost.error;
            }
        }
        run.kldMean = 2 * before; // twice what was predicted
        scene.runs.setRuns({run});
        QTRY_VERIFY(divergence() > 1.5 * before);
        scene.compression().setValue(9);
        QTRY_VERIFY(scene.target.mix());
        scene.editor.setRecipe(scene.target.mix()->recipe, "Use mix");
        QVERIFY(std::abs(divergence() / scene.target.mix()->prediction.divergence - 1) < 1e-6);
    }

    void a_size_no_mix_has_says_what_could_be_reached() {
        Scene scene;
        scene.addStudy();
        QTRY_VERIFY(!scene.target.frontier().empty());
        scene.compression().setValue(30);
        QTRY_VERIFY2(scene.answer().contains("at least 2.5"), qPrintable(scene.answer()));
        QVERIFY(!scene.bar().findChild<QPushButton*>()->isVisible());
    }

    void without_a_study_the_best_recorded_run_answers() {
        Scene scene;
        RunRecord run = makeRun("small", 3, 9);
        run.model = "folio-4m";
        scene.runs.setRuns({run});
        QSignalSpy measure(&scene.bar(), &TargetBar::measureRequested);
        scene.compression().setValue(8);
        QTRY_VERIFY2(scene.answer().contains("small"), qPrintable(scene.answer()));
        emit scene.bar().findChild<QLabel*>()->linkActivated("measure");
        QCOMPARE(measure.count(), 1);
        scene.compression().setValue(20);
        QTRY_VERIFY(!scene.answer().contains("small"));
    }

    void dragging_the_line_in_the_plot_moves_the_target() {
        Scene scene;
        scene.runs.setRuns(makeRuns());
        scene.compression().setValue(6);
        FrontierPlot& plot = *scene.view.plot();
        QTRY_VERIFY(scene.target.target());
        QTest::qWait(30);
        const auto pixelOf = [&](double compression) {
            return QPoint(static_cast<int>(plot.xAxis->coordToPixel(compression)),
                          plot.axisRect()->center().y());
        };
        QTest::mousePress(&plot, Qt::LeftButton, {}, pixelOf(6));
        QTest::mouseMove(&plot, pixelOf(8));
        QTest::mouseRelease(&plot, Qt::LeftButton, {}, pixelOf(8));
        QVERIFY2(std::abs(32 / *scene.target.target() - 8) < 0.1,
                 qPrintable(QString::number(*scene.target.target())));
        QVERIFY(std::abs(scene.compression().value() - 8) < 0.1);
        QVERIFY(scene.selection.ids().empty());
    }

    void a_loss_one_accepts_is_shaded_on_axes_that_know_it() {
        Scene scene;
        scene.runs.setRuns(makeRuns());
        FrontierPlot& plot = *scene.view.plot();
        const int before = plot.itemCount();
        const auto spins = scene.bar().findChildren<QDoubleSpinBox*>();
        spins[1]->setValue(12);
        QCOMPARE(plot.itemCount(), before + 2);
        const auto lineAt = [&] {
            for (int i = 0; i < plot.itemCount(); ++i) {
                if (const auto* line = qobject_cast<QCPItemStraightLine*>(plot.item(i))) {
                    return line->point1->coords().y();
                }
            }
            return notMeasured;
        };
        QCOMPARE(lineAt(), 12.0);
        QVERIFY(plot.yAxis->range().contains(12));
        auto* loss = scene.view.findChildren<QComboBox*>()[2];
        loss->setCurrentIndex(loss->findData("ppl"));
        QCOMPARE(lineAt(), 20 * 1.12); // the unquantized model has 20
        loss->setCurrentIndex(loss->findData("kld_mean"));
        QCOMPARE(plot.itemCount(), before);
        QSettings settings(QTemporaryDir().filePath("x.ini"), QSettings::IniFormat);
        scene.view.save(settings);
        Scene other;
        other.view.restore(settings);
        QCOMPARE(other.bar().ceiling(), std::optional(12.0));
    }

    void exported_pictures_have_what_lies_over_the_runs() {
        const QTemporaryDir folder;
        Scene scene;
        scene.runs.setRuns(makeRuns());
        const auto exported = [&](const char* name) {
            const QString path = folder.filePath(QString::fromLatin1(name));
            scene.view.plot()->writer(QFileInfo(path).suffix())(path);
            QFile file(path);
            return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
        };
        const QByteArray withKnee = exported("a.svg");
        QVERIFY(withKnee.contains("knee"));
        scene.view.findChild<QAction*>("knee")->trigger();
        QVERIFY(!exported("b.svg").contains("knee"));
        scene.view.findChild<QAction*>("llama.cpp")->trigger();
        QVERIFY(exported("c.svg").contains("llama.cpp"));
        // The target's line and shade, and those of the ceiling, in every format.
        for (const char* format : {"png", "svg", "pdf"}) {
            const QByteArray plain = exported(qPrintable(QStringLiteral("plain.%1").arg(format)));
            scene.compression().setValue(6);
            scene.bar().setCeiling(5);
            const QByteArray constrained = exported(qPrintable(QStringLiteral("more.%1").arg(format)));
            QVERIFY(constrained.size() > 1000 && constrained != plain);
            scene.bar().setCeiling(std::nullopt);
            scene.target.setTarget(std::nullopt);
        }
    }

    void references_of_the_open_model_are_shown_when_asked_for() {
        const auto references = frontierReferences();
        QVERIFY(references.size() >= 3);
        for (const ReferenceSeries& series : references) {
            QVERIFY(!series.source.empty() && !series.points.empty());
            for (const ReferencePoint& point : series.points) {
                QVERIFY(point.values.bitsPerWeight > 0.5 && point.values.bitsPerWeight < 33);
            }
        }
        Scene scene;
        const int before = scene.view.plot()->legend->itemCount();
        scene.view.findChild<QAction*>("llama.cpp")->trigger();
        QCOMPARE(scene.view.plot()->legend->itemCount(), before + 1);
        QSettings settings(QTemporaryDir().filePath("x.ini"), QSettings::IniFormat);
        scene.view.save(settings);
        Scene other;
        other.view.restore(settings);
        QVERIFY(other.view.findChild<QAction*>("llama.cpp")->isChecked());
    }

    void dominated_runs_can_be_hidden_and_the_frontier_named() {
        Scene scene;
        scene.runs.setRuns(makeRuns());
        QVERIFY(scene.view.plot()->pixelOf("id-wasteful"));
        scene.view.findChild<QAction*>("dominated")->trigger();
        QVERIFY(!scene.view.plot()->pixelOf("id-wasteful"));
        QVERIFY(scene.view.plot()->pixelOf("id-middle"));
        const int items = scene.view.plot()->itemCount();
        scene.view.findChild<QAction*>("names")->trigger();
        scene.view.plot()->replot();
        QCOMPARE(scene.view.plot()->itemCount(), items + 3);
        QVERIFY(scene.view.plot()->readout().contains("middle"));
    }
};

QTEST_MAIN(TargetTest)
#include "tst_target.moc"
