// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/about_dialog.h"
#include "dialogs/export_dialog.h"
#include "dialogs/run_settings_bar.h"
#include "dialogs/sweep_designer.h"
#include "jobs/export_job.h"
#include "main_window.h"
#include "model/model.h"
#include "plots/report.h"
#include "support/file.h"
#include "support/system.h"
#include "theme.h"
#include "views/codec_carrier.h"
#include "views/compare_view.h"
#include "views/frontier_view.h"
#include "views/inspector_view.h"
#include "views/job_panel.h"
#include "views/layer_panel.h"
#include "views/notice_bar.h"
#include "views/run_map_view.h"
#include "views/run_table.h"

#include <QActionGroup>
#include <QDockWidget>
#include <QFileDialog>
#include <QInputDialog>
#include <QMenuBar>
#include <QPointer>
#include <QStatusBar>
#include <QTableView>
#include <set>

namespace planish {

QAction* MainWindow::addCommand(QMenu* menu, const QString& text, const QList<QKeySequence>& shortcuts,
                                const std::function<void()>& action) {
    QAction* added = menu->addAction(text);
    added->setShortcuts(shortcuts);
    connect(added, &QAction::triggered, this, action);
    return added;
}

void MainWindow::makeMenus() {
    makeExportMenu();
    makeFileMenu();
    makeEditMenu();
    makeRunMenu();
    makeViewMenu();
    makeHelpMenu();
    frontier_->setExportMenu(exportMenu_);
}

void MainWindow::makeExportMenu() {
    exportMenu_ = new QMenu(tr("&Export"), this);
    for (const char* format : {"png", "svg", "pdf", "csv"}) {
        const QString name = QString::fromLatin1(format);
        addCommand(exportMenu_, tr("Plot as %1…").arg(name.toUpper()), {},
                   [this, name] { exportPlot(name); });
    }
    exportMenu_->addSeparator();
    addCommand(exportMenu_, tr("&Table as CSV…"), {}, [this] { exportTable(); });
    exportMenu_->addAction(compareView_->exportAction());
    addCommand(exportMenu_, tr("&Recipe as JSON…"), {}, [this] { exportRecipe(); });
    addCommand(exportMenu_, tr("&Model for other programs…"), {}, [this] { exportModelFiles(); });
    exportMenu_->addSeparator();
    addCommand(exportMenu_, tr("Re&port…"), {}, [this] { exportReport(); });
}

void MainWindow::makeFileMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&File"));
    addCommand(menu, tr("&Open model…"), {QKeySequence::Open}, [this] { openModelFolder(); });
    addCommand(menu, tr("Open &GGUF file…"), {}, [this] { openGguf(); });
    QMenu* bundled = menu->addMenu(tr("Open &bundled model"));
    try {
        for (const std::string& model : bundledModels()) {
            const QString name = QString::fromStdString(model);
            addCommand(bundled, name, {}, [this, name] { workbench_.openModel(name); });
        }
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
    menu->addMenu(recent_.menu(tr("Open re&cent"), this));
    menu->addSeparator();
    addCommand(menu, tr("Open &results or recipe…"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_O)},
               [this] { openResults(); });
    addCommand(menu, tr("Back to &my results"), {}, [this] { workbench_.openDocument(defaultDocument()); });
    addCommand(menu, tr("&Save results as…"), {QKeySequence::SaveAs}, [this] { saveResultsAs(); });
    addCommand(menu, tr("Merge res&ults…"), {}, [this] { mergeResults(); });
    menu->addMenu(exportMenu_);
    menu->addSeparator();
    addCommand(menu, tr("&Quit"), {QKeySequence::Quit}, [this] { close(); });
}

