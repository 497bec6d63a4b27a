// SPDX-License-Identifier: GPL-3.0-or-later
#include "main_window.h"

#include "dialogs/calibration_panel.h"
#include "dialogs/run_settings_bar.h"
#include "dialogs/welcome_strip.h"
#include "icons.h"
#include "job_notifier.h"
#include "support/system.h"
#include "support/text.h"
#include "theme.h"
#include "views/brush_chips.h"
#include "views/compare_view.h"
#include "views/estimate_label.h"
#include "views/frontier_view.h"
#include "views/inspector_view.h"
#include "views/job_panel.h"
#include "views/layer_panel.h"
#include "views/layer_selection_link.h"
#include "views/notice_bar.h"
#include "views/restore_bar.h"
#include "views/run_details.h"
#include "views/run_map_view.h"
#include "views/run_table.h"
#include "views/target_bar.h"
#include "views/text_comparison_view.h"

#include <QCloseEvent>
#include <QDockWidget>
#include <QFileInfo>
#include <QLabel>
#include <QMessageBox>
#include <QMimeData>
#include <QProgressBar>
#include <QPushButton>
#include <QScreen>
#include <QSignalBlocker>
#include <QStandardPaths>
#include <QStatusBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

namespace {

/// Raised when docks change so much that an old arrangement no longer fits.
constexpr int layoutVersion = 4;
constexpr QSize firstSize(1480, 920);
const QString bundledModel = QStringLiteral("folio-4m");

QString settingsKey(const char* name) {
    return QStringLiteral("window/") + QString::fromLatin1(name);
}

} // namespace

MainWindow::MainWindow(Workbench& workbench, QWidget* parent)
    : QMainWindow(parent),
      workbench_(workbench),
      session_(workbench, Session::defaultFolder()),
      run_(new QAction(symbol(QStringLiteral("run")), tr("&Run"), this)) {
    applyTheme(themeFromName(settings_.value(settingsKey("theme")).toString()));
    workbench.queue().keepLogsIn(jobLogFolder());
    setAcceptDrops(true);
    setWindowIcon(applicationIcon());
    setDockOptions(AnimatedDocks | AllowNestedDocks | AllowTabbedDocks);
    makeCentralWidget();
    makeDocks();
    makeToolBar();
    makeMenus();
    makeStatusBar();
    connectWorkbench();
    new JobNotifier(workbench.queue(), this);
    restoreSettings();
    updateTitle();
    updateJobStatus();
}

MainWindow::~MainWindow() {
    exports_.finish();
}

QString MainWindow::defaultDocument() {
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/results.h5");
}

void MainWindow::start(const QStringList& namesOrPaths) {
    const auto isKind = [](const QString& path, const char* suffix) {
        return QFileInfo(path).isFile() && QFileInfo(path).suffix().toLower() == QLatin1String(suffix);
    };
    QString model = settings_.value(QStringLiteral("session/model"), bundledModel).toString();
    if (QFileInfo(model).isAbsolute() && !QFileInfo::exists(model)) {
        model = bundledModel;
    }
    QString results = settings_.value(QStringLiteral("session/document")).toString();
    if (!QFileInfo::exists(results)) {
        results = defaultDocument();
    }
    QStringList others;
    for (const QString& name : namesOrPaths) {
        if (isKind(name, "h5")) {
            results = name;
        } else if (isKind(name, "json") && QFileInfo(name).fileName() != QLatin1String("config.json")) {
            others.append(name);
        } else {
            model = QFileInfo(name).isFile() ? QFileInfo(name).absolutePath() : name;
        }
    }
    // Recipes and sweeps need the model, and what they queue needs its document.
    workbench_.openModel(model);
    workbench_.openDocument(results);
    for (const QString& name : others) {
        workbench_.open(name);
    }
}

