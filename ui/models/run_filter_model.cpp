// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_filter_model.h"

#include "models/run_table_model.h"

#include <algorithm>
#include <cmath>

namespace planish {

RunFilterModel::RunFilterModel(QObject* parent) : QSortFilterProxyModel(parent) {
    setSortRole(RunTableModel::sortRole);
    setDynamicSortFilter(true);
}

void RunFilterModel::setFilterText(const QString& text) {
    words_ = text.split(QLatin1Char(' '), Qt::SkipEmptyParts);
    invalidateFilter();
}

void RunFilterModel::setFrontierOnly(bool only) {
    frontierOnly_ = only;
    invalidateFilter();
}

void RunFilterModel::setFolder(const QString& folder) {
    folder_ = folder;
    invalidateFilter();
}

void RunFilterModel::setBrushes(const RunCollection& runs, const RunBrushes& brushes) {
    runs_ = &runs;
    brushes_ = &brushes;
    connect(&brushes, &RunBrushes::changed, this, [this] { invalidateFilter(); });
    invalidateFilter();
}

bool RunFilterModel::filterAcceptsRow(int row, const QModelIndex& parent) const {
    const QAbstractItemModel& runs = *sourceModel();
    if (frontierOnly_ && !runs.index(row, 0, parent).data(RunTableModel::frontierRole).toBool()) {
        return false;
    }
    if (!folder_.isEmpty()) {
        const QString folder = runs.index(row, 0, parent).data(RunTableModel::folderRole).toString();
        if (folder != folder_ && !folder.startsWith(folder_ + QLatin1Char('/'))) {
            return false;
        }
    }
    if (brushes_ != nullptr && !brushes_->accepts(runs_->run(row))) {
        return false;
    }
    return std::ranges::all_of(words_, [&](const QString& word) {
        for (int column = 0; column < runs.columnCount(parent); ++column) {
            const QVariant value = runs.index(row, column, parent).data(RunTableModel::sortRole);
            if (value.typeId() == QMetaType::QString &&
                value.toString().contains(word, Qt::CaseInsensitive)) {
                return true;
            }
        }
        return false;
    });
}

bool RunFilterModel::lessThan(const QModelIndex& left, const QModelIndex& right) const {
    const QVariant a = left.data(sortRole());
    const QVariant b = right.data(sortRole());
    if (a.typeId() == QMetaType::Double && b.typeId() == QMetaType::Double) {
        const double x = a.toDouble();
        const double y = b.toDouble();
        if (std::isnan(x) || std::isnan(y)) {
            return std::isnan(x) == std::isnan(y) ? false
                                                  : (sortOrder() == Qt::AscendingOrder) == std::isnan(y);
        }
        return x < y;
    }
    return QSortFilterProxyModel::lessThan(left, right);
}

} // namespace planish