void MainWindow::makeEditMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&Edit"));
    QUndoStack* history = workbench_.editor().undoStack();
    QAction* undo = history->createUndoAction(this, tr("&Undo"));
    undo->setShortcuts(QKeySequence::Undo);
    QAction* redo = history->createRedoAction(this, tr("&Redo"));
    redo->setShortcuts(QKeySequence::Redo);
    menu->addActions({undo, redo});
    menu->addSeparator();
    menu->addActions({layerPanel_->selectAllAction(), layerPanel_->filterAction(),
                      layerPanel_->editCodecAction(), layerPanel_->composeCodecAction(),
                      layerPanel_->carrier()->copyAction(), layerPanel_->carrier()->pasteAction(),
                      layerPanel_->carrier()->fillAction(), inspector_->inspectAction()});
    menu->addMenu(layerPanel_->presetsMenu());
    menu->addSeparator();
    menu->addAction(runTable_->notesAction());
}

void MainWindow::makeRunMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&Run"));
    menu->addAction(run_);
    menu->addAction(jobPanel_->pauseAction());
    menu->addAction(jobPanel_->cancelAction());
    addCommand(menu, tr("Cancel a&ll jobs"), {}, [this] { workbench_.queue().cancelAll(); });
    menu->addSeparator();
    menu->addAction(compareView_->compareAction());
    menu->addAction(runMap_->mapAction());
    runTable_->view()->insertAction(runTable_->view()->actions().at(1), compareView_->compareAction());
    menu->addSeparator();
    addCommand(menu, tr("Design a s&weep…"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R)},
               [this] { designSweep(); });
    addCommand(menu, tr("Measure sensiti&vities"), {QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_M)},
               [this] { measureSensitivities(); });
    addCommand(menu, tr("Queue the &example sweep"), {}, [this] { queueExamples(); });
    menu->addSeparator();
    addCommand(menu, tr("&Memory for reuse…"), {}, [this] { chooseReuseMemory(); });
}

void MainWindow::measureSensitivities() {
    workbench_.measureSensitivities(runSettings_->calibration());
}

void MainWindow::chooseReuseMemory() {
    constexpr int megabyte = 20;
    bool chosen = false;
    const int megabytes = QInputDialog::getInt(
        this, tr("Memory for reuse"),
        tr("Runs that begin alike share the work: what they have computed so far is kept in memory.\n"
           "At most so many MiB (0: nothing is kept):"),
        static_cast<int>(workbench_.runJobs().reuseBytes() >> megabyte), 0, 1 << 20, 256, &chosen);
    if (chosen) {
        workbench_.runJobs().setReuseBytes(static_cast<std::uint64_t>(megabytes) << megabyte);
        settings_.setValue(QStringLiteral("window/reuseBytes"),
                           qulonglong{workbench_.runJobs().reuseBytes()});
        updateEstimate();
    }
}

void MainWindow::makeViewMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&View"));
    for (QDockWidget* dock : docks()) {
        menu->addAction(dock->toggleViewAction());
    }
    menu->addMenu(runTable_->columnsMenu());
    addCommand(menu, tr("Show all &points"), {}, [this] { frontier_->plot()->showAll(); });
    addCommand(menu, tr("Reset &layout"), {}, [this] {
        arrangeDocks();
        runTable_->resetColumns();
    });
    menu->addSeparator();
    QMenu* themes = menu->addMenu(tr("&Theme"));
    auto* group = new QActionGroup(this);
    const QString current =
        themeName(themeFromName(settings_.value(QStringLiteral("window/theme")).toString()));
    const auto add = [&](const QString& text, Theme theme) {
        const QString name = themeName(theme);
        QAction* action = addCommand(themes, text, {}, [this, name] { setTheme(name); });
        action->setCheckable(true);
        action->setChecked(name == current);
        group->addAction(action);
    };
    add(tr("As the &system"), Theme::system);
    add(tr("&Light"), Theme::light);
    add(tr("&Dark"), Theme::dark);
    makeScaleMenu(menu);
}

