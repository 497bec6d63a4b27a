// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "plots/frontier_figure.h"
#include "plots/frontier_overlay.h"

#include <QByteArray>
#include <QImage>
#include <QPicture>
#include <QSize>
#include <QString>
#include <memory>

class QApplication;

namespace planish {

/// A frontier as it is drawn, in the light theme whatever the window looks like. Drawing it is for the thread
/// of the window; painting it into files and images, which takes longer, is not.
class FrontierPicture {
  public:
    explicit FrontierPicture(const FrontierContent& content, QSize size = {900, 600},
                             const OverlayContent& over = {});

    /// Writes .png, .svg or .pdf by the extension. Throws as writeFrontierFigure() does.
    void write(const QString& path) const;
    QByteArray svg() const;
    QImage image(double pixelsPerPoint) const;

  private:
    void paint(QPaintDevice& device) const;
    bool save(const QString& file, const QString& format) const;

    QPicture strokes_;
    QSize size_;
};

/// The frontier as a file: .png, .svg, .pdf or .csv by the extension. Throws as writeFrontierFigure() does.
void exportFrontier(const FrontierContent& content, const QString& path);

/// The shown runs: run, name, comparison, both coordinates, the standard error and on_frontier.
QByteArray frontierCsv(const FrontierContent& content);

/// Drawing text needs an application object, which a program without windows lacks: an offscreen one for as
/// long as the result lives, nothing when there is one.
std::unique_ptr<QApplication> applicationIfMissing();

} // namespace planish
