// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/estimate_label.h"

#include "support/system.h"
#include "support/text.h"

namespace planish {

namespace {

QString bytes(double value) {
    return QString::fromStdString(formatBytes(static_cast<std::uint64_t>(value)));
}

QString seconds(double value) {
    return QString::fromStdString(formatSeconds(value));
}

} // namespace

EstimateLabel::EstimateLabel(QWidget* parent) : QLabel(parent) {
    setObjectName(QStringLiteral("estimate"));
    setContentsMargins(8, 0, 8, 0);
    setAccessibleName(tr("Estimate of the next run"));
}

void EstimateLabel::setEstimate(const std::optional<RunEstimate>& estimate, const QString& problem) {
    if (!estimate) {
        setText(problem.isEmpty() ? tr("estimating…") : tr("cannot run"));
        setToolTip(problem);
        return;
    }
    const auto available = static_cast<double>(availableMemoryBytes());
    const bool tooBig = estimate->bytes() > available;
    setText(tr("≈ %1, %2%3")
                .arg(seconds(estimate->seconds()), bytes(estimate->bytes()),
                     tooBig ? tr(" ⚠ more than is free") : QString()));
    QString tip = QStringLiteral("<table>");
    const auto add = [&tip](const QString& name, const QString& value) {
        tip += QStringLiteral("<tr><td>%1&nbsp;&nbsp;</td><td align='right'>%2</td></tr>").arg(name, value);
    };
    for (const EstimateTerm& term : estimate->time) {
        add(QString::fromStdString(term.name), seconds(term.value));
    }
    for (const EstimateTerm& term : estimate->memory) {
        add(QString::fromStdString(term.name), bytes(term.value));
    }
    add(tr("memory that is free"), bytes(available));
    setToolTip(tip + QStringLiteral("</table>"));
}

} // namespace planish