void MainWindow::makeScaleMenu(QMenu* menu) {
    QMenu* scales = menu->addMenu(tr("&Size of everything"));
    auto* group = new QActionGroup(this);
    const QString key = QStringLiteral("window/scalePercent");
    for (const int percent : {100, 125, 150, 175, 200}) {
        QAction* action = addCommand(scales, tr("%1 %").arg(percent), {}, [this, key, percent] {
            settings_.setValue(key, percent);
            statusBar()->showMessage(tr("The window opens at %1 % the next time it starts.").arg(percent),
                                     8000);
        });
        action->setCheckable(true);
        action->setChecked(settings_.value(key, 100).toInt() == percent);
        group->addAction(action);
    }
}

void MainWindow::makeHelpMenu() {
    QMenu* menu = menuBar()->addMenu(tr("&Help"));
    addCommand(menu, tr("&How it works"), {QKeySequence::HelpContents}, [this] { showHelp(); });
    addCommand(menu, tr("&About Planish"), {}, [this] { showAboutDialog(this); });
    help_->setCommands(commandsWithKeys());
}

std::vector<HelpPage::Commands> MainWindow::commandsWithKeys() const {
    std::vector<HelpPage::Commands> groups{{tr("Everywhere"), {}}};
    std::set<const QAction*> listed;
    const auto collect = [&](const QList<QAction*>& actions, bool everywhere, HelpPage::Commands& group) {
        for (const QAction* action : actions) {
            if (!action->shortcut().isEmpty() && listed.insert(action).second) {
                if ((action->shortcutContext() == Qt::WindowShortcut) == everywhere) {
                    group.actions.push_back(action);
                } else {
                    listed.erase(action);
                }
            }
        }
    };
    for (const QMenu* menu : menuBar()->findChildren<QMenu*>()) {
        collect(menu->actions(), true, groups.front());
    }
    collect(findChildren<QAction*>(), true, groups.front());
    for (const QDockWidget* dock : docks()) {
        HelpPage::Commands group{dock->windowTitle(), {}};
        collect(dock->findChildren<QAction*>(), false, group);
        if (!group.actions.empty()) {
            groups.push_back(std::move(group));
        }
    }
    return groups;
}

void MainWindow::showHelp() {
    bringUp(helpDock_, 380);
}

void MainWindow::queueExamples() {
    try {
        const auto sweep = resourceFolder() / "sweeps" / "example.json";
        workbench_.openSweep(QString::fromStdString(sweep.string()));
    } catch (const Error& error) {
        showMessage(QString::fromUtf8(error.what()));
    }
}

void MainWindow::designSweep() {
    const RecipeEditor& editor = workbench_.editor();
    if (!editor.hasModel()) {
        showMessage(tr("A sweep needs a model to run on: open one first."));
        return;
    }
    const RunSpec run = nextRun();
    SweepDesigner::Subject subject;
    subject.spec.name = "sweep";
    subject.spec.models = {run.model};
    subject.spec.corpora = {run.corpus};
    subject.spec.evaluation = run.evaluation;
    subject.spec.seed = run.seed;
    subject.spec.calibration = run.calibration;
    if (run.calibration) {
        subject.spec.samples = {run.calibration->samples};
    }
    for (const TensorInfo& tensor : editor.tensors()) {
        subject.blocks = std::max(subject.blocks, tensor.block + 1);
    }
    subject.untiedHead = !editor.tiedEmbedding();
    subject.modelName = editor.modelName().toStdString();
    subject.recorded = workbench_.runs().snapshot();
    auto* designer = new SweepDesigner(std::move(subject), this);
    designer->setAttribute(Qt::WA_DeleteOnClose);
    connect(designer, &SweepDesigner::startRequested, &workbench_, &Workbench::queueSweep);
    designer->show();
}

void MainWindow::openModelFolder() {
    const QString folder = QFileDialog::getExistingDirectory(this, tr("Open a model folder"));
    if (!folder.isEmpty()) {
        workbench_.openModel(folder);
    }
}

void MainWindow::openGguf() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open a GGUF file"), {}, tr("Models (*.gguf);;All files (*)"));
    if (!path.isEmpty()) {
        workbench_.openModel(path);
    }
}

