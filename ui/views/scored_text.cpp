// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/scored_text.h"

#include "models/run_table_model.h"
#include "plots/plot_theme.h"

#include <QCoreApplication>
#include <QTextCursor>
#include <QTextDocument>
#include <algorithm>
#include <cmath>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(ScoredText)
};

QString toolTipOf(const ScoredToken& token, const SideBySide& read) {
    QString rows;
    for (std::size_t i = 0; i < token.nll.size(); ++i) {
        rows += QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td align=right>%2</td></tr>")
                    .arg(QString::fromStdString(read.names[i]).toHtmlEscaped(),
                         std::isfinite(token.nll[i])
                             ? Text::tr("%1 nats").arg(QString::number(token.nll[i], 'f', 3))
                             : Text::tr("not scored"));
    }
    return QStringLiteral("<b>%1</b><table>%2</table>")
        .arg(QString::fromStdString(token.text).toHtmlEscaped(), rows);
}

} // namespace

void writeScoredText(QTextDocument& document, const SideBySide& read, std::size_t model,
                     std::size_t reference, const QPalette& palette) {
    document.clear();
    QTextCursor cursor(&document);
    for (const ScoredToken& token : read.tokens) {
        QTextCharFormat format;
        const double difference = token.nll[model] - token.nll[reference];
        format.setForeground(palette.color(QPalette::Text));
        if (std::isfinite(difference)) {
            format.setBackground(differenceColor(difference / fullColourNats, palette));
        }
        format.setToolTip(toolTipOf(token, read));
        cursor.insertText(QString::fromStdString(token.text), format);
    }
}

QString meanDifference(const SideBySide& read, std::size_t model, std::size_t reference) {
    std::vector<double> differences;
    double sum = 0;
    for (const ScoredToken& token : read.tokens) {
        if (const double difference = token.nll[model] - token.nll[reference]; std::isfinite(difference)) {
            differences.push_back(difference);
            sum += difference;
        }
    }
    if (differences.empty()) {
        return {};
    }
    const auto count = static_cast<double>(differences.size());
    const double mean = sum / count;
    double squares = 0;
    for (const double difference : differences) {
        squares += (difference - mean) * (difference - mean);
    }
    const double error = count > 1 ? std::sqrt(squares / (count - 1) / count) : notMeasured;
    return Text::tr("%1 nats a token").arg(formatDelta(mean, error));
}

void writeContinuations(QTextDocument& document, const SideBySide& read, const QString& prompt,
                        const QPalette& palette) {
    document.clear();
    QTextCursor cursor(&document);
    QTextCharFormat title;
    title.setFontWeight(QFont::Bold);
    title.setForeground(palette.color(QPalette::Text));
    QTextCharFormat same;
    same.setForeground(palette.color(QPalette::PlaceholderText));
    QTextCharFormat own;
    own.setForeground(palette.color(QPalette::Text));
    for (std::size_t i = 0; i < read.continuations.size(); ++i) {
        if (i > 0) {
            cursor.insertBlock();
        }
        const QString text = QString::fromStdString(read.continuations[i]);
        const QString first = QString::fromStdString(read.continuations.front());
        const auto parts = std::ranges::mismatch(text, first);
        const auto shared = i == 0 ? 0 : parts.in1 - text.begin();
        cursor.insertText(QString::fromStdString(read.names[i]) + QLatin1Char('\n'), title);
        cursor.insertText(prompt + text.left(shared), same);
        cursor.insertText(text.mid(shared) + QLatin1Char('\n'), own);
    }
}

QStringList paragraphsOf(const QString& text, int fewestCharacters) {
    QStringList paragraphs;
    for (const QString& line : text.split(QLatin1Char('\n'), Qt::SkipEmptyParts)) {
        if (const QString paragraph = line.trimmed(); paragraph.size() >= fewestCharacters) {
            paragraphs.append(paragraph);
        }
    }
    return paragraphs;
}

} // namespace planish
