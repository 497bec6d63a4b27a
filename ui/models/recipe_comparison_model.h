// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison.h"

#include <QAbstractTableModel>
#include <vector>

namespace planish {

/// How compared runs store their tensors, one run a column. Tensors of the same name in several blocks that
/// are stored alike share a row: "mlp.up_proj · blocks 0–3, 7".
class RecipeComparisonModel final : public QAbstractTableModel {
    Q_OBJECT
  public:
    static constexpr int layersColumn = 0;
    static constexpr int firstRunColumn = 1;

    explicit RecipeComparisonModel(Comparison& comparison, QObject* parent = nullptr);

    /// Also tensors that all runs store alike.
    void setShowAll(bool all);
    /// Names of the tensors of a row.
    const std::vector<std::string>& tensors(int row) const {
        return rows_[static_cast<std::size_t>(row)].tensors;
    }

    int rowCount(const QModelIndex& parent = {}) const override;
    int columnCount(const QModelIndex& parent = {}) const override;
    QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
    QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

  private:
    struct Row {
        QString name; ///< within the block
        std::vector<int> blocks;
        std::vector<std::string> tensors;
        std::vector<std::string> codecs; ///< one a run
    };
    void rebuild();

    Comparison& comparison_;
    bool all_ = false;
    std::vector<Row> rows_;
};

/// A tensor's name in two parts: "model.layers.3.mlp.up_proj" is "mlp.up_proj" of block 3; others are of
/// block −1.
struct TensorPlace {
    QString name;
    int block = -1;
};
TensorPlace placeOf(const std::string& tensor);
/// "0–3, 7" of rising numbers.
QString rangesText(const std::vector<int>& numbers);

} // namespace planish
