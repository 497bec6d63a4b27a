// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/report.h"

#include "models/numbers.h"
#include "plots/figure_export.h"
#include "support/file.h"
#include "support/system.h"
#include "support/text.h"

#include <QApplication>
#include <QFileInfo>
#include <QPageSize>
#include <QPdfWriter>
#include <QTextDocument>
#include <QUrl>
#include <algorithm>

namespace planish {

namespace {

constexpr QSize pictureSize(760, 470);

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(Report)
};

QString text(const std::string& value) {
    return QString::fromStdString(value).toHtmlEscaped();
}

QString style() {
    return QStringLiteral(
        "body { font-family: sans-serif; font-size: 10pt; color: #202020; background: #ffffff; "
        "max-width: 60em; margin: 2em auto; padding: 0 1em; }\n"
        "h1 { font-size: 18pt; } h2 { font-size: 13pt; } h3 { font-size: 11pt; }\n"
        "table { border-collapse: collapse; }\n"
        "th { text-align: left; background-color: #eceff1; }\n"
        "th, td { padding: 2px 8px; vertical-align: top; }\n"
        "code { font-family: monospace; font-size: 8pt; }\n"
        "img { max-width: 100%; }\n"
        ".run { margin-top: 0.6em; overflow-wrap: anywhere; }\n");
}

QString row(const QStringList& cells, const QString& tag, int numbersFrom) {
    QString html = QStringLiteral("<tr>");
    for (qsizetype i = 0; i < cells.size(); ++i) {
        const QString align = i >= numbersFrom ? QStringLiteral(" align=\"right\"") : QString();
        html += QStringLiteral("<%1%2>%3</%1>").arg(tag, align, cells[i]);
    }
    return html + QStringLiteral("</tr>\n");
}

/// The values of a text field that occur, in order of their appearance.
QString occurring(const std::vector<const RunRecord*>& runs, std::string RunRecord::*field) {
    QStringList values;
    for (const RunRecord* run : runs) {
        const QString value = text(run->*field);
        if (!value.isEmpty() && !values.contains(value)) {
            values.append(value);
        }
    }
    return values.join(QStringLiteral("<br>"));
}

/// What all runs of a group were measured on.
QString conditions(const std::vector<const RunRecord*>& runs) {
    const RunRecord& first = *runs.front();
    const auto line = [](const QString& name, const QString& value) {
        return value.isEmpty() ? QString() : row({name, value}, QStringLiteral("td"), 2);
    };
    QString html = QStringLiteral("<table>\n");
    html += line(Text::tr("Model"), Text::tr("%1, %2 parameters, fingerprint <code>%3</code>")
                                        .arg(text(first.model), QString::number(first.parameters),
                                             text(first.modelFingerprint)));
    html += line(Text::tr("Text"),
                 Text::tr("%1, SHA-256 <code>%2</code>").arg(text(first.corpus), text(first.corpusSha256)));
    html += line(Text::tr("Convention"), Text::tr("%1, context %2, %3 windows, %4 tokens scored")
                                             .arg(text(first.convention))
                                             .arg(first.context)
                                             .arg(first.windows)
                                             .arg(first.tokensScored));
    html += line(Text::tr("Unquantized model"), Text::tr("PPL %1").arg(formatNumber(first.baselinePpl)));
    html += line(Text::tr("Calibration text"), occurring(runs, &RunRecord::calibration));
    html += line(Text::tr("Arithmetic"), occurring(runs, &RunRecord::arithmetic));
    html += line(Text::tr("Program"), occurring(runs, &RunRecord::application));
    html += line(Text::tr("Machine"), occurring(runs, &RunRecord::machine));
    return html + QStringLiteral("</table>\n");
}

QString runTable(const std::vector<const RunRecord*>& runs, const std::vector<bool>& best) {
    QString html =
        QStringLiteral("<table border=\"1\" cellspacing=\"0\" cellpadding=\"3\" width=\"100%\">\n");
    html += row({Text::tr("Run"), Text::tr("Best"), Text::tr("Compression"), Text::tr("Bits/weight"),
                 Text::tr("ΔPPL (%)"), Text::tr("PPL"), Text::tr("Mean KLD (nats)"),
                 Text::tr("Top-1 agreement"), Text::tr("Packed")},
                QStringLiteral("th"), 2);
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const RunRecord& run = *runs[i];
        html += row({text(run.name), best[i] ? QStringLiteral("●") : QString(),
                     formatNumber(run.compression) + QStringLiteral("x"), formatNumber(run.bitsPerWeight),
                     formatDelta(run.deltaPplPercent, run.deltaStandardErrorPercent), formatNumber(run.ppl),
                     formatNumber(run.kldMean), formatNumber(run.top1Agreement),
                     QString::fromStdString(formatBytes(run.packedBytes))},
                    QStringLiteral("td"), 2);
    }
    return html + QStringLiteral("</table>\n");
}

QString runCommands(const std::vector<const RunRecord*>& runs) {
    QString html;
    for (const RunRecord* run : runs) {
        html +=
            QStringLiteral("<p class=\"run\"><b>%1</b> <code>%2</code>").arg(text(run->name), text(run->id));
        if (!run->tags.empty() || !run->folder.empty()) {
            html += QStringLiteral(" · ") + text(run->folder) + QStringLiteral(" ") + text(run->tags);
        }
        if (!run->notes.empty()) {
            html +=
                QStringLiteral("<br>") + text(run->notes).replace(QLatin1Char('\n'), QStringLiteral("<br>"));
        }
        for (const std::string& warning : run->warnings) {
            html += QStringLiteral("<br>⚠ ") + text(warning);
        }
        html += QStringLiteral("<br><code>%1</code></p>\n").arg(text(run->command));
    }
    return html;
}

