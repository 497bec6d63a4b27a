// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/plot_theme.h"

#include <qcustomplot.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace planish {

void applyPalette(QCustomPlot& plot, const QPalette& palette) {
    plot.setBackground(palette.color(QPalette::Base));
    const QColor text = palette.color(QPalette::Text);
    const QFont font = plot.font();
    const QPen line(mutedText(palette, 0.6));
    for (QCPAxisRect* rect : plot.axisRects()) {
        for (QCPAxis* axis : rect->axes()) {
            axis->setBasePen(line);
            axis->setTickPen(line);
            axis->setSubTickPen(line);
            axis->setLabelColor(text);
            axis->setTickLabelColor(text);
            axis->setLabelFont(font);
            axis->setTickLabelFont(font);
            axis->grid()->setPen(QPen(mutedText(palette, 0.13)));
            axis->grid()->setZeroLinePen(QPen(mutedText(palette, 0.45)));
        }
    }
    if (plot.legend != nullptr) {
        plot.legend->setFont(font);
        plot.legend->setTextColor(text);
        plot.legend->setBrush(palette.color(QPalette::Base));
        plot.legend->setBorderPen(QPen(mutedText(palette, 0.25)));
    }
}

QColor mutedText(const QPalette& palette, double opacity) {
    QColor color = palette.color(QPalette::Text);
    color.setAlphaF(static_cast<float>(opacity));
    return color;
}

bool isDark(const QPalette& palette) {
    return palette.color(QPalette::Base).lightness() < 128;
}

QColor seriesColor(std::size_t index) {
    static constexpr std::array colors = {0x0072b2U, 0xd55e00U, 0x009e73U, 0xcc79a7U,
                                          0xe69f00U, 0x56b4e9U, 0x999933U};
    return QColor::fromRgb(colors[index % colors.size()]);
}

QColor seriesColor(std::size_t index, const QPalette& palette) {
    return isDark(palette) ? seriesColor(index).lighter(130) : seriesColor(index);
}

QCPColorGradient amountGradient() {
    static constexpr std::array stops = {0x30123bU, 0x3b3f8fU, 0x2f6f9eU, 0x2a9d8fU,
                                         0x7bb662U, 0xd9c84aU, 0xfdf3a9U};
    QCPColorGradient gradient;
    gradient.clearColorStops();
    for (std::size_t i = 0; i < stops.size(); ++i) {
        gradient.setColorStopAt(static_cast<double>(i) / (stops.size() - 1), QColor::fromRgb(stops[i]));
    }
    gradient.setNanHandling(QCPColorGradient::nhTransparent);
    return gradient;
}

QColor differenceColor(double difference, const QPalette& palette) {
    const QColor end = difference > 0 ? QColor(0xd55e00) : QColor(0x0072b2);
    const QColor start = palette.color(QPalette::Base);
    // A coloured background still has to leave the text on it readable.
    constexpr double strongest = 0.65;
    const double share = strongest * std::clamp(std::abs(difference), 0.0, 1.0);
    const auto mix = [share](int from, int to) { return from + static_cast<int>(share * (to - from)); };
    return {mix(start.red(), end.red()), mix(start.green(), end.green()), mix(start.blue(), end.blue())};
}

} // namespace planish
