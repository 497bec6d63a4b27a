// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

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

  protected:
    bool filterAcceptsRow(int row, const QModelIndex& parent) const override;
    bool lessThan(const QModelIndex& left, const QModelIndex& right) const override;

  private:
    QStringList words_;
    bool frontierOnly_ = false;
    QString folder_;
};

} // namespace planish
