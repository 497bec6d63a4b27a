// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"
#include "models/run_collection.h"

#include <QSortFilterProxyModel>
#include <QStringList>

namespace planish {

/// Sorts runs by value (what was not measured comes last in either order) and shows those whose text cells
/// contain every word of the filter.
class RunFilterModel final : public QSortFilterProxyModel {
    Q_OBJECT
  public:
    explicit RunFilterModel(QObject* parent = nullptr);

    void setFilterText(const QString& text);
    void setFrontierOnly(bool only);
    /// Only runs of this folder and those inside it; empty: all.
    void setFolder(const QString& folder);
    /// Shows only runs of `runs`, in the rows of the source, that pass; both must outlive this.
    void setBrushes(const RunCollection& runs, const RunBrushes& brushes);

  protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

  private:
    QStringList words_;
    bool frontierOnly_ = false;
    QString folder_;
    const RunCollection* runs_ = nullptr;
    const RunBrushes* brushes_ = nullptr;
};

} // namespace planish
