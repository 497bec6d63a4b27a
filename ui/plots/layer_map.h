// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_brushes.h"
#include "models/run_collection.h"
#include "models/run_selection.h"
#include "models/tensor_selection.h"
#include "plots/themed_plot.h"

#include <optional>
#include <string>
#include <vector>

namespace planish {

/// The tensors from top to bottom, the runs from left to right, coloured by bits per weight or by error: the
/// selected runs, or all that pass the filter. A click selects a tensor, with Ctrl its run too; so do the
/// arrow keys, and Ctrl+Space.
class LayerMap final : public ThemedPlot {
    Q_OBJECT
  public:
    enum class Quantity { bits, error };
    static constexpr std::size_t mostRuns = 60;

    LayerMap(RunCollection& runs, RunSelection& selection, RunBrushes& brushes, TensorSelection& tensors,
             QWidget* parent = nullptr);

    void setQuantity(Quantity quantity);
    int runCount() const { return static_cast<int>(columns_.size()); }
    int tensorCount() const { return static_cast<int>(names_.size()); }
    /// Where a cell is, in widget coordinates.
    QPointF pixelOf(int tensor, int run) const;

  protected:
    void recolor() override;
    void resizeEvent(QResizeEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    void rebuild();
    void placeNames();
    const TensorResult* resultAt(std::size_t tensor, std::size_t run) const;
    void updateMarks();
    /// The first selected tensor, if it is in the map.
    std::optional<std::size_t> selectedTensor() const;
    QString describe(std::size_t tensor, std::size_t run) const;
    /// Whether `pixel` is on a cell, and which.
    bool cellAt(const QPointF& pixel, std::size_t& tensor, std::size_t& run) const;

    RunCollection& runs_;
    RunSelection& selection_;
    RunBrushes& brushes_;
    TensorSelection& tensors_;
    Quantity quantity_ = Quantity::bits;
    std::vector<int> columns_; ///< rows of the collection
    std::vector<std::string> names_;
    QSharedPointer<QCPAxisTickerText> runTicks_;
    QSharedPointer<QCPAxisTickerText> tensorTicks_;
    QCPColorMap* map_;
    QCPColorScale* scale_;
    QCPItemRect* rowMark_;
    QCPItemRect* cellMark_;
    std::size_t run_ = 0; ///< column of the cell that keys move
};

} // namespace planish
