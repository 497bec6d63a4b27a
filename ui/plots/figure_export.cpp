// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/figure_export.h"

#include "plots/csv.h"
#include "support/file.h"

#include <qcustomplot.h>

#include <QApplication>
#include <QBuffer>
#include <QFileInfo>
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

bool paintSvg(QCustomPlot& plot, QSvgGenerator& generator, QSize size) {
    generator.setSize(size);
    generator.setViewBox(QRect(QPoint(), size));
    generator.setTitle(QStringLiteral("Frontier"));
    QCPPainter painter;
    if (!painter.begin(&generator)) {
        return false;
    }
    painter.setMode(QCPPainter::pmVectorized);
    painter.setMode(QCPPainter::pmNoCaching);
    plot.toPainter(&painter, size.width(), size.height());
    return painter.end();
}

bool writePicture(QCustomPlot& plot, const QString& path, const QString& format, QSize size) {
    if (format == QLatin1String("svg")) {
        QSvgGenerator generator;
        generator.setFileName(path);
        return paintSvg(plot, generator, size);
    }
    if (format == QLatin1String("pdf")) {
        return plot.savePdf(path, size.width(), size.height(), QCP::epAllowCosmetic,
                            QCoreApplication::applicationName(), QStringLiteral("Frontier"));
    }
    constexpr double pixelsPerPoint = 2;
    return plot.saveRastered(path, size.width(), size.height(), pixelsPerPoint, "PNG");
}

void checkWritten(bool written, const QString& path) {
    if (!written) {
        throw Error(path.toStdString() +
                    ": the picture could not be written; check the folder and the space left");
    }
}

/// A plot that shows nothing else, to be drawn into files.
class DetachedFigure {
  public:
    explicit DetachedFigure(const FrontierContent& content) {
        FrontierFigure figure(plot);
        figure.setPalette(lightPalette());
        figure.draw(content);
        figure.showAll();
    }
    QCustomPlot plot;
};

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

void exportFrontier(const FrontierContent& content, const QString& path, QSize size) {
    const QString format = QFileInfo(path).suffix().toLower();
    if (format == QLatin1String("csv")) {
        const QByteArray csv = frontierCsv(content);
        replaceFile(path.toStdString(),
                    std::string_view(csv.constData(), static_cast<std::size_t>(csv.size())));
        return;
    }
    static const QStringList known = {QStringLiteral("png"), QStringLiteral("svg"), QStringLiteral("pdf")};
    if (!known.contains(format)) {
        throw InputError(path.toStdString(), "extension", ".png, .svg, .pdf or .csv",
                         "." + format.toStdString());
    }
    DetachedFigure figure(content);
    replaceFile(path.toStdString(), [&](const std::filesystem::path& temporary) {
        const QString file = QString::fromStdString(temporary.string());
        checkWritten(writePicture(figure.plot, file, format, size), path);
    });
}

QByteArray frontierSvg(const FrontierContent& content, QSize size) {
    DetachedFigure figure(content);
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    paintSvg(figure.plot, generator, size);
    return bytes;
}

QImage frontierImage(const FrontierContent& content, QSize size, double pixelsPerPoint) {
    DetachedFigure figure(content);
    return figure.plot.toPixmap(size.width(), size.height(), pixelsPerPoint).toImage();
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
