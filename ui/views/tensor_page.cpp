// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/tensor_page.h"

#include "models/codec_cost_model.h"
#include "models/run_table_model.h"
#include "plots/tensor_plots.h"
#include "views/notice_bar.h"

#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QProgressBar>
#include <QPushButton>
#include <QSortFilterProxyModel>
#include <QSplitter>
#include <QTabWidget>
#include <QTableView>
#include <QVBoxLayout>

namespace planish {

namespace {

QLabel* note(QWidget* parent) {
    auto* label = new QLabel(parent);
    label->setWordWrap(true);
    label->setTextFormat(Qt::PlainText);
    label->setTextInteractionFlags(Qt::TextSelectableByMouse);
    return label;
}

} // namespace

TensorPage::TensorPage(TensorInspector& inspector, QWidget* parent)
    : QWidget(parent),
      inspector_(inspector),
      costs_(new CodecCostModel(this)),
      title_(note(this)),
      summary_(note(this)),
      problem_(new NoticeBar(NoticeBar::Kind::problem, this)),
      tabs_(new QTabWidget(this)),
      errorMap_(new ErrorMapPlot(this)) {
    QFont bold = title_->font();
    bold.setBold(true);
    title_->setFont(bold);
    problem_->hide();
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 0);
    layout->addWidget(title_);
    layout->addWidget(summary_);
    layout->addWidget(problem_);
    layout->addWidget(tabs_, 1);
    tabs_->addTab(buildValues(), tr("Values"));
    tabs_->addTab(errorMap_, tr("Errors"));
    tabs_->addTab(buildCodecs(), tr("Codecs"));
    tabs_->addTab(buildInputs(), tr("Inputs"));
    connect(&inspector_, &TensorInspector::tensorChanged, this, &TensorPage::showTensor);
    connect(&inspector_, &TensorInspector::inspectionChanged, this, &TensorPage::showInspection);
    connect(&inspector_, &TensorInspector::costsChanged, this, &TensorPage::showCosts);
    connect(&inspector_, &TensorInspector::inputsChanged, this, &TensorPage::showInputs);
    showTensor();
    showInspection();
    showInputs();
}

QWidget* TensorPage::buildValues() {
    auto* page = new QWidget(tabs_);
    histogram_ = new WeightHistogram(page);
    levels_ = note(page);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->addWidget(histogram_, 1);
    layout->addWidget(levels_);
    return page;
}

QWidget* TensorPage::buildCodecs() {
    auto* page = new QWidget(tabs_);
    auto* parts = new QSplitter(Qt::Vertical, page);
    costPlot_ = new CodecCostPlot(parts);
    costTable_ = new QTableView(parts);
    auto* sorted = new QSortFilterProxyModel(this);
    sorted->setSourceModel(costs_);
    sorted->setSortRole(CodecCostModel::sortRole);
    costTable_->setModel(sorted);
    costTable_->setAccessibleName(tr("What codecs cost on this tensor"));
    costTable_->setSortingEnabled(true);
    costTable_->sortByColumn(CodecCostModel::bitsColumn, Qt::DescendingOrder);
    costTable_->setSelectionBehavior(QAbstractItemView::SelectRows);
    costTable_->setSelectionMode(QAbstractItemView::SingleSelection);
    costTable_->setTabKeyNavigation(false);
    costTable_->setShowGrid(false);
    costTable_->setAlternatingRowColors(true);
    costTable_->verticalHeader()->hide();
    costTable_->verticalHeader()->setDefaultSectionSize(costTable_->fontMetrics().height() + 8);
    for (int column = 0; column < sorted->columnCount(); ++column) {
        costTable_->setColumnWidth(column, costTable_->horizontalHeader()->sectionSizeHint(column));
    }
    costTable_->setColumnWidth(CodecCostModel::codecColumn, 24 * fontMetrics().averageCharWidth());
    parts->addWidget(costPlot_);
    parts->addWidget(costTable_);
    parts->setStretchFactor(0, 3);
    parts->setStretchFactor(1, 2);
    measuring_ = new QProgressBar(page);
    measuring_->setRange(0, 0);
    measuring_->setTextVisible(false);
    measuring_->setFixedHeight(6);
    measuring_->setAccessibleName(tr("Codecs are being measured"));
    costNote_ = note(page);
    auto* layout = new QVBoxLayout(page);
    layout->setContentsMargins(0, 0, 0, 4);
    layout->addWidget(measuring_);
    layout->addWidget(parts, 1);
    layout->addWidget(costNote_);
    const auto codecAt = [this, sorted](const QModelIndex& index) {
        return costs_->codecOf(sorted->mapToSource(index).row());
    };
    connect(costPlot_, &CodecCostPlot::codecChosen, this, &TensorPage::apply);
    connect(costTable_, &QTableView::activated, this,
            [this, codecAt](const QModelIndex& index) { apply(codecAt(index)); });
    connect(costTable_->selectionModel(), &QItemSelectionModel::currentRowChanged, this,
            [this, codecAt](const QModelIndex& current) {
                if (current.isValid()) {
                    costPlot_->highlight(codecAt(current));
                }
            });
    return page;
}

