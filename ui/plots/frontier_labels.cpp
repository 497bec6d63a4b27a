// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_labels.h"

#include <qcustomplot.h>

#include <QFontMetricsF>
#include <algorithm>

namespace planish {

FrontierLabels::FrontierLabels(QCustomPlot& plot) : plot_(plot) {
    connection_ = QObject::connect(&plot, &QCustomPlot::beforeReplot, &plot, [this] { place(); });
}

FrontierLabels::~FrontierLabels() {
    QObject::disconnect(connection_);
}

void FrontierLabels::setLabels(std::vector<Label> labels) {
    labels_ = std::move(labels);
}

void FrontierLabels::setColor(const QColor& color, const QFont& font) {
    color_ = color;
    font_ = font;
}

void FrontierLabels::place() {
    for (QCPItemText* item : items_) {
        plot_.removeItem(item);
    }
    items_.clear();
    const QFontMetricsF metrics(font_);
    const QRectF inside(plot_.axisRect()->rect());
    constexpr double point = 6; ///< half of what a point takes, pixels
    const auto pixel = [this](const QPointF& at) {
        return QPointF(plot_.xAxis->coordToPixel(at.x()), plot_.yAxis->coordToPixel(at.y()));
    };
    std::vector<QRectF> taken;
    for (const Label& label : labels_) {
        taken.push_back(QRectF(pixel(label.at) - QPointF(point, point), QSizeF(2 * point, 2 * point)));
    }
    for (const Label& label : labels_) {
        const QSizeF size(metrics.horizontalAdvance(label.text) + 4, metrics.height());
        const QPointF at = pixel(label.at);
        // The frontier rises to one side, so the free places are mostly below and beside it.
        const QPointF corners[] = {{at.x() + point, at.y() - size.height() / 2},
                                   {at.x() - point - size.width(), at.y() - size.height() / 2},
                                   {at.x() - size.width() / 2, at.y() + point},
                                   {at.x() - size.width() / 2, at.y() - point - size.height()}};
        for (const QPointF& corner : corners) {
            const QRectF place(corner, size);
            const auto overlaps = [&](const QRectF& other) { return other.intersects(place); };
            if (!inside.contains(place) || std::ranges::any_of(taken, overlaps)) {
                continue;
            }
            auto* item = new QCPItemText(&plot_); // owned by the plot
            item->position->setType(QCPItemPosition::ptAbsolute);
            item->position->setCoords(place.center());
            item->setPositionAlignment(Qt::AlignCenter);
            item->setText(label.text);
            item->setFont(font_);
            item->setColor(color_);
            items_.push_back(item);
            taken.push_back(place);
            break;
        }
    }
}

} // namespace planish
