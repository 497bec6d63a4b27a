// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <QAbstractTableModel>

namespace planish {

/// The tensors of one run, one a row: codec, size and what storing it cost.
class TensorResultModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    static constexpr int sortRole = Qt::UserRole; ///< the plain value: a string or a double

    using QAbstractTableModel::QAbstractTableModel;
    void show(std::vector<TensorResult> tensors);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  private:
    std::vector<TensorResult> tensors_;
};

} // namespace planish
