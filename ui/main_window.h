// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "dialogs/help_page.h"
#include "jobs/run_estimator.h"
#include "recent_files.h"
#include "session.h"
#include "workbench.h"

#include <QMainWindow>
#include <QSettings>

class QLabel;
class QProgressBar;

namespace planish {

class CompareView;
class EstimateLabel;
class FrontierView;
class InspectorView;
class JobPanel;
class LayerPanel;
class NoticeBar;
class RestoreBar;
class RunMapView;
class RunSettingsBar;
class RunTable;
class WelcomeStrip;

/// The window: puts the views around the workbench and the commands into menus.
class MainWindow final : public QMainWindow {
    Q_OBJECT
  public:
    /// `workbench` must outlive the window. Settings are read from, and kept in, the default QSettings.
    explicit MainWindow(Workbench& workbench, QWidget* parent = nullptr);
    ~MainWindow() override;

    /// Opens what the command line names; without a model or results among it those that were open last, at
    /// first the bundled model and the user's own document.
    void start(const QStringList& namesOrPaths);

    FrontierView* frontier() const { return frontier_; }
    RunTable* runTable() const { return runTable_; }
    JobPanel* jobPanel() const { return jobPanel_; }
    LayerPanel* layerPanel() const { return layerPanel_; }
    RunSettingsBar* runSettings() const { return runSettings_; }
    CompareView* compareView() const { return compareView_; }
    RunMapView* runMap() const { return runMap_; }
    InspectorView* inspector() const { return inspector_; }
    NoticeBar* messages() const { return messages_; }
    RestoreBar* restoreBar() const { return restore_; }
    QAction* runAction() const { return run_; }

    /// Where runs are recorded unless another document is opened.
    static QString defaultDocument();
    /// A name for a copy of a document, of the kind that desktops open with this program.
    static QString suggestedDocumentName(const QString& document);

  protected:
    bool event(QEvent* event) override;
    void closeEvent(QCloseEvent* event) override;
    void dragEnterEvent(QDragEnterEvent* event) override;
    void dropEvent(QDropEvent* event) override;

  private:
    void makeCentralWidget();
    void makeDocks();
    QDockWidget* addDock(const QString& name, const QString& title, QWidget* widget, Qt::DockWidgetArea area);
    void makeToolBar();
    void makeStatusBar();
    void connectWorkbench();
    void restoreSettings();
    void saveSettings();
    void arrangeDocks();
    /// All of them, in the order of the View menu.
    QList<QDockWidget*> docks() const;
    /// Makes a dock visible, at least so wide, and gives it the keyboard.
    void bringUp(QDockWidget* dock, int width);

    void makeMenus();
    void makeFileMenu();
    void makeExportMenu();
    void makeEditMenu();
    void makeRunMenu();
    void makeViewMenu();
    void makeScaleMenu(QMenu* menu);
    void makeHelpMenu();
    QAction* addCommand(QMenu* menu, const QString& text, const QList<QKeySequence>& shortcuts,
                        const std::function<void()>& action);

    RunSpec nextRun() const;
    void runNow();
    void chooseReuseMemory();
    void updateEstimate();
    void queueExamples();
    void designSweep();
    void measureSensitivities();
    void openModelFolder();
    void openGguf();
    void openResults();
    void saveResultsAs();
    void mergeResults();
    void exportPlot(const QString& format);
    void exportTable();
    void exportComparison();
    void exportRecipe();
    void exportReport();
    void exportModelFiles();
    using Writer = std::function<void(const QString& path)>; ///< called on another thread
    static Writer writerOf(std::string content);
    /// Asks for a file and writes it with what `collect` gives; failures go to the message bar.
    void exportTo(const QString& title, const QString& suggestion, const QString& filter,
                  const std::function<Writer()>& collect);
    void showHelp();
    /// By where their keys work; in the order of the menus and docks.
    std::vector<HelpPage::Commands> commandsWithKeys() const;
    void showMessage(const QString& failure);
    void setTheme(const QString& name);
    void lookAtSelectedRun();
    void editCopy(const Recipe& recipe);
    void updateTitle();
    void updateJobStatus();

    Workbench& workbench_;
    QSettings settings_;
    RecentFiles recent_;
    RunEstimator estimator_;
    Session session_;
    QAction* run_;
    QMenu* exportMenu_ = nullptr;
    NoticeBar* messages_ = nullptr;
    RestoreBar* restore_ = nullptr;
    WelcomeStrip* welcome_ = nullptr;
    FrontierView* frontier_ = nullptr;
    RunSettingsBar* runSettings_ = nullptr;
    LayerPanel* layerPanel_ = nullptr;
    RunTable* runTable_ = nullptr;
    JobPanel* jobPanel_ = nullptr;
    CompareView* compareView_ = nullptr;
    InspectorView* inspector_ = nullptr;
    RunMapView* runMap_ = nullptr;
    HelpPage* help_ = nullptr;
    QDockWidget* layersDock_ = nullptr;
    QDockWidget* runsDock_ = nullptr;
    QDockWidget* jobsDock_ = nullptr;
    QDockWidget* detailsDock_ = nullptr;
    QDockWidget* helpDock_ = nullptr;
    QDockWidget* compareDock_ = nullptr;
    QDockWidget* inspectorDock_ = nullptr;
    QDockWidget* mapDock_ = nullptr;
    EstimateLabel* estimate_ = nullptr;
    QLabel* documentLabel_ = nullptr;
    QLabel* jobLabel_ = nullptr;
    QProgressBar* jobProgress_ = nullptr;
    SerialTask exports_;
};

} // namespace planish
