// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/comparison.h"
#include "models/tensor_selection.h"
#include "plots/themed_plot.h"

#include <span>
#include <vector>

class QScrollBar;

namespace planish {

/// One quantity of a tensor that bars show.
struct TensorQuantity {
    const char* title; ///< "Bits per weight", translated by label()
    const char* unit;
    double (*value)(const TensorComparison& tensor, std::size_t run);

    QString label() const; ///< "Relative error (%)"
};
/// Bits per weight, relative error, SQNR, share of the size.
std::span<const TensorQuantity> tensorQuantities();

/// The tensors of compared runs from top to bottom, a bar a run. A click selects a tensor; a tooltip tells
/// its codecs.
class TensorBars final : public ThemedPlot {
    Q_OBJECT
  public:
    TensorBars(Comparison& comparison, TensorSelection& tensors, QWidget* parent = nullptr);

    void setQuantity(std::size_t index);
    /// Also tensors that all runs store alike.
    void setShowAll(bool all);
    /// Moves through the tensors that do not fit; `bar` shows which ones do.
    void setScrollBar(QScrollBar* bar);

    int tensorCount() const { return static_cast<int>(shown_.size()); }
    /// Where the bars of a shown tensor are.
    QPoint centerOf(int tensor) const;

  protected:
    void recolor() override;
    void resizeEvent(QResizeEvent* event) override;
    void wheelEvent(QWheelEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

  private:
    void rebuild();
    void updateRange();
    void updateMarks();
    int tensorAt(const QPoint& pixel) const;
    QString toolTipOf(int tensor) const;
    void selectNeighbour(int step);

    Comparison& comparison_;
    TensorSelection& tensors_;
    const TensorQuantity* quantity_ = &tensorQuantities().front();
    bool all_ = true;
    std::vector<TensorComparison> shown_;
    std::vector<QCPBars*> bars_; ///< one a run
    QCPBarsGroup* group_;
    QSharedPointer<QCPAxisTickerText> names_;
    QCPItemRect* mark_; ///< behind the selected tensor
    QScrollBar* scrollBar_ = nullptr;
};

} // namespace planish