void MainWindow::connectWorkbench() {
    connect(&workbench_, &Workbench::failed, this, &MainWindow::showMessage);
    connect(&workbench_, &Workbench::informed, this,
            [this](const QString& text) { statusBar()->showMessage(text, 8000); });
    connect(&workbench_.runJobs(), &RunJobs::expectedChanged, this,
            [this] { frontier_->setExpected(workbench_.runJobs().expected()); });
    connect(&session_, &Session::failed, this, &MainWindow::showMessage);
    connect(&workbench_, &Workbench::modelOpened, &recent_, &RecentFiles::add);
    connect(&workbench_, &Workbench::modelOpened, this,
            [this](const QString& model) { settings_.setValue(QStringLiteral("session/model"), model); });
    connect(&workbench_, &Workbench::recipeOpened, &recent_, &RecentFiles::add);
    connect(&workbench_, &Workbench::documentOpened, this, [this](const QString& path) {
        settings_.setValue(QStringLiteral("session/document"), path);
        if (path != defaultDocument()) {
            recent_.add(path);
        }
        updateTitle();
    });
    connect(&workbench_, &Workbench::modelOpened, this, &MainWindow::updateTitle);
    connect(&workbench_, &Workbench::modelOpened, this, [this] {
        std::size_t widestInput = 0;
        for (const TensorInfo& tensor : workbench_.editor().tensors()) {
            widestInput = std::max(widestInput, tensor.block >= 0 ? tensor.shape.columns : 0);
        }
        runSettings_->calibrationPanel()->setModel(workbench_.maximumContext(), widestInput);
    });
    connect(&recent_, &RecentFiles::chosen, &workbench_, &Workbench::open);
    connect(&workbench_.selection(), &RunSelection::changed, this, &MainWindow::lookAtSelectedRun);
    connect(layerPanel_, &LayerPanel::editCopyRequested, this, &MainWindow::editCopy);
    connect(frontier_->targetBar(), &TargetBar::measureRequested, this, &MainWindow::measureSensitivities);
    connect(frontier_->targetBar(), &TargetBar::recipeWanted, &workbench_, [this](const Recipe& recipe) {
        workbench_.takeRecipe(recipe, tr("Use \"%1\"").arg(QString::fromStdString(recipe.name)));
    });
    connect(layerPanel_, &LayerPanel::measureRequested, this, &MainWindow::measureSensitivities);
    connect(layerPanel_, &LayerPanel::statusMessage, this,
            [this](const QString& text) { statusBar()->showMessage(text, 8000); });
    connect(runTable_, &RunTable::editCopyRequested, this, &MainWindow::editCopy);
    connect(runTable_, &RunTable::detailsRequested, this, [this] { bringUp(detailsDock_, 420); });
    connect(&workbench_, &Workbench::modelOpened, this, [this](const QString& place) {
        compareView_->text()->setModel(place, workbench_.editor().modelName());
        inspector_->setModel(place);
    });
    connect(compareView_, &CompareView::shown, this, [this] { bringUp(compareDock_, 560); });
    connect(runMap_, &RunMapView::shown, this, [this] { bringUp(mapDock_, 640); });
    connect(inspector_, &InspectorView::shown, this, [this] { bringUp(inspectorDock_, 480); });
    connect(inspector_, &InspectorView::statusMessage, this,
            [this](const QString& text) { statusBar()->showMessage(text, 8000); });
    connect(compareView_, &CompareView::exportRequested, this, &MainWindow::exportComparison);
    connect(runTable_, &RunTable::removeRequested, &workbench_, &Workbench::removeRuns);
    connect(runTable_, &RunTable::notesEdited, this, [this](const RunNotesEditor::Notes& notes) {
        workbench_.notes().set(notes, tr("Write on %n run(s)", nullptr, static_cast<int>(notes.size())));
    });
    connect(&workbench_.editor(), &RecipeEditor::modelChanged, this, &MainWindow::updateEstimate);
    connect(&workbench_.editor(), &RecipeEditor::codecsChanged, this, &MainWindow::updateEstimate);
    connect(runSettings_, &RunSettingsBar::changed, this, [this] {
        runSettings_->save(settings_); // a killed program has them next time
        updateEstimate();
    });
    connect(&estimator_, &RunEstimator::changed, this,
            [this](const QString& problem) { estimate_->setEstimate(estimator_.latest(), problem); });
    connect(&workbench_.queue(), &JobQueue::added, this, &MainWindow::updateJobStatus);
    connect(&workbench_.queue(), &JobQueue::changed, this, &MainWindow::updateJobStatus);
    connect(&workbench_.queue(), &JobQueue::removed, this, &MainWindow::updateJobStatus);
}

void MainWindow::lookAtSelectedRun() {
    const RunSelection::Ids& ids = workbench_.selection().ids();
    const int row = ids.size() == 1 ? workbench_.runs().rowOf(*ids.begin()) : -1;
    const QString model = workbench_.editor().modelName();
    if (row >= 0 && QString::fromStdString(workbench_.runs().run(row).model) == model) {
        const RunRecord& run = workbench_.runs().run(row);
        layerPanel_->showReadOnly(run.recipe, QString::fromStdString(run.name));
    } else {
        layerPanel_->leaveReadOnly();
    }
}

void MainWindow::editCopy(const Recipe& recipe) {
    if (workbench_.editCopy(recipe)) {
        // What is changed from here on shows beside it.
        layerPanel_->compareWith(recipe, QString::fromStdString(recipe.name));
    }
}

void MainWindow::updateTitle() {
    const QString model = workbench_.editor().modelName();
    const QString document = QFileInfo(workbench_.documentPath()).fileName();
    setWindowTitle(model.isEmpty() ? tr("Planish") : tr("%1 – Planish").arg(model));
    documentLabel_->setText(document.isEmpty() ? QString() : tr("Results: %1").arg(document));
    documentLabel_->setToolTip(workbench_.documentPath());
    run_->setEnabled(workbench_.editor().hasModel());
}

