// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/recipe_comparison_model.h"

#include <QStringList>
#include <algorithm>

namespace planish {

TensorPlace placeOf(const std::string& tensor) {
    const QString name = QString::fromStdString(tensor);
    const QString prefix = QStringLiteral("model.layers.");
    if (name.startsWith(prefix)) {
        const qsizetype end = name.indexOf(QLatin1Char('.'), prefix.size());
        bool isNumber = false;
        const int block = name.mid(prefix.size(), end - prefix.size()).toInt(&isNumber);
        if (isNumber && end > 0) {
            return {name.mid(end + 1), block};
        }
    }
    return {name, -1};
}

QString rangesText(const std::vector<int>& numbers) {
    QStringList ranges;
    for (std::size_t first = 0; first < numbers.size();) {
        std::size_t last = first;
        while (last + 1 < numbers.size() && numbers[last + 1] == numbers[last] + 1) {
            ++last;
        }
        ranges.append(last == first ? QString::number(numbers[first])
                                    : QStringLiteral("%1–%2").arg(numbers[first]).arg(numbers[last]));
        first = last + 1;
    }
    return ranges.join(QStringLiteral(", "));
}

RecipeComparisonModel::RecipeComparisonModel(Comparison& comparison, QObject* parent)
    : QAbstractTableModel(parent), comparison_(comparison) {
    connect(&comparison_, &Comparison::changed, this, &RecipeComparisonModel::rebuild);
    rebuild();
}

void RecipeComparisonModel::setShowAll(bool all) {
    all_ = all;
    rebuild();
}

void RecipeComparisonModel::rebuild() {
    beginResetModel();
    rows_.clear();
    for (const TensorComparison& tensor : comparison_.values().tensors) {
        if (!tensor.codecDiffers && !all_) {
            continue;
        }
        const TensorPlace place = placeOf(tensor.name);
        auto row = std::ranges::find_if(rows_, [&](const Row& known) {
            return known.name == place.name && known.codecs == tensor.codecs;
        });
        if (row == rows_.end()) {
            rows_.push_back({place.name, {}, {}, tensor.codecs});
            row = rows_.end() - 1;
        }
        row->tensors.push_back(tensor.name);
        if (place.block >= 0) {
            row->blocks.push_back(place.block);
        }
    }
    endResetModel();
}

int RecipeComparisonModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(rows_.size());
}

int RecipeComparisonModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : firstRunColumn + comparison_.count();
}

QVariant RecipeComparisonModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const Row& row = rows_[static_cast<std::size_t>(index.row())];
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) {
        return {};
    }
    if (index.column() != layersColumn) {
        const std::string& codec = row.codecs[static_cast<std::size_t>(index.column() - firstRunColumn)];
        return codec.empty() ? QStringLiteral("–") : QString::fromStdString(codec);
    }
    if (role == Qt::ToolTipRole) {
        QStringList names;
        for (const std::string& tensor : row.tensors) {
            names.append(QString::fromStdString(tensor));
        }
        return names.join(QLatin1Char('\n'));
    }
    return row.blocks.empty() ? row.name
                              : (row.blocks.size() == 1 ? tr("%1 · block %2") : tr("%1 · blocks %2"))
                                    .arg(row.name, rangesText(row.blocks));
}

QVariant RecipeComparisonModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount() ||
        (role != Qt::DisplayRole && role != Qt::ToolTipRole)) {
        return {};
    }
    return section == layersColumn ? tr("Layers") : comparedName(comparison_, section - firstRunColumn);
}

} // namespace planish