void MainWindow::openResults() {
    const QString path = QFileDialog::getOpenFileName(this, tr("Open results, a recipe or a sweep"), {},
                                                      tr("Results, recipes, sweeps (*.h5 *.json)"));
    if (!path.isEmpty()) {
        workbench_.open(path);
    }
}

QString MainWindow::suggestedDocumentName(const QString& document) {
    const QString name = QFileInfo(document).baseName();
    return (name.isEmpty() ? QStringLiteral("results") : name) + QStringLiteral(".planish.h5");
}

void MainWindow::saveResultsAs() {
    const QString path = QFileDialog::getSaveFileName(this, tr("Save results as"),
                                                      suggestedDocumentName(workbench_.documentPath()),
                                                      tr("Results (*.planish.h5 *.h5)"));
    if (!path.isEmpty()) {
        workbench_.saveDocumentAs(path.endsWith(QLatin1String(".h5"), Qt::CaseInsensitive)
                                      ? path
                                      : path + QStringLiteral(".planish.h5"));
    }
}

void MainWindow::mergeResults() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Add the runs of another document"), {}, tr("Results (*.h5)"));
    if (!path.isEmpty()) {
        workbench_.mergeDocument(path);
    }
}

void MainWindow::exportTo(const QString& title, const QString& suggestion, const QString& filter,
                          const std::function<Writer()>& collect) {
    QString path = QFileDialog::getSaveFileName(this, title, suggestion, filter);
    if (path.isEmpty()) {
        return;
    }
    if (QFileInfo(path).suffix().isEmpty()) {
        path += QLatin1Char('.') + QFileInfo(suggestion).suffix();
    }
    exports_.addWork(
        [this, path, write = collect()]() -> SerialTask::Completion {
            write(path);
            return [this, path] { statusBar()->showMessage(tr("Written: %1").arg(path), 8000); };
        },
        [this](const QString& error) { showMessage(tr("Nothing was exported: %1").arg(error)); });
}

MainWindow::Writer MainWindow::writerOf(std::string content) {
    return [content = std::move(content)](const QString& path) {
        replaceFile(path.toStdString(), std::string_view(content));
    };
}

void MainWindow::exportPlot(const QString& format) {
    exportTo(tr("Export the plot"), QStringLiteral("frontier.") + format,
             QStringLiteral("%1 (*.%2)").arg(format.toUpper(), format),
             [this, format] { return frontier_->plot()->writer(format); });
}

void MainWindow::exportTable() {
    exportTo(tr("Export the table"), QStringLiteral("runs.csv"), QStringLiteral("CSV (*.csv)"),
             [this] { return writerOf(runTable_->csv().toStdString()); });
}

void MainWindow::exportComparison() {
    exportTo(tr("Export the comparison"), QStringLiteral("comparison.csv"), QStringLiteral("CSV (*.csv)"),
             [this] { return writerOf(compareView_->csv().toStdString()); });
}

void MainWindow::exportRecipe() {
    exportTo(tr("Export the recipe"), QStringLiteral("recipe.json"), QStringLiteral("JSON (*.json)"),
             [this] { return writerOf(workbench_.editor().recipe().toJson().dump(2) + "\n"); });
}

void MainWindow::exportReport() {
    exportTo(tr("Write a report"), QStringLiteral("report.html"), tr("Reports (*.html *.pdf)"), [this] {
        const QString title = QFileInfo(workbench_.documentPath()).completeBaseName();
        return [report = Report(workbench_.runs().snapshot(), title)](const QString& path) {
            report.write(path);
        };
    });
}

void MainWindow::exportModelFiles() {
    if (!workbench_.editor().hasModel()) {
        showMessage(tr("Open a model first: its weights are what is exported."));
        return;
    }
    ExportDialog dialog(nextRun(), this);
    if (dialog.exec() == QDialog::Accepted) {
        queueExport(workbench_.queue(), dialog.spec(), dialog.settings(),
                    [self = QPointer(this)](const QString& message) {
                        if (self) { // the queue outlives the window
                            self->statusBar()->showMessage(message, 8000);
                        }
                    });
    }
}

} // namespace planish
