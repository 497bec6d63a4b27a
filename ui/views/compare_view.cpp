// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/compare_view.h"

#include "experiment/run_csv.h"
#include "icons.h"
#include "models/metric_comparison_model.h"
#include "models/recipe_comparison_model.h"
#include "plots/error_maps.h"
#include "plots/tensor_bars.h"
#include "views/text_comparison_view.h"

#include <QAction>
#include <QCheckBox>
#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QScrollArea>
#include <QScrollBar>
#include <QSignalBlocker>
#include <QStackedWidget>
#include <QTabWidget>
#include <QTableView>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

CompareView::CompareView(RunCollection& runs, RunSelection& selection, TensorSelection& tensors,
                         JobQueue& queue, QWidget* parent)
    : QWidget(parent),
      comparison_(new Comparison(runs, selection, this)),
      metricModel_(new MetricComparisonModel(runs, *comparison_, this)),
      recipeModel_(new RecipeComparisonModel(*comparison_, this)),
      compare_(new QAction(tr("Compare r&uns"), this)),
      export_(new QAction(symbol(QStringLiteral("export")), tr("Export the comparison as CSV…"), this)),
      pages_(new QStackedWidget(this)),
      tabs_(new QTabWidget(this)),
      bars_(new TensorBars(*comparison_, tensors, this)),
      maps_(new ErrorMaps(*comparison_, tensors, this)),
      text_(new TextComparisonView(*comparison_, queue, this)) {
    compare_->setShortcut(Qt::CTRL | Qt::Key_K);
    compare_->setToolTip(tr("Show the two to four selected runs side by side (Ctrl+K)"));
    connect(compare_, &QAction::triggered, this, &CompareView::shown);
    connect(export_, &QAction::triggered, this, &CompareView::exportRequested);
    metrics_ = buildTable(metricModel_, tr("Values of the compared runs"));
    recipes_ = buildTable(recipeModel_, tr("Recipes of the compared runs"));
    tabs_->addTab(metrics_, tr("Values"));
    tabs_->addTab(recipes_, tr("Recipes"));
    tabs_->addTab(buildTensorPage(), tr("Tensors"));
    tabs_->addTab(buildMapPage(), tr("Maps"));
    tabs_->addTab(text_, tr("Text"));
    auto* page = new QWidget(pages_);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(buildTools());
    layout->addWidget(tabs_, 1);
    pages_->addWidget(buildEmptyPage());
    pages_->addWidget(page);
    auto* outer = new QVBoxLayout(this);
    outer->setContentsMargins(0, 0, 0, 0);
    outer->addWidget(pages_);
    // Not the current row, of which there is one as soon as the view has the focus.
    connect(recipes_->selectionModel(), &QItemSelectionModel::selectionChanged, this, [this, &tensors] {
        const QModelIndexList rows = recipes_->selectionModel()->selectedRows();
        if (!rows.isEmpty()) {
            const std::vector<std::string>& names = recipeModel_->tensors(rows.front().row());
            tensors.select({names.begin(), names.end()});
        }
    });
    connect(comparison_, &Comparison::changed, this, &CompareView::update);
    update();
}

QWidget* CompareView::buildTools() {
    auto* tools = new QWidget(this);
    reference_ = new QComboBox(tools);
    reference_->setAccessibleName(tr("Reference"));
    reference_->setToolTip(tr("The run that the others are compared with"));
    reference_->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
    reference_->setMinimumContentsLength(14);
    connect(reference_, &QComboBox::activated, this,
            [this] { comparison_->setReference(reference_->currentData().toString().toStdString()); });
    auto* label = new QLabel(tr("Against"), tools);
    label->setBuddy(reference_);
    differencesOnly_ = new QCheckBox(tr("Differences only"), tools);
    differencesOnly_->setToolTip(tr("Leave out what is the same in all compared runs"));
    differencesOnly_->setChecked(true);
    connect(differencesOnly_, &QCheckBox::toggled, this, [this](bool only) {
        metricModel_->setShowAll(!only);
        recipeModel_->setShowAll(!only);
        bars_->setShowAll(!only);
    });
    bars_->setShowAll(false);
    auto* button = new QToolButton(tools);
    button->setDefaultAction(export_);
    button->setAutoRaise(true);
    button->setFocusPolicy(Qt::StrongFocus);
    auto* layout = new QHBoxLayout(tools);
    layout->setContentsMargins(6, 4, 6, 4);
    layout->addWidget(label);
    layout->addWidget(reference_, 1);
    layout->addWidget(differencesOnly_);
    layout->addWidget(button);
    return tools;
}

