// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison.h"
#include "models/tensor_selection.h"
#include "plots/tensor_bars.h"
#include "plots/themed_plot.h"

#include <optional>
#include <string>
#include <vector>

namespace planish {

/// A map of each compared run: blocks from left to right, kinds of tensors from top to bottom, coloured by
/// one quantity on a scale that all share. A click, or the arrow keys, select a tensor in all of them.
class ErrorMaps final : public ThemedPlot {
    Q_OBJECT
  public:
    ErrorMaps(Comparison& comparison, TensorSelection& tensors, QWidget* parent = nullptr);

    /// Of tensorQuantities().
    void setQuantity(std::size_t index);

    int mapCount() const { return static_cast<int>(maps_.size()); }
    int blockCount() const { return static_cast<int>(blocks_.size()); }
    const QStringList& kinds() const { return kinds_; }
    /// What a map shows; NaN where there is no tensor.
    double valueAt(int map, int block, int kind) const;
    /// The range of the colours.
    QCPRange range() const { return scale_->dataRange(); }
    /// Where a cell is, in widget coordinates.
    QPointF pixelOf(int map, int block, int kind) const;
    /// The selected tensor and its values in words; empty when none of the shown ones is selected.
    QString readout() const;

  signals:
    void readoutChanged();

  protected:
    void recolor() override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    struct Cell {
        int block = 0;
        int kind = 0;
    };
    struct Map {
        QCPTextElement* title;
        QCPAxisRect* rect;
        QCPColorMap* colours;
        QCPItemRect* mark; ///< around the selected cell
    };
    void rebuild();
    void collectCells();
    void addMap(int run);
    void fill();
    void updateMarks();
    const TensorComparison* tensorOf(Cell cell) const;
    std::optional<Cell> cellAt(const QPointF& pixel) const;
    std::optional<Cell> selectedCell() const;
    QString describe(const TensorComparison& tensor) const;
    void select(Cell cell);

    Comparison& comparison_;
    TensorSelection& tensors_;
    const TensorQuantity* quantity_ = &tensorQuantities()[1];
    std::vector<int> blocks_; ///< their numbers, rising
    QStringList kinds_;       ///< names within a block
    std::vector<int> cells_;  ///< tensor of the comparison, or -1; by kind, then block
    QSharedPointer<QCPAxisTickerText> blockTicks_;
    QSharedPointer<QCPAxisTickerText> kindTicks_;
    std::vector<Map> maps_; ///< owned by the plot
    QCPColorScale* scale_;
    QCPMarginGroup* margins_;
};

} // namespace planish
