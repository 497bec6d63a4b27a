// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QFont>
#include <QMetaObject>
#include <QPointF>
#include <QString>
#include <vector>

class QCustomPlot;
class QCPItemText;

namespace planish {

/// Names beside points of a plot: each where it hides neither a point nor another name, else not at all.
/// Placed anew whenever the plot is drawn in another range or size.
class FrontierLabels {
  public:
    struct Label {
        QPointF at; ///< axis units
        QString text;
    };

    /// `plot` must outlive this.
    explicit FrontierLabels(QCustomPlot& plot);
    ~FrontierLabels();
    FrontierLabels(const FrontierLabels&) = delete;
    FrontierLabels& operator=(const FrontierLabels&) = delete;

    void setLabels(std::vector<Label> labels);
    void setColor(const QColor& color, const QFont& font);

  private:
    void place();

    QCustomPlot& plot_;
    QMetaObject::Connection connection_;
    std::vector<Label> labels_;
    std::vector<QCPItemText*> items_; ///< owned by the plot
    QColor color_;
    QFont font_;
};

} // namespace planish
