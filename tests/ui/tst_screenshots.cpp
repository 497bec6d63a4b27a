// SPDX-License-Identifier: GPL-3.0-or-later
// Pictures of every dock and dialog, for people to look at, in screenshots/ of the build folder; and what a
// program can see in them: nothing is empty, and no label or button is narrower than its words.
#include "dialogs/about_dialog.h"
#include "dialogs/codec_dialog.h"
#include "dialogs/export_dialog.h"
#include "dialogs/job_log_dialog.h"
#include "dialogs/presets_dialog.h"
#include "dialogs/run_notes_dialog.h"
#include "dialogs/sweep_designer.h"
#include "program_fixture.h"
#include "run_fixtures.h"
#include "store/results_document.h"
#include "test_support.h"
#include "theme.h"

#include <QAbstractButton>
#include <QDir>
#include <QDockWidget>
#include <QLabel>
#include <QMessageBox>
#include <QSet>
#include <QTextDocument>
#include <QToolButton>

using namespace planish;

namespace {

int distinctColours(const QImage& image) {
    QSet<QRgb> colours;
    for (int y = 0; y < image.height(); y += 2) {
        for (int x = 0; x < image.width(); x += 2) {
            colours.insert(image.pixel(x, y));
        }
    }
    return static_cast<int>(colours.size());
}

/// Words that do not fit, "WIDGET: TEXT" each.
QStringList clipped(const QWidget& root) {
    QStringList found;
    const auto check = [&](const QWidget* widget, const QString& text, int room) {
        if (!widget->isVisible() || text.isEmpty()) {
            return;
        }
        QTextDocument rich;
        rich.setDefaultFont(widget->font());
        rich.setDocumentMargin(0);
        int needed = 0;
        if (Qt::mightBeRichText(text)) {
            rich.setHtml(text);
            needed = static_cast<int>(rich.idealWidth());
        } else {
            for (const QString& line : text.split(QLatin1Char('\n'))) {
                needed = std::max(needed, widget->fontMetrics().size(Qt::TextShowMnemonic, line).width());
            }
        }
        if (needed > room + 1) {
            found.append(QStringLiteral("%1 needs %2, has %3: %4")
                             .arg(QString::fromLatin1(widget->metaObject()->className()))
                             .arg(needed)
                             .arg(room)
                             .arg(text.left(60)));
        }
    };
    for (const QLabel* label : root.findChildren<QLabel*>()) {
        if (!label->wordWrap() && label->pixmap(Qt::ReturnByValue).isNull()) {
            check(label, label->text(), label->contentsRect().width());
        }
    }
    for (const QAbstractButton* button : root.findChildren<QAbstractButton*>()) {
        const auto* tool = qobject_cast<const QToolButton*>(button);
        if (tool == nullptr || tool->toolButtonStyle() != Qt::ToolButtonIconOnly || tool->icon().isNull()) {
            check(button, button->text(), button->width());
        }
    }
    return found;
}

} // namespace

class TestScreenshots : public QObject {
    Q_OBJECT

  private slots:
    void initTestCase();
    void every_dock_and_dialog_is_whole_data();
    void every_dock_and_dialog_is_whole();

  private:
    void take(QWidget& widget, const QString& name);

    QString folder_;
    QStringList problems_;
};

void TestScreenshots::initTestCase() {
    const QByteArray scale = qgetenv("QT_SCALE_FACTOR");
    folder_ = QCoreApplication::applicationDirPath() + QStringLiteral("/../screenshots/") +
              (scale.isEmpty() ? QStringLiteral("100") : QString::number(scale.toDouble() * 100)) +
              QLatin1Char('/');
}

void TestScreenshots::take(QWidget& widget, const QString& name) {
    QTest::qWait(60); // queued repaints
    const QImage image = widget.grab().toImage();
    QDir().mkpath(folder_);
    QVERIFY(image.save(folder_ + name + QStringLiteral(".png")));
    if (distinctColours(image) < 4) {
        problems_.append(name + QStringLiteral(" is empty"));
    }
    for (const QString& text : clipped(widget)) {
        problems_.append(name + QStringLiteral(": ") + text);
    }
}