void MainWindow::updateJobStatus() {
    const std::vector<JobStatus> jobs = workbench_.queue().jobs();
    const auto running = std::ranges::find(jobs, JobState::running, &JobStatus::state);
    const bool busy = running != jobs.end();
    jobProgress_->setVisible(busy);
    jobLabel_->setVisible(busy);
    if (busy) {
        const int waiting = workbench_.queue().unfinishedCount() - 1;
        jobLabel_->setText(waiting > 0 ? tr("%1 (%2 more)").arg(running->title).arg(waiting)
                                       : running->title);
        jobProgress_->setRange(0, running->fraction < 0 ? 0 : 1000);
        jobProgress_->setValue(static_cast<int>(running->fraction * 1000));
    }
}

void MainWindow::showMessage(const QString& failure) {
    messages_->showText(failure);
}

RunSpec MainWindow::nextRun() const {
    return workbench_.spec(runSettings_->corpus(), runSettings_->evaluation(), runSettings_->seed(),
                           runSettings_->calibration());
}

void MainWindow::runNow() {
    const auto& estimate = estimator_.latest();
    const std::uint64_t available = availableMemoryBytes();
    if (estimate && estimate->bytes() > static_cast<double>(available)) {
        const QString question =
            tr("This run would take about %1 of memory, %2 are free. Fewer windows or samples take less.")
                .arg(QString::fromStdString(formatBytes(static_cast<std::uint64_t>(estimate->bytes()))),
                     QString::fromStdString(formatBytes(available)));
        QMessageBox box(QMessageBox::Warning, tr("Not enough memory"), question, QMessageBox::Cancel, this);
        const QPushButton* go = box.addButton(tr("&Run anyway"), QMessageBox::AcceptRole);
        box.exec();
        if (box.clickedButton() != go) {
            return;
        }
    }
    workbench_.run(nextRun());
}

void MainWindow::updateEstimate() {
    if (workbench_.editor().hasModel()) {
        estimator_.request([this] {
            return RunEstimator::Subject{nextRun(), workbench_.runJobs().reuseBytes()};
        });
    }
}

void MainWindow::setTheme(const QString& name) {
    settings_.setValue(settingsKey("theme"), name);
    applyTheme(themeFromName(name));
}

void MainWindow::restoreSettings() {
    resize(firstSize.boundedTo(screen()->availableSize()));
    if (settings_.value(settingsKey("layoutVersion")).toInt() == layoutVersion) {
        restoreGeometry(settings_.value(settingsKey("geometry")).toByteArray());
        restoreState(settings_.value(settingsKey("state")).toByteArray(), layoutVersion);
    }
    welcome_->setVisible(!settings_.value(settingsKey("welcomeDismissed")).toBool());
    {
        const QSignalBlocker unsaved(runSettings_); // while half of them are restored
        runSettings_->restore(settings_);
    }
    workbench_.runJobs().setReuseBytes(
        settings_.value(settingsKey("reuseBytes"), qulonglong{workbench_.runJobs().reuseBytes()})
            .toULongLong());
    frontier_->restore(settings_);
    runTable_->restore(settings_);
    const QByteArray layerColumns = settings_.value(settingsKey("layerColumns")).toByteArray();
    if (!layerColumns.isEmpty()) {
        layerPanel_->restoreColumnState(layerColumns);
    }
}

void MainWindow::saveSettings() {
    settings_.setValue(settingsKey("layoutVersion"), layoutVersion);
    settings_.setValue(settingsKey("geometry"), saveGeometry());
    settings_.setValue(settingsKey("state"), saveState(layoutVersion));
    settings_.setValue(settingsKey("layerColumns"), layerPanel_->columnState());
    runSettings_->save(settings_);
    frontier_->save(settings_);
    runTable_->save(settings_);
}

bool MainWindow::event(QEvent* event) {
    if (event->type() == QEvent::ThemeChange) { // of the desktop
        applyTheme(themeFromName(settings_.value(settingsKey("theme")).toString()));
    }
    return QMainWindow::event(event);
}

void MainWindow::closeEvent(QCloseEvent* event) {
    saveSettings();
    QMainWindow::closeEvent(event);
}

void MainWindow::dragEnterEvent(QDragEnterEvent* event) {
    if (event->mimeData()->hasUrls()) {
        event->acceptProposedAction();
    }
}

void MainWindow::dropEvent(QDropEvent* event) {
    for (const QUrl& url : event->mimeData()->urls()) {
        if (url.isLocalFile()) {
            workbench_.open(url.toLocalFile());
        }
    }
    event->acceptProposedAction();
}

} // namespace planish
