// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/tensor_result_model.h"

#include "models/run_table_model.h"

#include <array>
#include <variant>

namespace planish {

namespace {

struct Column {
    const char* title;
    const char* toolTip;
    std::variant<std::string TensorResult::*, double TensorResult::*> member;
};

const std::array<Column, 7> columns{{
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "Tensor"), "", &TensorResult::name},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "Codec"), "", &TensorResult::codec},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "Bits per weight"), "", &TensorResult::bitsPerWeight},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "Relative error"),
     QT_TRANSLATE_NOOP("planish::TensorResultModel", "‖W−Ŵ‖² ÷ ‖W‖²"), &TensorResult::relativeError},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "SQNR (dB)"), "", &TensorResult::sqnrDecibel},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "Proxy loss"),
     QT_TRANSLATE_NOOP(
         "planish::TensorResultModel",
         "Expected squared error of the outputs over that of zero weights, on the calibration text"),
     &TensorResult::proxyLoss},
    {QT_TRANSLATE_NOOP("planish::TensorResultModel", "With nearest rounding"),
     QT_TRANSLATE_NOOP("planish::TensorResultModel",
                       "The proxy loss of the same codec with nearest rounding"),
     &TensorResult::plainProxyLoss},
}};

QVariant valueOf(const TensorResult& tensor, const Column& column) {
    if (const auto* text = std::get_if<std::string TensorResult::*>(&column.member)) {
        return QString::fromStdString(tensor.*(*text));
    }
    return tensor.*std::get<double TensorResult::*>(column.member);
}

} // namespace

void TensorResultModel::show(std::vector<TensorResult> tensors) {
    beginResetModel();
    tensors_ = std::move(tensors);
    endResetModel();
}

int TensorResultModel::rowCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(tensors_.size());
}

int TensorResultModel::columnCount(const QModelIndex& parent) const {
    return parent.isValid() ? 0 : static_cast<int>(columns.size());
}

QVariant TensorResultModel::data(const QModelIndex& index, int role) const {
    if (!checkIndex(index, CheckIndexOption::IndexIsValid | CheckIndexOption::ParentIsInvalid)) {
        return {};
    }
    const QVariant value = valueOf(tensors_[static_cast<std::size_t>(index.row())],
                                   columns[static_cast<std::size_t>(index.column())]);
    const bool isNumber = value.typeId() == QMetaType::Double;
    switch (role) {
    case Qt::DisplayRole:
        return isNumber ? formatNumber(value.toDouble()) : value;
    case sortRole:
    case Qt::ToolTipRole:
        return value;
    case Qt::TextAlignmentRole:
        return QVariant::fromValue<int>((isNumber ? Qt::AlignRight : Qt::AlignLeft) | Qt::AlignVCenter);
    default:
        return {};
    }
}

QVariant TensorResultModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount()) {
        return {};
    }
    const Column& column = columns[static_cast<std::size_t>(section)];
    if (role == Qt::DisplayRole) {
        return tr(column.title);
    }
    return role == Qt::ToolTipRole && column.toolTip[0] != '\0' ? QVariant(tr(column.toolTip)) : QVariant();
}

} // namespace planish
