// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_cost_model.h"

#include "experiment/frontier.h"
#include "models/run_table_model.h"

#include <QFont>
#include <algorithm>
#include <array>
#include <cmath>

namespace planish {

namespace {

struct Title {
    const char* title;
    const char* toolTip;
};
constexpr std::array<Title, CodecCostModel::columnCount_> titles{{
    {QT_TRANSLATE_NOOP("planish::CodecCostModel", "Codec"),
     QT_TRANSLATE_NOOP("planish::CodecCostModel", "Enter or a double click stores the tensor in it")},
    {QT_TRANSLATE_NOOP("planish::CodecCostModel", "Bits per weight"),
     QT_TRANSLATE_NOOP("planish::CodecCostModel", "Exact, of this tensor")},
    {QT_TRANSLATE_NOOP("planish::CodecCostModel", "Error (%)"),
     QT_TRANSLATE_NOOP("planish::CodecCostModel", "‖W−Ŵ‖² ÷ ‖W‖²")},
    {QT_TRANSLATE_NOOP("planish::CodecCostModel", "SQNR (dB)"),
     QT_TRANSLATE_NOOP("planish::CodecCostModel", "10·log₁₀(‖W‖² ÷ ‖W−Ŵ‖²)")},
    {QT_TRANSLATE_NOOP("planish::CodecCostModel", "Loss of outputs (%)"),
     QT_TRANSLATE_NOOP(
         "planish::CodecCostModel",
         "Expected squared error of the outputs over that of zero weights; needs the statistics "
         "of the inputs")},
}};

double valueOf(const CodecTrial& cost, int column) {
    switch (column) {
    case CodecCostModel::bitsColumn:
        return cost.bitsPerWeight;
    case CodecCostModel::errorColumn:
        return 100 * cost.relativeError;
    case CodecCostModel::noiseColumn:
        return -10 * std::log10(cost.relativeError);
    default:
        return 100 * cost.proxyLoss;
    }
}

} // namespace

void CodecCostModel::show(const std::vector<CodecTrial>& costs, const QString& present) {
    present_ = present;
    const bool continues = costs.size() >= costs_.size() &&
                           std::equal(costs_.begin(), costs_.end(), costs.begin(),
                                      [](const auto& a, const auto& b) { return a.codec == b.codec; });
    if (!continues) {
        beginResetModel();
        costs_ = costs;
        endResetModel();
        return;
    }
    if (costs.size() > costs_.size()) {
        beginInsertRows({}, rowCount(), static_cast<int>(costs.size()) - 1);
        costs_ = costs;
        endInsertRows();
    }
    if (rowCount() > 0) {
        emit dataChanged(index(0, 0), index(rowCount() - 1, columnCount_ - 1));
    }
}

int CodecCostModel::rowOf(const QString& codec) const {
    const auto found = std::ranges::find(costs_, codec.toStdString(), &CodecTrial::codec);
    return found == costs_.end() ? -1 : static_cast<int>(found - costs_.begin());
}

int CodecCostModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(costs_.size());
}

int CodecCostModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : columnCount_;
}

QVariant CodecCostModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const CodecTrial& cost = costs_[static_cast<std::size_t>(index.row())];
    const bool isCodec = index.column() == codecColumn;
    const bool isPresent = present_ == QString::fromStdString(cost.codec);
    switch (role) {
    case Qt::DisplayRole:
        return isCodec ? QString::fromStdString(cost.codec) : formatNumber(valueOf(cost, index.column()));
    case sortRole:
        return isCodec ? QVariant(QString::fromStdString(cost.codec))
                       : QVariant(valueOf(cost, index.column()));
    case Qt::ToolTipRole:
        return isCodec && isPresent ? tr("The tensor is stored in it now") : QVariant();
    case Qt::AccessibleTextRole:
        return isCodec && isPresent ? tr("%1, the present codec").arg(codecOf(index.row())) : QVariant();
    case Qt::FontRole: {
        QFont font;
        font.setBold(isPresent);
        return font;
    }
    case Qt::TextAlignmentRole:
        return QVariant::fromValue<int>((isCodec ? Qt::AlignLeft : Qt::AlignRight) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant CodecCostModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) {
        return {};
    }
    const Title& title = titles[static_cast<std::size_t>(section)];
    if (role == Qt::DisplayRole) {
        return tr(title.title);
    }
    return role == Qt::ToolTipRole ? QVariant(tr(title.toolTip)) : QVariant();
}

std::vector<std::size_t> bestCosts(const std::vector<CodecTrial>& costs, bool ofOutputs) {
    std::vector<FrontierPoint> points;
    for (const CodecTrial& cost : costs) {
        points.push_back({cost.bitsPerWeight, ofOutputs ? cost.proxyLoss : cost.relativeError});
    }
    return paretoFront(points);
}

} // namespace planish
