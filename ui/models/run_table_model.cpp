// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_table_model.h"

#include "icons.h"
#include "support/text.h"

#include <QLocale>
#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>

namespace planish {

namespace {

using namespace std::string_view_literals;

constexpr std::array shownFirst = {"compression"sv,
                                   "bits_per_weight"sv,
                                   "delta_ppl_percent"sv,
                                   "ppl"sv,
                                   "kld_mean"sv,
                                   "top1_agreement"sv,
                                   "model"sv,
                                   "corpus"sv,
                                   "context"sv,
                                   "windows"sv,
                                   "quantize_seconds"sv,
                                   "evaluate_seconds"sv,
                                   "folder"sv,
                                   "tags"sv};

/// Cells of these units carry their unit themselves, scaled to the value.
bool cellsCarryUnit(std::string_view unit) {
    return unit == "bytes" || unit == "s" || unit == "x";
}

QString formatField(double value, std::string_view unit) {
    if (!std::isfinite(value)) {
        return formatNumber(value);
    }
    if (unit == "s") {
        return QString::fromStdString(formatSeconds(value));
    }
    return unit == "x" ? formatNumber(value) + 'x' : formatNumber(value);
}

QString formatField(std::uint64_t value, std::string_view unit) {
    return unit == "bytes" ? QString::fromStdString(formatBytes(value))
                           : QLocale().toString(qulonglong{value});
}

QString formatField(const std::string& value, std::string_view) {
    return QString::fromStdString(value);
}

QVariant plainValue(const std::string& value) {
    return QString::fromStdString(value);
}
QVariant plainValue(std::uint64_t value) {
    return QVariant::fromValue<quint64>(value);
}
QVariant plainValue(double value) {
    return value;
}

} // namespace

RunTableModel::RunTableModel(RunCollection& runs, QObject* parent)
    : QAbstractTableModel(parent), runs_(runs), columns_(makeColumns()) {
    connect(&runs, &RunCollection::aboutToReset, this, [this] { beginResetModel(); });
    connect(&runs, &RunCollection::resetDone, this, [this] { endResetModel(); });
    connect(&runs, &RunCollection::aboutToAdd, this, [this](int row) { beginInsertRows({}, row, row); });
    connect(&runs, &RunCollection::added, this, [this] { endInsertRows(); });
    connect(&runs, &RunCollection::aboutToRemove, this, [this](int row) { beginRemoveRows({}, row, row); });
    connect(&runs, &RunCollection::removed, this, [this] { endRemoveRows(); });
    connect(&runs, &RunCollection::notesChanged, this,
            [this](int row) { emit dataChanged(index(row, 0), index(row, columnCount() - 1)); });
    connect(&runs, &RunCollection::changed, this, [this] {
        if (rowCount() > 0) {
            // A new run may push others off the frontier.
            emit dataChanged(index(0, nameColumn), index(rowCount() - 1, frontierColumn));
        }
    });
}

std::vector<RunTableModel::Column> RunTableModel::makeColumns() {
    std::vector<Column> columns(2);
    columns[nameColumn] = {QStringLiteral("name"), tr("Run"), nullptr, true};
    columns[frontierColumn] = {QStringLiteral("on_frontier"), tr("Frontier"), nullptr, true};
    const auto append = [&columns](const RunField& field, bool shown) {
        QString title = QString::fromUtf8(field.title);
        const QString unit = QString::fromUtf8(field.unit);
        if (!unit.isEmpty() && !cellsCarryUnit(field.unit) && !title.contains(unit, Qt::CaseInsensitive)) {
            title += QStringLiteral(" (%1)").arg(unit);
        }
        columns.push_back({QString::fromUtf8(field.key), title, &field, shown});
    };
    for (const std::string_view key : shownFirst) {
        const auto field =
            std::ranges::find(runFields(), key, [](const RunField& f) { return std::string_view(f.key); });
        if (field != runFields().end()) {
            append(*field, true);
        }
    }
    for (const RunField& field : runFields()) {
        const bool isName = field.member == RunField::Member(&RunRecord::name);
        if (!isName && std::ranges::find(shownFirst, std::string_view(field.key)) == shownFirst.end()) {
            append(field, false);
        }
    }
    return columns;
}

int RunTableModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : runs_.count();
}

int RunTableModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(columns_.size());
}

int RunTableModel::columnOf(const QString& key) const {
    const auto found = std::ranges::find(columns_, key, &Column::key);
    return found == columns_.end() ? -1 : static_cast<int>(found - columns_.begin());
}

QVariant RunTableModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) {
        return {};
    }
    const Column& column = columns_[static_cast<std::size_t>(section)];
    switch (role) {
    case Qt::DisplayRole:
        return column.title;
    case Qt::ToolTipRole:
    case keyRole:
        return column.key;
    case unitRole:
        return column.field != nullptr ? QString::fromUtf8(column.field->unit) : QString();
    case shownByDefaultRole:
        return column.shownByDefault;
    default:
        return {};
    }
}

QVariant RunTableModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const RunRecord& run = runs_.run(index.row());
    const bool frontier = runs_.isOnFrontier(index.row());
    if (role == runIdRole) {
        return QString::fromStdString(run.id);
    }
    if (role == frontierRole) {
        return frontier;
    }
    if (role == folderRole) {
        return QString::fromStdString(run.folder);
    }
    const Column& column = columns_[static_cast<std::size_t>(index.column())];
    if (column.field != nullptr) {
        return fieldData(run, *column.field, role);
    }
    if (index.column() == nameColumn) {
        return nameData(run, role);
    }
    switch (role) {
    case Qt::DisplayRole:
        return frontier ? QStringLiteral("●") : QString();
    case Qt::TextAlignmentRole:
        return QVariant::fromValue<int>(Qt::AlignCenter);
    case Qt::AccessibleTextRole:
        return frontier ? tr("on the frontier") : tr("not on the frontier");
    case sortRole:
        return frontier ? 1 : 0;
    default:
        return {};
    }
}

QVariant RunTableModel::nameData(const RunRecord& run, int role) {
    const QString name = QString::fromStdString(run.name);
    QStringList lines{name};
    if (!run.notes.empty()) {
        lines.append(QString::fromStdString(run.notes));
    }
    const qsizetype written = lines.size();
    for (const std::string& warning : run.warnings) {
        lines.append(QString::fromStdString(warning));
    }
    switch (role) {
    case Qt::DisplayRole:
    case sortRole:
        return name;
    case Qt::ToolTipRole:
        return lines.join(QStringLiteral("\n\n"));
    case Qt::DecorationRole:
        return run.warnings.empty() ? QVariant() : QVariant(symbol(QStringLiteral("warning")));
    case Qt::AccessibleTextRole:
        return run.warnings.empty() ? name
                                    : tr("%1, with warnings: %2").arg(name, lines.mid(written).join(u' '));
    default:
        return {};
    }
}

QVariant RunTableModel::fieldData(const RunRecord& run, const RunField& field, int role) const {
    const bool isText = std::holds_alternative<std::string RunRecord::*>(field.member);
    switch (role) {
    case Qt::DisplayRole:
        if (field.member == RunField::Member(&RunRecord::deltaPplPercent)) {
            return formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent);
        }
        return std::visit([&](auto member) { return formatField(run.*member, field.unit); }, field.member);
    case Qt::ToolTipRole:
    case sortRole:
        return std::visit([&](auto member) { return plainValue(run.*member); }, field.member);
    case Qt::TextAlignmentRole:
        return QVariant::fromValue<int>((isText ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

} // namespace planish