QString pictureName(std::size_t group) {
    return QStringLiteral("frontier%1.png").arg(group);
}

} // namespace

Report::Report(Runs runs, QString title) : runs_(std::move(runs)), title_(std::move(title)) {
    const auto application = applicationIfMissing();
    for (const ComparisonGroup& group : comparisonGroups(*runs_)) {
        FrontierContent content;
        content.runs = *runs_;
        content.comparison = group.key;
        pictures_.emplace_back(content, pictureSize);
    }
}

QString Report::html(Medium medium) const {
    QString html = QStringLiteral("<!DOCTYPE html>\n<html><head><meta charset=\"utf-8\">\n<title>%1</title>\n"
                                  "<style>\n%2</style></head><body>\n<h1>%1</h1>\n")
                       .arg(title_.toHtmlEscaped(), style());
    html +=
        QStringLiteral("<p>%1</p>\n")
            .arg(Text::tr(
                     "Made by %1. Perplexities are computed from weights decoded from the packed bytes; bits "
                     "per weight are counted from the bytes written, over all attention and MLP weights; "
                     "compression is 32 divided by them. ΔPPL is the change against the unquantized model on "
                     "the same windows, with the standard error of the paired differences; two runs within "
                     "two errors of each other are not distinguishable. ● marks the runs that no other beats "
                     "in both size and ΔPPL.")
                     .arg(text(applicationVersion())));
    const std::vector<ComparisonGroup> groups = comparisonGroups(*runs_);
    if (groups.empty()) {
        html += QStringLiteral("<p>%1</p>\n").arg(Text::tr("There are no runs in this document."));
    }
    for (std::size_t g = 0; g < groups.size(); ++g) {
        std::vector<std::size_t> order = groups[g].runs;
        std::ranges::stable_sort(order, {}, [this](std::size_t i) { return (*runs_)[i].bitsPerWeight; });
        const std::vector<std::size_t> front = frontierOf(groups[g], *runs_, FrontierAxes());
        std::vector<const RunRecord*> runs;
        std::vector<bool> best;
        for (const std::size_t i : order) {
            runs.push_back(&(*runs_)[i]);
            best.push_back(std::ranges::find(front, i) != front.end());
        }
        const QString source = medium == Medium::paper
                                   ? pictureName(g)
                                   : QStringLiteral("data:image/svg+xml;base64,") +
                                         QString::fromLatin1(pictures_[g].svg().toBase64());
        html += QStringLiteral("<h2>%1</h2>\n").arg(groups[g].title.toHtmlEscaped());
        html += conditions(runs);
        html += QStringLiteral("<p><img src=\"%1\" alt=\"%2\" width=\"%3\" height=\"%4\"></p>\n")
                    .arg(source, Text::tr("ΔPPL over compression of the runs in the table below"))
                    .arg(medium == Medium::paper ? 640 : pictureSize.width())
                    .arg(medium == Medium::paper ? 640 * pictureSize.height() / pictureSize.width()
                                                 : pictureSize.height());
        html += runTable(runs, best);
        html += QStringLiteral("<h3>%1</h3>\n").arg(Text::tr("To repeat them")) + runCommands(runs);
    }
    return html + QStringLiteral("</body></html>\n");
}

void Report::writePdf(const QString& path) const {
    QPdfWriter writer(path);
    writer.setPageSize(QPageSize(QPageSize::A4));
    writer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout::Millimeter);
    constexpr int dotsPerInch = 300;
    writer.setResolution(dotsPerInch);
    writer.setTitle(title_);
    writer.setCreator(QString::fromStdString(applicationVersion()));
    QTextDocument document;
    constexpr double pixelsPerPoint = 3;
    for (std::size_t g = 0; g < pictures_.size(); ++g) {
        document.addResource(QTextDocument::ImageResource, QUrl(pictureName(g)),
                             pictures_[g].image(pixelsPerPoint));
    }
    document.setDocumentMargin(0);
    document.setHtml(html(Medium::paper));
    document.print(&writer);
}

void Report::write(const QString& path) const {
    const auto application = applicationIfMissing();
    const QString format = QFileInfo(path).suffix().toLower();
    if (format == QLatin1String("html") || format == QLatin1String("htm")) {
        replaceFile(path.toStdString(), std::string_view(html(Medium::browser).toStdString()));
        return;
    }
    if (format != QLatin1String("pdf")) {
        throw InputError(path.toStdString(), "extension", ".html or .pdf", "." + format.toStdString());
    }
    replaceFile(path.toStdString(), [&](const std::filesystem::path& temporary) {
        writePdf(QString::fromStdString(temporary.string()));
        // Qt does not say when the disk was full: a whole document ends with its end mark.
        const std::string pdf = readWholeFile(temporary, std::uint64_t{1} << 30);
        if (!pdf.starts_with("%PDF-") || pdf.rfind("%%EOF") == std::string::npos) {
            throw Error(path.toStdString() +
                        ": the report could not be written; check the folder and the space left");
        }
    });
}

} // namespace planish