void TestScreenshots::every_dock_and_dialog_is_whole_data() {
    QTest::addColumn<Theme>("theme");
    QTest::newRow("light") << Theme::light;
    QTest::newRow("dark") << Theme::dark;
}

void TestScreenshots::every_dock_and_dialog_is_whole() {
    QFETCH(Theme, theme);
    const QString prefix = QString::fromLatin1(QTest::currentDataTag()) + QLatin1Char('-');
    problems_.clear();
    test::Program program;
    std::vector<RunRecord> runs = test::makeRuns();
    setNotes(runs[0], {"fine", "paper, final", "figures/1", "the one to beat"});
    for (RunRecord& run : runs) {
        run.windowNll = {1, 2};
        run.baselineWindowNll = {1, 1.5};
        run.model = "folio-4m";
    }
    const QString path = program.home.filePath(QStringLiteral("results.h5"));
    writeResultsDocument(path.toStdString(), runs);
    program.start({path});
    applyTheme(theme);
    MainWindow& window = *program.window;
    window.resize(1700, 1000);
    QTRY_COMPARE(program.workbench->runs().count(), 4);
    JobQueue& queue = program.workbench->queue();
    queue.add(QStringLiteral("int4:g64 on folio-4m"), [](JobMonitor& monitor) -> JobQueue::Completion {
        monitor.report({"evaluate", 1, 3, "block 2"});
        throw Error("The disk is full: 3 MB are needed in /somewhere.");
    });
    queue.add(QStringLiteral("int3:g64 on folio-4m"), [](JobMonitor& monitor) -> JobQueue::Completion {
        for (;;) {
            monitor.report({"quantize", 2, 5, "model.layers.1.mlp.up_proj"});
            monitor.throwIfCancelled();
            QThread::msleep(5);
        }
    });
    queue.add(QStringLiteral("int2:g16 on folio-4m"),
              [](JobMonitor&) -> JobQueue::Completion { return nullptr; });
    QTRY_COMPARE(queue.jobs()[1].state, JobState::running);
    program.workbench->selection().select({"id-middle"});
    take(window, prefix + QStringLiteral("window"));

    for (QDockWidget* dock : window.findChildren<QDockWidget*>()) {
        dock->show();
        dock->raise();
        QTest::qWait(20);
        take(*dock->widget(), prefix + QStringLiteral("dock-") + dock->objectName());
    }
    const auto show = [&](QDialog& dialog, const char* name) {
        dialog.show();
        take(dialog, prefix + QStringLiteral("dialog-") + QString::fromLatin1(name));
        dialog.close();
    };
    RunNotesDialog notes(program.workbench->runs(), {"id-fine"}, &window);
    show(notes, "notes");
    JobLogDialog log(queue, queue.jobs()[1].id, &window);
    show(log, "job-log");
    PresetsDialog presets{OwnPresets(), &window};
    show(presets, "presets");
    SweepDesigner::Subject subject;
    subject.spec.models = {"folio-4m"};
    subject.spec.corpora = {"docs"};
    subject.spec.evaluation.context = 128;
    subject.spec.evaluation.windows = 2;
    SweepDesigner designer(subject, &window);
    show(designer, "sweep-designer");
    const RunSpec spec =
        program.workbench->spec(QStringLiteral("docs"), {}, 0); // the recipe being edited, as the menu does
    ExportDialog exporting(spec, &window);
    exporting.show();
    QTRY_VERIFY_WITH_TIMEOUT(exporting.findChild<QLabel*>(QStringLiteral("exportPlan"))
                                 ->text()
                                 .contains(QStringLiteral("of tensors")),
                             test::patience);
    show(exporting, "export");
    const RecipeEditor& editor = program.workbench->editor();
    CodecDialog codec(codecTargets(editor, {2, 3}), &window);
    show(codec, "codec");
    showAboutDialog(&window);
    auto* about = window.findChild<QMessageBox*>();
    take(*about, prefix + QStringLiteral("dialog-about"));
    about->close();
    queue.cancelAll();
    program.waitForJobs();
    QVERIFY2(problems_.isEmpty(), qPrintable(problems_.join(QLatin1Char('\n'))));
}

QTEST_MAIN(TestScreenshots)
#include "tst_screenshots.moc"
