// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison.h"
#include "models/run_table_model.h"

#include <QAbstractTableModel>
#include <vector>

namespace planish {

/// The values of compared runs, one run a column. The first row is the paired difference of each from the
/// reference; the others have the value and what it differs from the reference by.
class MetricComparisonModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    static constexpr int quantityColumn = 0;
    static constexpr int firstRunColumn = 1;
    static constexpr int pairedRow = 0;

    /// `comparison` is of `runs`; both must outlive this.
    MetricComparisonModel(RunCollection& runs, Comparison& comparison, QObject* parent = nullptr);

    /// Also values that all runs share.
    void setShowAll(bool all);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  private:
    void rebuild();
    QString cell(int column, int position) const;
    QString difference(int column, int position) const;
    QString pairedText(int position) const;
    QString pairedToolTip(int position) const;

    Comparison& comparison_;
    RunTableModel values_; ///< words the scalars as the table does
    bool all_ = false;
    std::vector<int> columns_; ///< of values_, one a row after the paired one
};

} // namespace planish
