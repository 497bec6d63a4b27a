// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/help_page.h"

#include <QAction>
#include <QImage>
#include <QRegularExpression>
#include <QResizeEvent>
#include <QScrollBar>
#include <algorithm>

namespace planish {

namespace {

constexpr int margin = 12;

QString page() {
    return HelpPage::tr(R"(
<h2>How it works</h2>
<p>A language model is a list of weight matrices, its <i>tensors</i>. Stored in fewer bits they take less space and
memory, and the model predicts text a little worse. This program measures how much worse, for any choice you make.</p>
<h3>Five steps</h3>
<ol>
<li>The <b>layer panel</b> shows the model: blocks, in each attention and MLP, and their tensors.</li>
<li>Select rows and choose a <b>codec</b> in the codec column, or take a preset. Size and compression below follow.
Everything can be undone (Ctrl+Z).</li>
<li>Press <b>Run</b> (F5); beside it stands what the run will take. The run is queued; a hollow mark at the bottom of
the plot shows the size it will have.</li>
<li>When it is measured, its <b>point</b> appears with its error bar. The step line is the frontier: the runs that no
other run beats in both size and loss.</li>
<li>Click a point or a row: it is selected everywhere and the layer panel shows its recipe. <b>Edit a copy</b> goes on
from there.</li>
</ol>
<p><img src="qrc:/help/layers.png" width="236"></p>
<p><img src="qrc:/help/frontier.png" width="400"></p>
<h3>Codecs</h3>
<p>A codec string says how a tensor is stored and how its values are chosen: <tt>int4:g64</tt> is four-bit integers with
a minimum and a scale for every 64 weights; <tt>nf4:g64</tt> uses levels spaced for normally distributed weights;
<tt>+refine</tt> and <tt>+mse</tt> search better scales. Bits per weight are measured from the bytes really written,
scales and offsets included.</p>
<h3>Numbers</h3>
<table cellpadding="3">
<tr><td><b>Compression</b></td><td>32 ÷ bits per weight, over the decoder's matrices. The whole model's, with embedding,
head and norms, is another column.</td></tr>
<tr><td><b>PPL</b></td><td>Perplexity: how many tokens the model hesitates between, on average. Lower is better. It is
always computed from the weights decoded from the packed bytes.</td></tr>
<tr><td><b>ΔPPL ± error</b></td><td>The change against the unquantized model on the same windows, in percent, with its
standard error. More windows make the error smaller. Two runs whose bars overlap widely are not different.</td></tr>
<tr><td><b>KL divergence</b></td><td>How far the predicted distributions moved, in nats. It sees small changes earlier
than PPL does.</td></tr>
<tr><td><b>Top-1 agreement</b></td><td>How often both models would choose the same next token.</td></tr>
</table>
<p>Runs can only be compared when model, text and evaluation settings are the same; the box above the plot chooses
such a group.</p>
<h3>Jobs</h3>
<p><img src="qrc:/help/jobs.png" width="372"></p>
<p>Everything that takes long is a job. Queued jobs are reordered by dragging or by keys, and can wait; so can the
running one. Each has a log of what happened to it. What is unfinished when the program ends, however it ends, is
offered at the next start.</p>
<h3>Sweeps, documents, reports</h3>
<p><b>Run ▸ Design a sweep</b> combines codecs for each role and tells runs, time, memory and disk before the start.
F2 in the run table names, tags and sorts runs; <b>File ▸ Merge results</b> adds the runs of another document.
<b>File ▸ Export ▸ Report</b> writes a page, HTML or PDF, that says what was measured and how to repeat it.</p>
<h3>Mouse and keys of the views</h3>
<table cellpadding="3">
<tr><td>Click, Ctrl+click, drag</td><td>in the plot: select one run, add one, select many</td></tr>
<tr><td>Wheel, Shift+drag</td><td>zoom, move the plot</td></tr>
<tr><td>Home or double click, Esc</td><td>in the plot: show all points, select none</td></tr>
<tr><td>← →</td><td>in the plot: the next run by size</td></tr>
<tr><td>Return, letters and digits</td><td>in the layers: edit the codec of the selected ones</td></tr>
<tr><td>Drag the corner of a codec</td><td>in the layers: fill the rows it passes</td></tr>
<tr><td>↑ ↓ ← →</td><td>in bars and maps of tensors: select the next one</td></tr>
</table>)");
}

QString keysOf(const QAction& action) {
    QStringList keys;
    for (const QKeySequence& sequence : action.shortcuts()) {
        keys += sequence.toString(QKeySequence::NativeText);
    }
    return keys.join(HelpPage::tr(" or "));
}

} // namespace

HelpPage::HelpPage(QWidget* parent) : QTextBrowser(parent) {
    setFrameShape(QFrame::NoFrame);
    setAccessibleName(tr("How it works"));
    document()->setDocumentMargin(margin);
    showPage(page());
}

void HelpPage::showPage(const QString& html) {
    html_ = html;
    const int room = std::max(100, viewport()->width() - 2 * margin);
    static const QRegularExpression picture(QStringLiteral("<img src=\"([^\"]*)\" width=\"(\\d+)\">"));
    QString fitted;
    qsizetype end = 0;
    for (auto found = picture.globalMatch(html); found.hasNext();) {
        const QRegularExpressionMatch match = found.next();
        fitted += html.mid(end, match.capturedStart() - end);
        fitted += QStringLiteral("<img src=\"%1\" width=\"%2\">")
                      .arg(match.captured(1))
                      .arg(std::min(room, match.captured(2).toInt()));
        end = match.capturedEnd();
    }
    const int reading = verticalScrollBar()->value();
    setHtml(fitted + html.mid(end));
    verticalScrollBar()->setValue(reading);
}

QVariant HelpPage::loadResource(int type, const QUrl& name) {
    QVariant resource = QTextBrowser::loadResource(type, name);
    const bool dark = palette().color(QPalette::Base).lightnessF() < 0.5;
    QImage image;
    if (type != QTextDocument::ImageResource || !dark || !image.loadFromData(resource.toByteArray())) {
        return resource;
    }
    // The same colours, light for dark.
    image = image.convertToFormat(QImage::Format_RGB32);
    for (int y = 0; y < image.height(); ++y) {
        for (int x = 0; x < image.width(); ++x) {
            const QColor color = image.pixelColor(x, y);
            image.setPixelColor(
                x, y, QColor::fromHsl(color.hslHue(), color.hslSaturation(), 255 - color.lightness()));
        }
    }
    return image;
}

void HelpPage::resizeEvent(QResizeEvent* event) {
    QTextBrowser::resizeEvent(event);
    if (event->size().width() != event->oldSize().width()) {
        showPage(html_);
    }
}

void HelpPage::changeEvent(QEvent* event) {
    QTextBrowser::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        document()->clear(); // it keeps pictures it has loaded
        showPage(html_);
    }
}

void HelpPage::setCommands(const std::vector<Commands>& groups) {
    QString html = page();
    for (const Commands& group : groups) {
        html += QStringLiteral("<h3>%1</h3><table cellpadding=\"3\">")
                    .arg(tr("Keys: %1").arg(group.place).toHtmlEscaped());
        for (const QAction* action : group.actions) {
            QString text = action->text();
            text.remove(QLatin1Char('&')).remove(QStringLiteral("…"));
            html += QStringLiteral("<tr><td>%1</td><td>%2</td></tr>")
                        .arg(keysOf(*action).toHtmlEscaped(), text.toHtmlEscaped());
        }
        html += QStringLiteral("</table>");
    }
    showPage(html);
}

} // namespace planish
