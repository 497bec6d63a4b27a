// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison.h"
#include "models/tensor_selection.h"

#include <QWidget>

class QAbstractItemModel;
class QAction;
class QCheckBox;
class QComboBox;
class QStackedWidget;
class QTableView;
class QTabWidget;

namespace planish {

class MetricComparisonModel;
class ErrorMaps;
class JobQueue;
class RecipeComparisonModel;
class TensorBars;
class TextComparisonView;

/// Two to four runs side by side: their values with paired differences, what their recipes do differently,
/// every tensor's size and error as bars and as maps, and what they make of the same text. The selection of
/// runs decides which.
class CompareView final : public QWidget {
    Q_OBJECT
  public:
    CompareView(RunCollection& runs, RunSelection& selection, TensorSelection& tensors, JobQueue& queue,
                QWidget* parent = nullptr);

    Comparison& comparison() { return *comparison_; }
    /// "Compare": possible while as many runs are selected as fit side by side; asks for this view.
    QAction* compareAction() const { return compare_; }
    QTableView* metrics() const { return metrics_; }
    QTableView* recipes() const { return recipes_; }
    TensorBars* bars() const { return bars_; }
    ErrorMaps* maps() const { return maps_; }
    TextComparisonView* text() const { return text_; }
    QTabWidget* tabs() const { return tabs_; }
    QCheckBox* differencesOnly() const { return differencesOnly_; }
    QComboBox* reference() const { return reference_; }
    QAction* exportAction() const { return export_; }

    /// The comparison as CSV, see comparisonAsCsv().
    QByteArray csv() const;

  signals:
    void shown();
    /// The comparison is wanted in a file.
    void exportRequested();

  private:
    QWidget* buildTools();
    QWidget* buildTensorPage();
    QWidget* buildMapPage();
    QComboBox* buildQuantities(QWidget* page, const QString& name);
    QTableView* buildTable(QAbstractItemModel* model, const QString& name);
    QWidget* buildEmptyPage();
    void update();

    Comparison* comparison_;
    MetricComparisonModel* metricModel_;
    RecipeComparisonModel* recipeModel_;
    QAction* compare_;
    QAction* export_;
    QStackedWidget* pages_;
    QTabWidget* tabs_;
    QComboBox* reference_ = nullptr;
    QCheckBox* differencesOnly_ = nullptr;
    QTableView* metrics_ = nullptr;
    QTableView* recipes_ = nullptr;
    TensorBars* bars_ = nullptr;
    ErrorMaps* maps_ = nullptr;
    TextComparisonView* text_ = nullptr;
};

} // namespace planish
