// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/run_details.h"

#include "models/tensor_result_model.h"
#include "plots/loss_plot.h"
#include "views/notice_bar.h"

#include <QApplication>
#include <QClipboard>
#include <QFontDatabase>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QTabWidget>
#include <QTableView>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace planish {

RunDetails::RunDetails(RunCollection& runs, RunSelection& selection, QWidget* parent)
    : QWidget(parent),
      runs_(runs),
      selection_(selection),
      fields_(new RunTableModel(runs, this)),
      tensors_(new TensorResultModel(this)),
      title_(new QLabel(this)),
      warnings_(new NoticeBar(NoticeBar::Kind::problem, this)),
      tabs_(new QTabWidget(this)) {
    title_->setTextFormat(Qt::PlainText);
    title_->setWordWrap(true);
    buildTabs();
    commandLine_ = new QWidget(this);
    command_ = new QLineEdit(commandLine_);
    command_->setReadOnly(true);
    command_->setAccessibleName(tr("Command that repeats the run"));
    command_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    auto* copy = new QPushButton(tr("Copy command"), commandLine_);
    connect(copy, &QPushButton::clicked, this,
            [this] { QApplication::clipboard()->setText(command_->text()); });
    auto* line = new QHBoxLayout(commandLine_);
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(command_, 1);
    line->addWidget(copy);
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(title_);
    layout->addWidget(warnings_);
    layout->addWidget(tabs_, 1);
    layout->addWidget(commandLine_);
    connect(&selection_, &RunSelection::changed, this, &RunDetails::update);
    connect(&runs_, &RunCollection::changed, this, &RunDetails::update);
    update();
}

void RunDetails::buildTabs() {
    values_ = new QTreeWidget(tabs_);
    values_->setAccessibleName(tr("Values of the run"));
    values_->setColumnCount(2);
    values_->setHeaderLabels({tr("Quantity"), tr("Value")});
    values_->setRootIsDecorated(false);
    tabs_->addTab(values_, tr("Val&ues"));
    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(tensors_);
    sorted->setSortRole(TensorResultModel::sortRole);
    auto* table = new QTableView(tabs_);
    table->setAccessibleName(tr("Tensors of the run"));
    table->setModel(sorted);
    table->setSortingEnabled(true);
    table->sortByColumn(-1, Qt::AscendingOrder);
    table->setSelectionBehavior(QAbstractItemView::SelectRows);
    table->verticalHeader()->hide();
    table->setTabKeyNavigation(false);
    tabs_->addTab(table, tr("&Tensors"));
    recipe_ = new QPlainTextEdit(tabs_);
    recipe_->setAccessibleName(tr("Recipe of the run"));
    recipe_->setReadOnly(true);
    recipe_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    tabs_->addTab(recipe_, tr("Rec&ipe"));
    training_ = new LossPlot(tabs_);
    tabs_->addTab(training_, tr("Trai&ning"));
}

void RunDetails::update() {
    const int row = selection_.ids().size() == 1 ? runs_.rowOf(*selection_.ids().begin()) : -1;
    tabs_->setVisible(row >= 0);
    commandLine_->setVisible(row >= 0);
    warnings_->hide();
    if (row < 0) {
        title_->setText(tr("Select one run, in the plot or the table, to see all of it here."));
    } else {
        showRun(row);
    }
}

void RunDetails::showRun(int row) {
    const RunRecord& run = runs_.run(row);
    title_->setText(QString::fromStdString(run.name));
    QStringList warnings;
    for (const std::string& warning : run.warnings) {
        warnings.append(QString::fromStdString(warning));
    }
    if (!warnings.isEmpty()) {
        warnings_->showText(warnings.join(QStringLiteral("\n\n")));
    }
    values_->clear();
    for (int column = RunTableModel::frontierColumn + 1; column < fields_->columnCount(); ++column) {
        const QString value = fields_->index(row, column).data().toString();
        auto* item =
            new QTreeWidgetItem(values_, {fields_->headerData(column, Qt::Horizontal).toString(), value});
        item->setToolTip(1, value);
    }
    values_->resizeColumnToContents(0);
    tensors_->show(run.tensors);
    recipe_->setPlainText(QString::fromStdString(run.recipe.toJson().dump(2)));
    tabs_->setTabVisible(tabs_->indexOf(training_), !run.trainingLoss.empty());
    training_->show(run);
    command_->setText(QString::fromStdString(run.command));
    command_->setCursorPosition(0);
}

} // namespace planish
