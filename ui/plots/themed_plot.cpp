// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/themed_plot.h"

#include "plots/plot_theme.h"

namespace planish {

ThemedPlot::ThemedPlot(const QString& accessibleName, QWidget* parent)
    : QCustomPlot(parent), emptyText_(new QCPItemText(this)) {
    setAccessibleName(accessibleName);
    setFocusPolicy(Qt::StrongFocus);
    setMouseTracking(true);
    setMinimumSize(120, 90);
    setAutoAddPlottableToLegend(false);
    setNoAntialiasingOnDrag(true);
    emptyText_->position->setType(QCPItemPosition::ptViewportRatio);
    emptyText_->position->setCoords(0.5, 0.5);
    emptyText_->setTextAlignment(Qt::AlignCenter);
    emptyText_->setClipToAxisRect(false);
    emptyText_->setVisible(false);
    applyTheme();
}

void ThemedPlot::setEmptyText(const QString& text) {
    emptyText_->setText(text);
    emptyText_->setVisible(!text.isEmpty());
    for (QCPAxisRect* rect : axisRects()) {
        rect->setVisible(text.isEmpty());
    }
}

void ThemedPlot::applyTheme() {
    applyPalette(*this, palette());
    emptyText_->setColor(mutedText(palette(), 0.75));
    emptyText_->setFont(font());
}

void ThemedPlot::changeEvent(QEvent* event) {
    QCustomPlot::changeEvent(event);
    if (event->type() == QEvent::PaletteChange || event->type() == QEvent::FontChange) {
        applyTheme();
        recolor();
        replot(rpQueuedReplot);
    }
}

} // namespace planish
