// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/frontier_view.h"

#include "icons.h"
#include "plots/frontier_series.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSettings>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>

namespace planish {

namespace {

QComboBox* quantityBox(std::span<const FrontierQuantity> quantities, const QString& name, QWidget* parent) {
    auto* box = new QComboBox(parent);
    for (const FrontierQuantity& quantity : quantities) {
        box->addItem(quantity.name(), QString::fromUtf8(quantity.key));
        box->setItemData(box->count() - 1, quantity.label(), Qt::ToolTipRole);
    }
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

FrontierView::FrontierView(RunCollection& runs, RunSelection& selection, QWidget* parent)
    : QWidget(parent),
      runs_(runs),
      plot_(new FrontierPlot(runs, selection, this)),
      comparison_(new QComboBox(this)),
      size_(quantityBox(sizeQuantities(), tr("Horizontal axis"), this)),
      loss_(quantityBox(lossQuantities(), tr("Vertical axis"), this)),
      logarithmicSize_(addToggle(tr("log"), tr("Logarithmic horizontal axis"))),
      logarithmicLoss_(addToggle(tr("log"), tr("Logarithmic vertical axis"))),
      export_(toolButton(QStringLiteral("export"), tr("Export the plot"), this)) {
    comparison_->setToolTip(tr("Runs are comparable when model, text and evaluation settings are the same"));
    comparison_->setAccessibleName(tr("Runs to compare"));
    comparison_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    comparison_->setMinimumContentsLength(16);
    auto* pan = toolButton(QStringLiteral("pan"), tr("Drag moves the plot (or hold Shift)"), this);
    pan->setCheckable(true);
    auto* reset =
        toolButton(QStringLiteral("reset-view"), tr("Show all points (Home or double click)"), this);
    export_->setPopupMode(QToolButton::InstantPopup);

    auto* tools = new QHBoxLayout;
    tools->setContentsMargins(6, 4, 6, 4);
    tools->addWidget(comparison_, 10);
    tools->addStretch(1);
    tools->addSpacing(12);
    tools->addWidget(loss_);
    tools->addWidget(logarithmicLoss_);
    tools->addSpacing(6);
    tools->addWidget(new QLabel(tr("over"), this));
    tools->addSpacing(6);
    tools->addWidget(size_);
    tools->addWidget(logarithmicSize_);
    tools->addSpacing(12);
    for (QToolButton* button : {pan, reset, export_}) {
        tools->addWidget(button);
    }
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addLayout(tools);
    layout->addWidget(plot_, 1);

    connect(pan, &QToolButton::toggled, plot_, &FrontierPlot::setPanning);
    connect(reset, &QToolButton::clicked, plot_, &FrontierPlot::showAll);
    for (QComboBox* box : {size_, loss_}) {
        connect(box, &QComboBox::currentIndexChanged, this, &FrontierView::updateAxes);
    }
    for (QToolButton* button : {logarithmicSize_, logarithmicLoss_}) {
        connect(button, &QToolButton::toggled, this, &FrontierView::updateAxes);
    }
    connect(comparison_, &QComboBox::currentIndexChanged, this,
            [this] { plot_->setComparison(comparison_->currentData().toString().toStdString()); });
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
            comparison_->addItem(QStringLiteral("%1 (%2)").arg(group.title).arg(group.runs.size()),
                                 QString::fromStdString(group.key));
        }
        if (groups.size() != 1) {
            comparison_->addItem(groups.empty() ? tr("No runs") : tr("All, each with its own frontier"),
                                 QString());
        }
        comparison_->setCurrentIndex(std::max(0, comparison_->findData(wanted)));
        comparison_->setVisible(groups.size() > 1);
    }
    plot_->setComparison(comparison_->currentData().toString().toStdString());
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
    choose(size_, QStringLiteral("frontier/size"));
    choose(loss_, QStringLiteral("frontier/loss"));
    logarithmicSize_->setChecked(settings.value(QStringLiteral("frontier/logarithmicSize")).toBool());
    logarithmicLoss_->setChecked(settings.value(QStringLiteral("frontier/logarithmicLoss")).toBool());
}

void FrontierView::save(QSettings& settings) const {
    settings.setValue(QStringLiteral("frontier/size"), size_->currentData());
    settings.setValue(QStringLiteral("frontier/loss"), loss_->currentData());
    settings.setValue(QStringLiteral("frontier/logarithmicSize"), logarithmicSize_->isChecked());
    settings.setValue(QStringLiteral("frontier/logarithmicLoss"), logarithmicLoss_->isChecked());
}

} // namespace planish
