// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/cost_table.h"
#include "models/layer_tree_model.h"
#include "models/recipe_text.h"
#include "support/text.h"

#include <QBrush>
#include <QFont>
#include <QLocale>
#include <algorithm>
#include <cmath>

namespace planish {
namespace {

QString number(quint64 value) {
    return QLocale().toString(value);
}

/// "int4:g64: 3 tensors", a line a codec.
QString counted(const std::map<QString, int>& codecs) {
    QStringList lines;
    for (const auto& [codec, count] : codecs) {
        lines += count == 1 ? LayerTreeModel::tr("%1: 1 tensor").arg(codec)
                            : LayerTreeModel::tr("%1: %2 tensors").arg(codec).arg(count);
    }
    return lines.join(u'\n');
}

/// A shade that shows on light and dark ground, for the share of one tensor in the cost of all.
QVariant heat(double share) {
    constexpr double full = 0.1;
    if (!(share > 0)) {
        return {};
    }
    QColor shade(0xe6, 0x9f, 0x00); // orange of Okabe and Ito's palette
    shade.setAlphaF(static_cast<float>(0.6 * std::sqrt(std::min(1.0, share / full))));
    return QBrush(shade);
}

/// A shade that shows on light and dark ground.
QBrush differenceShade() {
    QColor shade(0x00, 0x72, 0xb2); // blue of Okabe and Ito's palette
    shade.setAlphaF(0.22F);
    return shade;
}

} // namespace

QVariant LayerTreeModel::data(const QModelIndex& index, int role) const {
    if (!index.isValid()) {
        return {};
    }
    const Node& node = this->node(index);
    switch (role) {
    case Qt::DisplayRole:
        return displayData(node, index.column());
    case Qt::EditRole:
        return index.column() == codecColumn && node.codecs.size() == 1 ? node.codecs.begin()->first
               : index.column() == codecColumn                          ? QVariant(QString())
                                                                        : displayData(node, index.column());
    case Qt::ToolTipRole:
        return toolTip(node, index.column());
    case Qt::TextAlignmentRole:
        return QVariant::fromValue((isNumberColumn(index.column()) ? Qt::AlignRight : Qt::AlignLeft) |
                                   Qt::AlignVCenter);
    case Qt::FontRole:
        if (index.column() == codecColumn && node.codecs.size() > 1) {
            QFont italic;
            italic.setItalic(true);
            return italic;
        }
        return {};
    case Qt::BackgroundRole:
        if (index.column() == otherColumn && !node.others.empty()) {
            return differenceShade();
        }
        return index.column() == costColumn && node.tensor >= 0 ? heat(costShare(node)) : QVariant();
    case tensorsRole:
        return QVariant::fromValue(node.tensors);
    case editableTensorsRole:
        return QVariant::fromValue(node.editable);
    case groupRole:
        return node.group;
    case mixedRole:
        return node.codecs.size() > 1;
    case sortRole:
        return sortData(node, index.column());
    default:
        return {};
    }
}

QVariant LayerTreeModel::displayData(const Node& node, int column) const {
    switch (column) {
    case layerColumn:
        return node.title;
    case roleColumn:
        return node.tensor < 0 ? QString() : fromUtf8(roleName(tensor(node.tensor).role));
    case shapeColumn: {
        if (node.tensor < 0) {
            return {};
        }
        const TensorInfo& info = tensor(node.tensor);
        return info.isVector ? QString::number(info.count())
                             : QStringLiteral("%1 × %2").arg(info.shape.rows).arg(info.shape.columns);
    }
    case weightsColumn:
        return number(node.weights);
    case codecColumn:
        return node.codecs.size() > 1 ? tr("mixed") : node.codecs.begin()->first;
    case bitsColumn:
        return bitsText(sortData(node, bitsColumn).toDouble());
    case sizeColumn:
        return fromUtf8(formatBytes(node.bytes));
    case costColumn:
        // In thousandths of a nat: what single tensors cost, without strings of zeros.
        return node.cost ? (node.costAtMost ? QStringLiteral("≤ ") : QString()) +
                               QLocale().toString(1000 * *node.cost, 'f', 2)
                         : QString();
    case otherColumn:
        return otherText(node);
    default:
        return {};
    }
}

QString LayerTreeModel::otherText(const Node& node) const {
    if (node.others.empty()) {
        return {};
    }
    int count = 0;
    for (const auto& [codec, tensors] : node.others) {
        count += tensors;
    }
    if (node.others.size() == 1 && count == node.editable.size()) {
        return node.others.begin()->first;
    }
    return tr("%n differ", nullptr, count);
}

double LayerTreeModel::costShare(const Node& node) const {
    return node.cost && wholeCost_ > 0 ? *node.cost / wholeCost_ : 0;
}

QString LayerTreeModel::costToolTip(const Node& node) const {
    if (!costs_ || costs_->study() == nullptr) {
        return tr("Not known: Run ▸ Measure sensitivities finds out what errors of each tensor cost");
    }
    if (!node.cost) {
        return tr("Being measured");
    }
    return tr("Predicted: %1 nats of mean KL divergence, %2 % of the recipe's%3")
        .arg(QLocale().toString(*node.cost, 'g', 3), QLocale().toString(100 * costShare(node), 'f', 1),
             node.costAtMost ? tr("; with nearest rounding, the codec's own should cost less") : QString());
}

QVariant LayerTreeModel::sortData(const Node& node, int column) const {
    switch (column) {
    case weightsColumn:
        return node.weights;
    case bitsColumn:
        return node.weights == 0 ? 0.0
                                 : 8.0 * static_cast<double>(node.bytes) / static_cast<double>(node.weights);
    case sizeColumn:
        return node.bytes;
    case costColumn:
        return node.cost.value_or(-1.0);
    default:
        return displayData(node, column);
    }
}

QString LayerTreeModel::layerToolTip(const Node& node) const {
    if (node.tensor < 0) {
        return tr("%1: %2 tensors").arg(node.title, number(static_cast<quint64>(node.tensors.size())));
    }
    const TensorInfo& info = tensor(node.tensor);
    return tr("%1, %2 in the model file").arg(fromUtf8(info.name), fromUtf8(info.type));
}

QVariant LayerTreeModel::toolTip(const Node& node, int column) const {
    switch (column) {
    case layerColumn:
    case roleColumn:
        return layerToolTip(node);
    case shapeColumn:
        return node.tensor < 0 ? QVariant() : tr("outputs × inputs");
    case codecColumn:
        return node.codecs.size() < 2 ? node.codecs.begin()->first : counted(node.codecs);
    case otherColumn:
        return node.others.empty() ? QVariant()
                                   : tr("In %1:").arg(otherTitle_) + u'\n' + counted(node.others);
    case bitsColumn:
    case sizeColumn:
        return tr("%1 packed bytes × 8 ÷ %2 weights = %3 bits per weight")
            .arg(number(node.bytes), number(node.weights),
                 QLocale().toString(sortData(node, bitsColumn).toDouble(), 'g', 8));
    case costColumn:
        return costToolTip(node);
    default:
        return {};
    }
}

QVariant LayerTreeModel::headerData(int section, Qt::Orientation orientation, int role) const {
    if (orientation != Qt::Horizontal || section < 0 || section >= columnCount_) {
        return {};
    }
    if (role == Qt::TextAlignmentRole) {
        return QVariant::fromValue((isNumberColumn(section) ? Qt::AlignRight : Qt::AlignLeft) |
                                   Qt::AlignVCenter);
    }
    if (role == Qt::ToolTipRole && section == bitsColumn) {
        return tr("Bits per weight: packed bytes × 8 ÷ weights, everything that is stored counted");
    }
    if (role == Qt::ToolTipRole && section == costColumn) {
        return tr(
            "Predicted share in the mean KL divergence from the unquantized model, in thousandths of a nat "
            "(mnat). The darker the shade, the larger the tensor's part of the whole: full from a tenth "
            "on.");
    }
    if (role == Qt::ToolTipRole && section == otherColumn) {
        return tr("The codec in %1, where it is another").arg(otherTitle_);
    }
    if (role != Qt::DisplayRole) {
        return {};
    }
    const QString titles[] = {
        tr("Layer"),       tr("Role"),  tr("Shape"),
        tr("Weights"),     tr("Codec"), tr("bpw"),
        tr("Cost (mnat)"), tr("Size"),  otherTitle_.isEmpty() ? tr("Other") : otherTitle_};
    return titles[section];
}

} // namespace planish