QWidget* TensorPage::buildInputs() {
    auto* page = new QWidget(tabs_);
    inputNote_ = note(page);
    collect_ = new QPushButton(tr("Collect the statistics"), page);
    collect_->setToolTip(tr("Pass %1 samples of the calibration text through the unquantized model: a job of "
                            "the queue")
                             .arg(TensorInspector::inputSettings().samples));
    inputPlot_ = new InputPlot(page);
    auto* layout = new QVBoxLayout(page);
    layout->addWidget(inputNote_);
    layout->addWidget(collect_, 0, Qt::AlignLeft);
    layout->addWidget(inputPlot_, 1);
    connect(collect_, &QPushButton::clicked, &inspector_, &TensorInspector::collectInputs);
    return page;
}

void TensorPage::showTensor() {
    if (inspector_.tensor() < 0) {
        return;
    }
    const TensorInfo& info = inspector_.info();
    title_->setText(QString::fromStdString(info.name));
    costs_->show(inspector_.costs(), inspector_.codec());
}

void TensorPage::showInspection() {
    if (inspector_.tensor() < 0) {
        return;
    }
    const TensorInfo& info = inspector_.info();
    QString text = tr("%1 × %2, %3 in the model; stored in %4")
                       .arg(info.shape.rows)
                       .arg(info.shape.columns)
                       .arg(QString::fromStdString(info.type), inspector_.codec());
    if (const auto& look = inspector_.inspection()) {
        text += tr(": %1 bits per weight, error %2\u00a0%\nmean %3, deviation %4, from %5 to %6, excess "
                   "kurtosis %7")
                    .arg(formatNumber(look->bitsPerWeight), formatNumber(100 * look->cost.relative),
                         formatNumber(look->weights.mean), formatNumber(look->weights.deviation),
                         formatNumber(look->weights.smallest), formatNumber(look->weights.largest),
                         formatNumber(look->weights.excessKurtosis));
        histogram_->setEmptyText({});
        errorMap_->setEmptyText(look->cost.relative > 0 ? QString()
                                                        : tr("This codec stores the tensor exactly."));
        histogram_->show(*look);
        errorMap_->show(look->errors);
        levels_->setText(
            look->levels
                ? tr("A typical group: row %1, columns %2 to %3, %4 values. Others have their own scales.")
                      .arg(look->levels->row)
                      .arg(look->levels->firstColumn)
                      .arg(look->levels->firstColumn + look->levels->columns - 1)
                      .arg(look->levels->values.size())
                : tr("This codec has no list of values for single weights: it stores floats, vectors, or "
                     "another "
                     "basis."));
    } else {
        const QString wait =
            inspector_.problem().isEmpty() ? tr("Looking into the tensor…") : tr("Nothing to show");
        histogram_->setEmptyText(wait);
        errorMap_->setEmptyText(wait);
        levels_->clear();
    }
    summary_->setText(text);
    problem_->setVisible(!inspector_.problem().isEmpty());
    if (!inspector_.problem().isEmpty()) {
        problem_->showText(
            tr("%1\nStatistics can be collected on the page Inputs.").arg(inspector_.problem()));
    }
    showCosts();
}

void TensorPage::showCosts() {
    if (inspector_.tensor() < 0) {
        return;
    }
    const bool ofOutputs = inspector_.inputs() != nullptr;
    costs_->show(inspector_.costs(), inspector_.codec());
    costTable_->setColumnHidden(CodecCostModel::outputColumn, !ofOutputs);
    costPlot_->setEmptyText(inspector_.costs().empty() ? tr("Measuring codecs…") : QString());
    costPlot_->show(inspector_.costs(), inspector_.codec().toStdString(), ofOutputs);
    measuring_->setVisible(inspector_.isMeasuring());
    QString text =
        tr("A click on a point, or Enter in the table, stores the tensor in that codec (Ctrl+Z takes it "
           "back).");
    if (!ofOutputs && inspector_.hasInputs()) {
        text += tr(" Calibrated codecs appear once the statistics are collected on the page Inputs.");
    }
    costNote_->setText(text);
}

void TensorPage::showInputs() {
    const std::shared_ptr<const InputStatistics> inputs = inspector_.inputs();
    collect_->setVisible(inspector_.hasInputs() && !inputs);
    inputPlot_->setVisible(inputs != nullptr);
    if (inputs) {
        inputNote_->setText(tr("%1 tokens of the calibration text, through the unquantized model")
                                .arg(QLocale().toString(static_cast<qulonglong>(inputs->tokens))));
        inputPlot_->show(*inputs);
    } else if (inspector_.hasInputs()) {
        inputNote_->setText(
            tr("What the tensor reads is not known yet. Collected statistics are kept on disk, show "
               "the range of each input, and let calibrated codecs be measured."));
    } else {
        inputNote_->setText(tr("This tensor multiplies no activations: there are no statistics to collect."));
    }
}

void TensorPage::apply(const QString& codec) {
    const QString problem = inspector_.apply(codec);
    emit statusMessage(problem.isEmpty() ? tr("%1 is stored in %2 now; Ctrl+Z takes it back")
                                               .arg(QString::fromStdString(inspector_.info().name), codec)
                                         : problem);
}

} // namespace planish
