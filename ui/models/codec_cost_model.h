// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/tensor_inspection.h"

#include <QAbstractTableModel>
#include <vector>

namespace planish {

/// What codecs cost on a tensor, one a row, in the order they were measured.
class CodecCostModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    enum Column { codecColumn, bitsColumn, errorColumn, noiseColumn, outputColumn, columnCount_ };
    static constexpr int sortRole = Qt::UserRole; ///< the plain value: a string or a double

    using QAbstractTableModel::QAbstractTableModel;
    /// `present` is the codec the tensor has: shown bold.
    void show(const std::vector<CodecTrial>& costs, const QString& present);
    QString codecOf(int row) const {
        return QString::fromStdString(costs_[static_cast<std::size_t>(row)].codec);
    }
    /// The row of a codec, −1 when there is none.
    int rowOf(const QString& codec) const;

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  private:
    std::vector<CodecTrial> costs_;
    QString present_;
};

/// Those that no other codec beats in both bits and loss, by rising bits; indices into `costs`. The loss is
/// that of the outputs with `ofOutputs`, else the error of the weights.
std::vector<std::size_t> bestCosts(const std::vector<CodecTrial>& costs, bool ofOutputs);

} // namespace planish
