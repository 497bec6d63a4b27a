// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QColor>
#include <QPalette>

class QCPColorGradient;
class QCustomPlot;

namespace planish {

/// What all figures take from the palette, so that they follow a change of theme.

/// Background, and text, lines, ticks, grids and fonts of all axes and the legend.
void applyPalette(QCustomPlot& plot, const QPalette& palette);
/// The palette's text at an opacity.
QColor mutedText(const QPalette& palette, double opacity);
bool isDark(const QPalette& palette);

/// Colours that people with any colour vision can tell apart (Okabe and Ito, "Color Universal Design", 2008),
/// repeated after the seventh.
QColor seriesColor(std::size_t index);
/// The same, bright enough for the palette's background.
QColor seriesColor(std::size_t index, const QPalette& palette);

/// Colours of an amount, from little to much: of rising lightness, so that they are in order for any colour
/// vision and in print. What has no value is transparent.
QCPColorGradient amountGradient();
/// A colour from blue (gain, −1) over the background (0) to orange (loss, +1), for text to stand on.
QColor differenceColor(double difference, const QPalette& palette);

} // namespace planish
