// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/frontier_figure.h"

#include <QByteArray>
#include <QImage>
#include <QSize>
#include <QString>
#include <memory>

class QApplication;

namespace planish {

/// The frontier as a file: .png, .svg, .pdf or .csv by the extension, pictures in the light theme whatever
/// the window looks like. Throws as writeFrontierFigure() does.
void exportFrontier(const FrontierContent& content, const QString& path, QSize size = {900, 600});

/// The frontier in memory, in the light theme.
QByteArray frontierSvg(const FrontierContent& content, QSize size = {900, 600});
QImage frontierImage(const FrontierContent& content, QSize size, double pixelsPerPoint);

/// The shown runs: run, name, comparison, both coordinates, the standard error and on_frontier.
QByteArray frontierCsv(const FrontierContent& content);

/// Drawing text needs an application object, which a program without windows lacks: an offscreen one for as
/// long as the result lives, nothing when there is one.
std::unique_ptr<QApplication> applicationIfMissing();

} // namespace planish
