// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/numbers.h"
#include "models/run_collection.h"

#include <QAbstractTableModel>
#include <QStringList>
#include <vector>

namespace planish {

/// The runs of a collection, one a row; a column for every field of a run, the ones people compare first.
/// Row i is run i of the collection.
class RunTableModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    enum Role {
        sortRole = Qt::UserRole, ///< the plain value: a string, double or quint64
        runIdRole,               ///< QString
        frontierRole,            ///< bool
        folderRole,              ///< QString
        keyRole,                 ///< of a header: the column's outside name, such as "delta_ppl_percent"
        unitRole,                ///< of a header: "bytes", "" for none
        shownByDefaultRole,      ///< of a header: bool
    };
    static constexpr int nameColumn = 0;
    static constexpr int frontierColumn = 1;

    explicit RunTableModel(RunCollection& runs, QObject* parent = nullptr);

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

    /// The column with this outside name, -1 when there is none.
    int columnOf(const QString& key) const;

  private:
    struct Column {
        QString key;
        QString title; ///< with its unit, unless the cells carry theirs
        const RunField* field = nullptr;
        bool shownByDefault = false;
    };
    static std::vector<Column> makeColumns();
    /// Runs with warnings are marked; what they say is in the tooltip.
    static QVariant nameData(const RunRecord& run, int role);
    QVariant fieldData(const RunRecord& run, const RunField& field, int role) const;

    RunCollection& runs_;
    std::vector<Column> columns_;
};

} // namespace planish
