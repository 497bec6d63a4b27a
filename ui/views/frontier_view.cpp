// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/frontier_view.h"

#include "icons.h"
#include "models/comparison_groups.h"
#include "support/error.h"
#include "views/target_bar.h"

#include <QAction>
#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QSettings>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

namespace {

QComboBox* quantityBox(std::span<const FrontierQuantity> quantities, const QString& name, QWidget* parent) {
    auto* box = new QComboBox(parent);
    for (const FrontierQuantity& quantity : quantities) {
        box->addItem(quantity.name(), QString::fromUtf8(quantity.key));
        box->setItemData(box->count() - 1, quantity.label(), Qt::ToolTipRole);
    }
    // As wide as its words where there is room, and less where there is not.
    box->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    box->setMaximumWidth(box->sizeHint().width());
    box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    box->setMinimumContentsLength(8);
    box->setToolTip(name);
    box->setAccessibleName(name);
    return box;
}

QToolButton* toolButton(const QString& icon, const QString& toolTip, QWidget* parent) {
    auto* button = new QToolButton(parent);
    button->setIcon(symbol(icon));
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setAutoRaise(true);
    return button;
}

} // namespace

FrontierView::FrontierView(RunCollection& runs, RunSelection& selection, TargetMix& target, QWidget* parent)
    : QWidget(parent),
      runs_(runs),
      selection_(selection),
      target_(target),
      plot_(new FrontierPlot(runs, selection, this)),
      targetBar_(new TargetBar(target, this)),
      readout_(new QLabel(this)),
      comparison_(new QComboBox(this)),
      size_(quantityBox(sizeQuantities(), tr("Horizontal axis"), this)),
      loss_(quantityBox(lossQuantities(), tr("Vertical axis"), this)),
      logarithmicSize_(addToggle(tr("log"), tr("Logarithmic horizontal axis"))),
      logarithmicLoss_(addToggle(tr("log"), tr("Logarithmic vertical axis"))),
      export_(toolButton(QStringLiteral("export"), tr("Export the plot"), this)) {
    comparison_->setToolTip(tr("Runs are comparable when model, text and evaluation settings are the same"));
    comparison_->setAccessibleName(tr("Runs to compare"));
    comparison_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    comparison_->setMinimumContentsLength(12);
    auto* pan = toolButton(QStringLiteral("pan"), tr("Drag moves the plot (or hold Shift)"), this);
    pan->setCheckable(true);
    auto* reset =
        toolButton(QStringLiteral("reset-view"), tr("Show all points (Home or double click)"), this);
    export_->setPopupMode(QToolButton::InstantPopup);
    auto* show = new QToolButton(this);
    show->setText(tr("Sho&w"));
    show->setToolTip(tr("What is shown beside the runs, and how"));
    show->setAutoRaise(true);
    show->setPopupMode(QToolButton::InstantPopup);
    show->setMenu(makeShowMenu());
    readout_->setForegroundRole(QPalette::PlaceholderText);
    readout_->setContentsMargins(8, 0, 8, 2);
    readout_->setToolTip(
        tr("Knee: where more size stops to buy much. Hypervolume: the share of the plane up to the "
           "largest size and loss that the frontier dominates; it grows with every improvement."));

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(6, 4, 6, 4);
    tools->addWidget(comparison_, 10);
    tools->addStretch(1);
    tools->addSpacing(12);
    tools->addWidget(loss_, 6);
    tools->addWidget(logarithmicLoss_);
    tools->addSpacing(6);
    tools->addWidget(new QLabel(tr("over"), this));
    tools->addSpacing(6);
    tools->addWidget(size_, 6);
    tools->addWidget(logarithmicSize_);
    tools->addSpacing(12);
    for (QToolButton* button : {show, pan, reset, export_}) {
        tools->addWidget(button);
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(plot_, 1);
    layout->addWidget(readout_);
    layout->addWidget(targetBar_);

    plot_->setSizes([this](double bits) { return target_.sizesAt(bits); });
    connect(plot_, &FrontierPlot::targetDragged, &target_, &TargetMix::setTarget);
    connect(plot_, &FrontierPlot::redrawn, this, &FrontierView::updateReadout);
    connect(&selection_, &RunSelection::changed, this, &FrontierView::updateReadout);
    connect(&target_, &TargetMix::targetChanged, this, &FrontierView::updateOverlay);
    connect(&target_, &TargetMix::changed, this, &FrontierView::updateOverlay);
    connect(targetBar_, &TargetBar::ceilingChanged, this, &FrontierView::updateOverlay);
    connect(pan, &QToolButton::toggled, plot_, &FrontierPlot::setPanning);
    connect(reset, &QToolButton::clicked, plot_, &FrontierPlot::showAll);
    for (QComboBox* box : {size_, loss_}) {
        connect(box, &QComboBox::currentIndexChanged, this, &FrontierView::updateAxes);
    }
    for (QToolButton* button : {logarithmicSize_, logarithmicLoss_}) {
        connect(button, &QToolButton::toggled, this, &FrontierView::updateAxes);
    }
    connect(comparison_, &QComboBox::currentIndexChanged, this, &FrontierView::showComparison);
    connect(&runs_, &RunCollection::changed, this, &FrontierView::updateComparisons);
    connect(&runs_, &RunCollection::added, this, [this](int row) {
        // The run one waits for must be in view.
        updateComparisons();
        const QString key = QString::fromStdString(comparisonKey(runs_.run(row)));
        if (!comparison_->currentData().toString().isEmpty()) {
            comparison_->setCurrentIndex(comparison_->findData(key));
        }
    });
    updateComparisons();
}

QToolButton* FrontierView::addToggle(const QString& text, const QString& toolTip) {
    auto* button = new QToolButton(this);
    button->setText(text);
    button->setToolTip(toolTip);
    button->setAccessibleName(toolTip);
    button->setCheckable(true);
    return button;
}

QAction* FrontierView::addShown(QMenu* menu, const QString& text, const QString& key, bool on) {
    QAction* action = menu->addAction(text);
    action->setCheckable(true);
    action->setChecked(on);
    action->setObjectName(key);
    return action;
}

QMenu* FrontierView::makeShowMenu() {
    auto* menu = new QMenu(this);
    dominated_ = addShown(menu, tr("&Dominated runs"), QStringLiteral("dominated"), true);
    names_ = addShown(menu, tr("&Names on the frontier"), QStringLiteral("names"), false);
    byAge_ = addShown(menu, tr("Colour by &age, not by format"), QStringLiteral("byAge"), false);
    knee_ = addShown(menu, tr("&Knee of the frontier"), QStringLiteral("knee"), true);
    for (QAction* action : {dominated_, names_, byAge_, knee_}) {
        connect(action, &QAction::toggled, this, &FrontierView::updateOptions);
    }
    menu->addSeparator();
    predicted_ = addShown(menu, tr("&Predicted mixes"), QStringLiteral("predicted"), true);
    connect(predicted_, &QAction::toggled, this, &FrontierView::updateOverlay);
    try {
        references_ = frontierReferences();
    } catch (const Error&) {
        references_.clear(); // an installation without them has nothing to show
    }
    for (const ReferenceSeries& series : references_) {
        const QString title = QString::fromStdString(series.title);
        QAction* action = addShown(menu, tr("Reference: %1").arg(title), title, false);
        action->setToolTip(QString::fromStdString(series.source));
        connect(action, &QAction::toggled, this, &FrontierView::updateOverlay);
        referenceActions_.push_back(action);
    }
    menu->setToolTipsVisible(true);
    return menu;
}

void FrontierView::updateOptions() {
    plot_->setOptions({byAge_->isChecked() ? Colouring::age : Colouring::family, !dominated_->isChecked(),
                       names_->isChecked(), knee_->isChecked()});
}

void FrontierView::setExpected(std::vector<RunRecord> expected) {
    expected_ = std::move(expected);
    updateOverlay();
}

void FrontierView::updateOverlay() {
    OverlayContent overlay;
    overlay.expected = expected_;
    if (const RunRecord* shown = firstShown()) {
        std::erase_if(overlay.expected, [&](const RunRecord& run) { return !mayCompare(run, *shown); });
    }
    if (predicted_->isChecked()) {
        overlay.predictedFrontier = target_.frontier();
    }
    if (target_.target()) {
        overlay.target = target_.sizesAt(*target_.target());
        if (target_.mix()) {
            overlay.mix = target_.asRecord(*target_.mix());
        }
    }
    if (const auto percent = targetBar_->ceiling()) {
        overlay.ceiling = ceilingAt(*percent);
    }
    const std::string model = target_.modelName().toStdString();
    for (std::size_t i = 0; i < references_.size(); ++i) {
        if (!referenceActions_[i]->isChecked()) {
            continue;
        }
        ReferenceSeries series = references_[i];
        std::erase_if(series.points, [&](const ReferencePoint& point) {
            return !point.model.empty() && point.model != model;
        });
        overlay.references.push_back(std::move(series));
    }
    plot_->setOverlay(std::move(overlay));
}

void FrontierView::updateReadout() {
    QStringList parts;
    if (const QString knee = plot_->readout(); !knee.isEmpty()) {
        parts.append(knee);
    }
    const std::string shown = comparison_->currentData().toString().toStdString();
    const auto elsewhere = std::ranges::count_if(runs_.runs(), [&](const RunRecord& run) {
        return !shown.empty() && selection_.contains(run.id) && comparisonKey(run) != shown;
    });
    if (elsewhere > 0) {
        parts.append(tr("%n selected run(s) of other settings, not in this plot", nullptr,
                        static_cast<int>(elsewhere)));
    }
    readout_->setText(parts.join(QStringLiteral("   ·   ")));
    readout_->setVisible(!parts.isEmpty());
}

const RunRecord* FrontierView::firstShown() const {
    const std::string key = comparison_->currentData().toString().toStdString();
    const auto shown = std::ranges::find(runs_.runs(), key, comparisonKey);
    return shown != runs_.runs().end() ? &*shown : nullptr;
}

RunRecord FrontierView::ceilingAt(double deltaPercent) const {
    RunRecord record;
    record.deltaPplPercent = deltaPercent;
    record.ppl = record.kldMean = record.top1Agreement = notMeasured;
    if (const RunRecord* shown = firstShown()) {
        record.ppl = shown->baselinePpl * (1 + deltaPercent / 100);
    }
    return record;
}

void FrontierView::setExportMenu(QMenu* menu) {
    export_->setMenu(menu);
}

void FrontierView::updateComparisons() {
    const std::vector<ComparisonGroup> groups = comparisonGroups(runs_.runs());
    const bool hadRuns = !comparison_->itemData(0).toString().isEmpty();
    QString wanted = comparison_->currentData().toString();
    if (!hadRuns && !groups.empty()) {
        wanted = QString::fromStdString(comparisonKey(runs_.runs().back()));
    }
    {
        const QSignalBlocker blocker(comparison_);
        comparison_->clear();
        for (const ComparisonGroup& group : groups) {
            const QString title = QStringLiteral("%1 (%2)").arg(group.title).arg(group.runs.size());
            comparison_->addItem(title, QString::fromStdString(group.key));
            comparison_->setItemData(comparison_->count() - 1, title, Qt::ToolTipRole);
        }
        if (groups.size() != 1) {
            comparison_->addItem(groups.empty() ? tr("No runs") : tr("All, each with its own frontier"),
                                 QString());
        }
        comparison_->setCurrentIndex(std::max(0, comparison_->findData(wanted)));
        comparison_->setVisible(groups.size() > 1);
    }
    showComparison();
}

void FrontierView::showComparison() {
    plot_->setComparison(comparison_->currentData().toString().toStdString());
    updateOverlay(); // queued runs belong to one, and a ceiling is relative to its unquantized model
}

void FrontierView::updateAxes() {
    FrontierAxes axes;
    axes.size = &quantity(sizeQuantities(), size_->currentData().toString());
    axes.loss = &quantity(lossQuantities(), loss_->currentData().toString());
    axes.logarithmicSize = logarithmicSize_->isChecked();
    axes.logarithmicLoss = logarithmicLoss_->isChecked();
    plot_->setAxes(axes);
}

void FrontierView::restore(const QSettings& settings) {
    const auto choose = [&settings](QComboBox* box, const QString& key) {
        box->setCurrentIndex(std::max(0, box->findData(settings.value(key).toString())));
    };
    const double ceiling = settings.value(QStringLiteral("frontier/ceiling"), 0).toDouble();
    targetBar_->setCeiling(ceiling > 0 ? std::optional(ceiling) : std::nullopt);
    choose(size_, QStringLiteral("frontier/size"));
    choose(loss_, QStringLiteral("frontier/loss"));
    for (QAction* action : findChildren<QAction*>()) {
        if (action->isCheckable() && !action->objectName().isEmpty()) {
            action->setChecked(
                settings.value(QStringLiteral("frontier/show/") + action->objectName(), action->isChecked())
                    .toBool());
        }
    }
    logarithmicSize_->setChecked(settings.value(QStringLiteral("frontier/logarithmicSize")).toBool());
    logarithmicLoss_->setChecked(settings.value(QStringLiteral("frontier/logarithmicLoss")).toBool());
}

void FrontierView::save(QSettings& settings) const {
    for (const QAction* action : findChildren<QAction*>()) {
        if (action->isCheckable() && !action->objectName().isEmpty()) {
            settings.setValue(QStringLiteral("frontier/show/") + action->objectName(), action->isChecked());
        }
    }
    settings.setValue(QStringLiteral("frontier/ceiling"), targetBar_->ceiling().value_or(0));
    settings.setValue(QStringLiteral("frontier/size"), size_->currentData());
    settings.setValue(QStringLiteral("frontier/loss"), loss_->currentData());
    settings.setValue(QStringLiteral("frontier/logarithmicSize"), logarithmicSize_->isChecked());
    settings.setValue(QStringLiteral("frontier/logarithmicLoss"), logarithmicLoss_->isChecked());
}

} // namespace planish