QTableView* CompareView::buildTable(QAbstractItemModel* model, const QString& name) {
    auto* table = new QTableView(tabs_);
    table->setModel(model);
    table->setAccessibleName(name);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->setAlternatingRowColors(true);
    table->setShowGrid(false);
    table->setWordWrap(false);
    table->setTabKeyNavigation(false);
    table->setFrameShape(QFrame::NoFrame);
    table->setHorizontalScrollMode(QAbstractItemView::ScrollPerPixel);
    table->verticalHeader()->hide();
    table->verticalHeader()->setDefaultSectionSize(table->fontMetrics().height() + 8);
    table->horizontalHeader()->setHighlightSections(false);
    table->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    return table;
}

QComboBox* CompareView::buildQuantities(QWidget* page, const QString& name) {
    auto* quantity = new QComboBox(page);
    quantity->setAccessibleName(name);
    for (const TensorQuantity& choice : tensorQuantities()) {
        quantity->addItem(choice.label());
    }
    return quantity;
}

QWidget* CompareView::buildMapPage() {
    auto* page = new QWidget(tabs_);
    QComboBox* quantity = buildQuantities(page, tr("Quantity of the maps"));
    connect(quantity, &QComboBox::currentIndexChanged, maps_,
            [this](int index) { maps_->setQuantity(static_cast<std::size_t>(index)); });
    quantity->setCurrentIndex(1); // the error
    auto* readout = new QLabel(page);
    readout->setWordWrap(true);
    readout->setTextInteractionFlags(Qt::TextSelectableByMouse);
    readout->setAccessibleName(tr("Values of the selected tensor"));
    const auto show = [this, readout] {
        const QString text = maps_->readout();
        readout->setText(text.isEmpty() ? tr("A click or the arrow keys select a tensor.") : text);
    };
    connect(maps_, &ErrorMaps::readoutChanged, readout, show);
    show();
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(4, 4, 4, 4);
    layout->addWidget(quantity, 0, Qt::AlignLeft);
    auto* scroll = new QScrollArea(page);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setWidget(maps_);
    layout->addWidget(scroll, 1);
    layout->addWidget(readout);
    return page;
}

QWidget* CompareView::buildTensorPage() {
    auto* page = new QWidget(tabs_);
    QComboBox* quantity = buildQuantities(page, tr("Quantity of the bars"));
    connect(quantity, &QComboBox::currentIndexChanged, bars_,
            [this](int index) { bars_->setQuantity(static_cast<std::size_t>(index)); });
    auto* scroll = new QScrollBar(Qt::Vertical, page);
    auto* area = new QHBoxLayout;
    area->setSpacing(0);
    area->addWidget(bars_, 1);
    area->addWidget(scroll);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(4, 4, 0, 0);
    layout->addWidget(quantity, 0, Qt::AlignLeft);
    layout->addLayout(area, 1);
    bars_->setScrollBar(scroll);
    return page;
}

QWidget* CompareView::buildEmptyPage() {
    auto* label =
        new QLabel(tr("Select two to four runs, in the table or the plot (hold Ctrl to add one), to see "
                      "them side by side.\n\nRun ▸ Compare runs, or Ctrl+K, comes back here."),
                   pages_);
    label->setAlignment(Qt::AlignCenter);
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setMargin(fontMetrics().height());
    return label;
}

void CompareView::update() {
    const bool empty = comparison_->isEmpty();
    pages_->setCurrentIndex(empty ? 0 : 1);
    compare_->setEnabled(!empty);
    export_->setEnabled(!empty);
    const QSignalBlocker blocker(reference_);
    reference_->clear();
    for (int position = 0; position < comparison_->count(); ++position) {
        reference_->addItem(comparedName(*comparison_, position),
                            QString::fromStdString(comparison_->run(position).id));
    }
    const int widest = 28 * fontMetrics().averageCharWidth(); // a command line is read in its tooltip
    for (QTableView* table : {metrics_, recipes_}) {
        table->resizeColumnsToContents();
        for (int column = 1; column < table->model()->columnCount(); ++column) {
            table->setColumnWidth(column, std::min(table->columnWidth(column), widest));
        }
    }
}

QByteArray CompareView::csv() const {
    return QByteArray::fromStdString(comparisonAsCsv(comparison_->values()));
}

} // namespace planish
