// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/calibration_panel.h"
#include "dialogs/run_settings_bar.h"
#include "dialogs/welcome_strip.h"
#include "icons.h"
#include "job_notifier.h"
#include "main_window.h"
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
#include <QStandardPaths>
#include <QStatusBar>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

void MainWindow::makeCentralWidget() {
    auto* center = new QWidget(this);
    messages_ = new NoticeBar(NoticeBar::Kind::problem, center);
    connect(messages_->addButton(tr("Close")), &QPushButton::clicked, messages_, &QWidget::hide);
    restore_ = new RestoreBar(session_, center);
    welcome_ = new WelcomeStrip(center);
    frontier_ = new FrontierView(workbench_.runs(), workbench_.selection(), workbench_.targetMix(), center);
    auto* layout = new QVBoxLayout(center);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(messages_);
    layout->addWidget(restore_);
    layout->addWidget(welcome_);
    layout->addWidget(new BrushChips(workbench_.brushes(), center));
    layout->addWidget(frontier_, 1);
    frontier_->plot()->setBrushes(workbench_.brushes());
    setCentralWidget(center);
    connect(welcome_, &WelcomeStrip::openModelRequested, this, &MainWindow::openModelFolder);
    connect(welcome_, &WelcomeStrip::tryExperimentRequested, this, &MainWindow::queueExamples);
    connect(welcome_, &WelcomeStrip::helpRequested, this, &MainWindow::showHelp);
    connect(welcome_, &WelcomeStrip::dismissed, this,
            [this] { settings_.setValue(QStringLiteral("window/welcomeDismissed"), true); });
}

void MainWindow::makeDocks() {
    setCorner(Qt::BottomLeftCorner, Qt::LeftDockWidgetArea);
    layerPanel_ = new LayerPanel(&workbench_.editor(), &workbench_.costs(), this);
    runTable_ = new RunTable(workbench_.runs(), workbench_.selection(), this);
    jobPanel_ = new JobPanel(workbench_.queue(), this);
    layersDock_ = addDock(QStringLiteral("layers"), tr("Layers"), layerPanel_, Qt::LeftDockWidgetArea);
    runsDock_ = addDock(QStringLiteral("runs"), tr("Runs"), runTable_, Qt::BottomDockWidgetArea);
    jobsDock_ = addDock(QStringLiteral("jobs"), tr("Jobs"), jobPanel_, Qt::BottomDockWidgetArea);
    help_ = new HelpPage(this);
    helpDock_ = addDock(QStringLiteral("help"), tr("How it works"), help_, Qt::RightDockWidgetArea);
    detailsDock_ =
        addDock(QStringLiteral("details"), tr("Run details"),
                new RunDetails(workbench_.runs(), workbench_.selection(), this), Qt::RightDockWidgetArea);
    compareView_ = new CompareView(workbench_.runs(), workbench_.selection(), workbench_.tensorSelection(),
                                   workbench_.queue(), this);
    runTable_->setBrushes(workbench_.brushes());
    runMap_ = new RunMapView(workbench_.runs(), workbench_.selection(), workbench_.brushes(),
                             workbench_.tensorSelection(), this);
    mapDock_ = addDock(QStringLiteral("map"), tr("Map of runs"), runMap_, Qt::RightDockWidgetArea);
    inspector_ =
        new InspectorView(workbench_.editor(), workbench_.tensorSelection(), workbench_.queue(), this);
    inspectorDock_ =
        addDock(QStringLiteral("inspector"), tr("Inspector"), inspector_, Qt::RightDockWidgetArea);
    new LayerSelectionLink(*layerPanel_->tree(), workbench_.editor(), workbench_.tensorSelection(), this);
    compareDock_ = addDock(QStringLiteral("compare"), tr("Compare"), compareView_, Qt::RightDockWidgetArea);
    arrangeDocks();
}

QList<QDockWidget*> MainWindow::docks() const {
    return {layersDock_,  runsDock_,      jobsDock_, detailsDock_,
            compareDock_, inspectorDock_, mapDock_,  helpDock_};
}

void MainWindow::bringUp(QDockWidget* dock, int width) {
    dock->show();
    dock->raise();
    dock->widget()->setFocus();
    if (dock->width() < width) {
        // What it takes is the plot's, not that of the layers beside it.
        resizeDocks({layersDock_, dock}, {layersDock_->width(), width}, Qt::Horizontal);
    }
}

void MainWindow::arrangeDocks() {
    for (QDockWidget* dock : docks()) {
        dock->setFloating(false);
        dock->show();
    }
    addDockWidget(Qt::LeftDockWidgetArea, layersDock_);
    addDockWidget(Qt::BottomDockWidgetArea, runsDock_);
    splitDockWidget(runsDock_, jobsDock_, Qt::Horizontal);
    for (QDockWidget* dock : {detailsDock_, compareDock_, inspectorDock_, mapDock_, helpDock_}) {
        addDockWidget(Qt::RightDockWidgetArea, dock);
        if (dock != detailsDock_) {
            tabifyDockWidget(detailsDock_, dock);
        }
        dock->hide();
    }
    resizeDocks({layersDock_}, {540}, Qt::Horizontal);
    resizeDocks({runsDock_, jobsDock_}, {760, 260}, Qt::Horizontal);
    resizeDocks({runsDock_}, {260}, Qt::Vertical);
}

void MainWindow::makeToolBar() {
    run_->setShortcuts({QKeySequence(Qt::Key_F5), QKeySequence(Qt::CTRL | Qt::Key_R)});
    run_->setToolTip(tr("Quantize the model with the recipe in the layer panel and evaluate it (F5)"));
    connect(run_, &QAction::triggered, this, &MainWindow::runNow);
    runSettings_ = new RunSettingsBar(this);
    runSettings_->setIconSize(QSize(16, 16));
    auto* button = new QToolButton(runSettings_);
    button->setDefaultAction(run_);
    button->setToolButtonStyle(Qt::ToolButtonTextBesideIcon);
    button->setAutoRaise(false);
    button->setObjectName(QStringLiteral("runButton"));
    estimate_ = new EstimateLabel(runSettings_);
    QAction* first = runSettings_->actions().constFirst();
    runSettings_->insertWidget(first, button);
    runSettings_->insertWidget(first, estimate_);
    addToolBar(runSettings_);
}

void MainWindow::makeStatusBar() {
    documentLabel_ = new QLabel(this);
    jobLabel_ = new QLabel(this);
    jobProgress_ = new QProgressBar(this);
    jobProgress_->setTextVisible(false);
    jobProgress_->setFixedSize(160, 8);
    jobProgress_->setAccessibleName(tr("Progress of the running job"));
    statusBar()->addPermanentWidget(jobLabel_);
    statusBar()->addPermanentWidget(jobProgress_);
    statusBar()->addPermanentWidget(documentLabel_);
}

QDockWidget* MainWindow::addDock(const QString& name, const QString& title, QWidget* widget,
                                 Qt::DockWidgetArea area) {
    auto* dock = new QDockWidget(title, this);
    dock->setObjectName(name);
    dock->setWidget(widget);
    addDockWidget(area, dock);
    // What one asks for is in front, also of the tabs it shares its place with.
    connect(dock->toggleViewAction(), &QAction::triggered, dock, [dock](bool shown) {
        if (shown) {
            dock->raise();
        }
    });
    return dock;
}

} // namespace planish
