// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <qcustomplot.h>

namespace planish {

/// A plot on the screen that follows the theme, says in its middle why it is empty, and can be written to a
/// file.
class ThemedPlot : public QCustomPlot {
    Q_OBJECT
  public:
    explicit ThemedPlot(const QString& accessibleName, QWidget* parent = nullptr);

    /// What to do to see something here; "" when there is something.
    void setEmptyText(const QString& text);
    QString emptyText() const { return emptyText_->visible() ? emptyText_->text() : QString(); }

  protected:
    /// Gives everything that is drawn its colours of the present palette; called when the theme changes.
    virtual void recolor() = 0;
    /// Colours of what every plot has. Subclasses call it once they have made their axes.
    void applyTheme();
    void changeEvent(QEvent* event) override;

  private:
    QCPItemText* emptyText_;
};

} // namespace planish
