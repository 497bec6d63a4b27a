// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/metric_comparison_model.h"

#include <QFont>
#include <cmath>

namespace planish {

MetricComparisonModel::MetricComparisonModel(RunCollection& runs, Comparison& comparison, QObject* parent)
    : QAbstractTableModel(parent), comparison_(comparison), values_(runs) {
    connect(&comparison_, &Comparison::changed, this, &MetricComparisonModel::rebuild);
    rebuild();
}

void MetricComparisonModel::setShowAll(bool all) {
    all_ = all;
    rebuild();
}

void MetricComparisonModel::rebuild() {
    beginResetModel();
    columns_.clear();
    for (int column = RunTableModel::frontierColumn + 1;
         !comparison_.isEmpty() && column < values_.columnCount(); ++column) {
        bool differs = false;
        for (int position = 1; position < comparison_.count(); ++position) {
            differs = differs || cell(column, position) != cell(column, 0);
        }
        if (differs || all_) {
            columns_.push_back(column);
        }
    }
    endResetModel();
}

int MetricComparisonModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() || comparison_.isEmpty() ? 0 : 1 + static_cast<int>(columns_.size());
}

int MetricComparisonModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : firstRunColumn + comparison_.count();
}

QString MetricComparisonModel::cell(int column, int position) const {
    return values_.index(comparison_.rows()[static_cast<std::size_t>(position)], column).data().toString();
}

QString MetricComparisonModel::difference(int column, int position) const {
    const auto value = [&](int of) {
        return values_.index(comparison_.rows()[static_cast<std::size_t>(of)], column)
            .data(RunTableModel::sortRole);
    };
    const QVariant own = value(position);
    const QString unit = values_.headerData(column, Qt::Horizontal, RunTableModel::unitRole).toString();
    const bool scaled = unit == QLatin1String("bytes") || unit == QLatin1String("s");
    const QString key = values_.headerData(column, Qt::Horizontal, RunTableModel::keyRole).toString();
    // The paired row tells the difference of losses, with its error.
    const bool hasError = key.startsWith(QLatin1String("delta_"));
    if (position == 0 || hasError || (own.typeId() != QMetaType::Double && !scaled)) {
        return {};
    }
    const double reference = value(0).toDouble();
    const double apart = own.toDouble() - reference;
    const double shown = scaled ? 100 * apart / reference : apart;
    if (!std::isfinite(shown) || apart == 0) {
        return {};
    }
    return QStringLiteral("%1%2%3").arg(shown > 0 ? QStringLiteral("+") : QStringLiteral("−"),
                                        formatNumber(std::abs(shown)),
                                        scaled ? QStringLiteral(" %") : QString());
}

QString MetricComparisonModel::pairedText(int position) const {
    const PairedDifference& paired = comparison_.values().differences[static_cast<std::size_t>(position)];
    if (position == 0) {
        return tr("reference");
    }
    if (!paired.incomparable.empty()) {
        return tr("not comparable");
    }
    const QString text = formatDelta(paired.pplPercent, paired.standardErrorPercent);
    if (std::isnan(paired.standardErrorPercent)) {
        return text;
    }
    return QStringLiteral("%1, %2").arg(text, paired.significant ? tr("significant") : tr("within error"));
}

QString MetricComparisonModel::pairedToolTip(int position) const {
    const PairedDifference& paired = comparison_.values().differences[static_cast<std::size_t>(position)];
    if (position == 0) {
        return tr("The others are compared with this run.");
    }
    if (!paired.incomparable.empty()) {
        return tr("Both runs must have scored the same windows with the same model. %1")
            .arg(QString::fromStdString(paired.incomparable));
    }
    if (std::isnan(paired.standardErrorPercent)) {
        return tr("One window has no standard error: evaluate more of them.");
    }
    return tr("PPL against %1 on the same %2 windows, with the standard error of the paired differences "
              "of windows. With 95 % probability from %3 to %4 %; significant: that does not hold zero.")
        .arg(comparedName(comparison_, 0))
        .arg(comparison_.run(0).windowNll.size())
        .arg(paired.lowPercent, 0, 'f', 2)
        .arg(paired.highPercent, 0, 'f', 2);
}

QVariant MetricComparisonModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const bool paired = index.row() == pairedRow;
    const int position = index.column() - firstRunColumn;
    const int column = paired ? -1 : columns_[static_cast<std::size_t>(index.row() - 1)];
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue<int>(Qt::AlignLeft | Qt::AlignVCenter);
    }
    if (role == Qt::FontRole) {
        QFont font;
        font.setBold(paired &&
                     (position < 0 ||
                      comparison_.values().differences[static_cast<std::size_t>(position)].significant));
        return font;
    }
    if (role == Qt::ToolTipRole && paired) {
        return position < 0 ? QVariant() : pairedToolTip(position);
    }
    if (role != Qt::DisplayRole && role != Qt::ToolTipRole) {
        return {};
    }
    if (position < 0) {
        return paired ? tr("PPL against the reference (%)") : values_.headerData(column, Qt::Horizontal);
    }
    if (paired) {
        return pairedText(position);
    }
    const QString text = cell(column, position);
    const QString apart = difference(column, position);
    return apart.isEmpty() ? text : QStringLiteral("%1 (%2)").arg(text, apart);
}

QVariant MetricComparisonModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount() ||
        (role != Qt::DisplayRole && role != Qt::ToolTipRole)) {
        return {};
    }
    return section == quantityColumn ? tr("Quantity") : comparedName(comparison_, section - firstRunColumn);
}

} // namespace planish
