// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/input_statistics.h"
#include "experiment/tensor_inspection.h"
#include "plots/themed_plot.h"

#include <optional>
#include <vector>

namespace planish {

/// The weights of a tensor, as the model has them and as they are stored, with the values that a typical
/// group can store below.
class WeightHistogram final : public ThemedPlot {
    Q_OBJECT
  public:
    explicit WeightHistogram(QWidget* parent = nullptr);
    void show(const TensorInspection& inspection);
    /// How many representable values are marked.
    int levelCount() const { return levels_->data()->size(); }

  protected:
    void recolor() override;

  private:
    QCPGraph* original_;
    QCPGraph* stored_;
    QCPGraph* levels_;
};

/// Where in a tensor its errors are: blocks of rows and columns, darker for smaller errors.
class ErrorMapPlot final : public ThemedPlot {
    Q_OBJECT
  public:
    explicit ErrorMapPlot(QWidget* parent = nullptr);
    void show(const ErrorMap& map);

  protected:
    void recolor() override;
    void mouseMoveEvent(QMouseEvent* event) override;

  private:
    ErrorMap values_;
    QCPColorMap* map_;
    QCPColorScale* scale_;
};

/// Every codec's bits and loss on a tensor, the best ones joined by a line. A click chooses one.
class CodecCostPlot final : public ThemedPlot {
    Q_OBJECT
  public:
    explicit CodecCostPlot(QWidget* parent = nullptr);
    /// `present` is the codec the tensor has; the loss is that of the outputs with `ofOutputs`.
    void show(const std::vector<CodecTrial>& costs, const std::string& present, bool ofOutputs);
    /// A ring around a codec that is chosen elsewhere.
    void highlight(const QString& codec);
    /// Where a codec is drawn.
    std::optional<QPointF> pixelOf(const std::string& codec) const;

  signals:
    void codecChosen(const QString& codec);
    void codecHovered(const QString& codec);

  protected:
    void recolor() override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void mouseReleaseEvent(QMouseEvent* event) override;

  private:
    double lossOf(const CodecTrial& cost) const;
    const CodecTrial* costAt(const QPointF& pixel) const;

    std::vector<CodecTrial> costs_;
    bool ofOutputs_ = false;
    QCPGraph* points_;
    QCPGraph* best_;
    QCPGraph* present_;
    QCPGraph* marked_;
};

/// The inputs of a tensor column by column: mean magnitude, and the smallest and largest seen.
class InputPlot final : public ThemedPlot {
    Q_OBJECT
  public:
    explicit InputPlot(QWidget* parent = nullptr);
    void show(const InputStatistics& inputs);

  protected:
    void recolor() override;

  private:
    QCPGraph* magnitude_;
    QCPGraph* smallest_;
    QCPGraph* largest_;
};

} // namespace planish
