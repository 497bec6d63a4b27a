// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/figure_export.h"

#include "plots/csv.h"
#include "support/file.h"

#include <qcustomplot.h>

#include <QApplication>
#include <QBuffer>
#include <QFile>
#include <QFileInfo>
#include <QPageSize>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <algorithm>
#include <memory>

namespace planish {

namespace {

QPalette lightPalette() {
    QPalette palette(Qt::white);
    palette.setColor(QPalette::Base, Qt::white);
    palette.setColor(QPalette::Text, QColor(0x20, 0x20, 0x20));
    return palette;
}

} // namespace

std::unique_ptr<QApplication> applicationIfMissing() {
    if (QCoreApplication::instance() != nullptr) {
        return nullptr;
    }
    qputenv("QT_QPA_PLATFORM", "offscreen");
    static int count = 1;
    static char name[] = "planish";
    static char* arguments[] = {name, nullptr};
    return std::make_unique<QApplication>(count, arguments);
}

FrontierPicture::FrontierPicture(const FrontierContent& content, QSize size, const OverlayContent& over)
    : size_(size) {
    QCustomPlot plot;
    FrontierFigure figure(plot);
    figure.setPalette(lightPalette());
    figure.draw(content);
    FrontierOverlay overlay(plot);
    overlay.draw(over, content.axes, lightPalette());
    figure.showAll();
    plot.setViewport(QRect(QPoint(), size));
    plot.plotLayout()->update(QCPLayoutElement::upLayout);
    figure.placeLegend();
    QCPPainter painter(&strokes_);
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    plot.toPainter(&painter, size.width(), size.height());
}

void FrontierPicture::paint(QPaintDevice& device) const {
    QPainter painter(&device);
    painter.drawPicture(0, 0, strokes_);
}

QByteArray FrontierPicture::svg() const {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(strokes_.logicalDpiX());
    generator.setSize(size_);
    generator.setViewBox(QRect(QPoint(), size_));
    generator.setTitle(QStringLiteral("Frontier"));
    paint(generator);
    return bytes;
}

QImage FrontierPicture::image(double pixelsPerPoint) const {
    QImage image(size_ * pixelsPerPoint, QImage::Format_RGB32);
    image.setDevicePixelRatio(pixelsPerPoint);
    image.fill(Qt::white);
    paint(image);
    image.setDevicePixelRatio(1);
    return image;
}

bool FrontierPicture::save(const QString& file, const QString& format) const {
    constexpr double pixelsPerPoint = 2;
    if (format == QLatin1String("png")) {
        return image(pixelsPerPoint).save(file, "PNG");
    }
    if (format == QLatin1String("svg")) {
        const QByteArray bytes = svg();
        QFile output(file);
        return output.open(QIODevice::WriteOnly) && output.write(bytes) == bytes.size() && output.flush();
    }
    QPdfWriter writer(file);
    const int dotsPerInch = strokes_.logicalDpiX();
    writer.setResolution(dotsPerInch);
    writer.setPageSize(QPageSize(QSizeF(size_) * 72 / dotsPerInch, QPageSize::Point));
    writer.setPageMargins(QMarginsF());
    writer.setTitle(QStringLiteral("Frontier"));
    writer.setCreator(QCoreApplication::applicationName());
    paint(writer);
    return QFileInfo(file).size() > 0;
}

void FrontierPicture::write(const QString& path) const {
    const QString format = QFileInfo(path).suffix().toLower();
    static const QStringList known = {QStringLiteral("png"), QStringLiteral("svg"), QStringLiteral("pdf")};
    if (!known.contains(format)) {
        throw InputError(path.toStdString(), "extension", ".png, .svg, .pdf or .csv",
                         "." + format.toStdString());
    }
    replaceFile(path.toStdString(), [&](const std::filesystem::path& temporary) {
        if (!save(QString::fromStdString(temporary.string()), format)) {
            throw Error(path.toStdString() +
                        ": the picture could not be written; check the folder and the space left");
        }
    });
}

void exportFrontier(const FrontierContent& content, const QString& path) {
    if (QFileInfo(path).suffix().toLower() == QLatin1String("csv")) {
        const QByteArray csv = frontierCsv(content);
        replaceFile(path.toStdString(),
                    std::string_view(csv.constData(), static_cast<std::size_t>(csv.size())));
    } else {
        FrontierPicture(content).write(path);
    }
}

QByteArray frontierCsv(const FrontierContent& content) {
    const FrontierAxes& axes = content.axes;
    const QString loss = QString::fromUtf8(axes.loss->key);
    QString csv = csvLine({QStringLiteral("run"), QStringLiteral("name"), QStringLiteral("comparison"),
                           QString::fromUtf8(axes.size->key), loss, loss + QStringLiteral("_standard_error"),
                           QStringLiteral("on_frontier")});
    for (const ComparisonGroup& group : shownGroups(content)) {
        const std::vector<std::size_t> front = frontierOf(group, content.runs, axes);
        for (const std::size_t i : group.runs) {
            const RunRecord& run = content.runs[i];
            const bool onFrontier = std::ranges::find(front, i) != front.end();
            csv += csvLine({QString::fromStdString(run.id), QString::fromStdString(run.name), group.title,
                            csvNumber(axes.size->value(run)), csvNumber(axes.loss->value(run)),
                            csvNumber(axes.loss->standardError(run)),
                            onFrontier ? QStringLiteral("1") : QStringLiteral("0")});
        }
    }
    return csv.toUtf8();
}

void writeFrontierFigure(const std::vector<RunRecord>& runs, const QString& path) {
    const std::unique_ptr<QApplication> application = applicationIfMissing();
    FrontierContent content;
    content.runs = runs;
    content.emptyText = QCoreApplication::translate("Frontier", "No runs");
    exportFrontier(content, path);
}

} // namespace planish
