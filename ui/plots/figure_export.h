// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/frontier_figure.h"

#include <QByteArray>
#include <QSize>
#include <QString>

namespace planish {

/// The frontier as a file: .png, .svg, .pdf or .csv by the extension, pictures in the light theme whatever
/// the window looks like. Throws as writeFrontierFigure() does.
void exportFrontier(const FrontierContent& content, const QString& path, QSize size = {900, 600});

/// The shown runs: run, name, comparison, both coordinates, the standard error and on_frontier.
QByteArray frontierCsv(const FrontierContent& content);

} // namespace planish
