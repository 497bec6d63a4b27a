// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/job_delegate.h"

#include "models/job_list_model.h"

#include <QApplication>
#include <QPainter>

namespace planish {

namespace {

constexpr int padding = 6;
constexpr int markWidth = 18;
constexpr int barHeight = 4;

QColor stateColor(JobState state, const QPalette& palette) {
    switch (state) {
    case JobState::running:
        return palette.color(QPalette::Highlight);
    case JobState::finished:
        return QColor(0x009e73);
    case JobState::failed:
        return QColor(0xd55e00);
    case JobState::queued:
    case JobState::cancelled:
        break;
    }
    return palette.color(QPalette::PlaceholderText);
}

QString stateMark(JobState state, bool paused) {
    if (paused) {
        return QStringLiteral("‖");
    }
    switch (state) {
    case JobState::queued:
        return QStringLiteral("○");
    case JobState::running:
        return QStringLiteral("▶");
    case JobState::finished:
        return QStringLiteral("✓");
    case JobState::failed:
        return QStringLiteral("✗");
    case JobState::cancelled:
        return QStringLiteral("–");
    }
    return {};
}

void paintBar(QPainter& painter, const QRect& rect, int percent, const QPalette& palette) {
    QColor track = palette.color(QPalette::Text);
    track.setAlphaF(0.15F);
    painter.setPen(Qt::NoPen);
    painter.setBrush(track);
    painter.drawRoundedRect(rect, 2, 2);
    if (percent > 0) {
        QRect done = rect;
        done.setWidth(std::max(4, rect.width() * percent / 100));
        painter.setBrush(palette.color(QPalette::Highlight));
        painter.drawRoundedRect(done, 2, 2);
    }
}

} // namespace

void JobDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                        const QModelIndex& index) const {
    const QWidget* widget = option.widget;
    const QStyle* style = widget != nullptr ? widget->style() : QApplication::style();
    style->drawPrimitive(QStyle::PE_PanelItemViewItem, &option, painter, widget);

    const auto state = static_cast<JobState>(index.data(JobListModel::stateRole).toInt());
    const bool paused = index.data(JobListModel::pausedRole).toBool();
    const bool selected = option.state.testFlag(QStyle::State_Selected);
    const QColor text = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    QColor muted = text;
    muted.setAlphaF(0.7F);
    const QRect inner = option.rect.adjusted(padding, padding, -padding, -padding);
    const QFontMetrics metrics(option.font);
    const int lineHeight = metrics.height();

    painter->save();
    painter->setRenderHint(QPainter::Antialiasing);
    painter->setFont(option.font);
    painter->setPen(selected ? text : stateColor(state, option.palette));
    painter->drawText(QRect(inner.left(), inner.top(), markWidth, lineHeight),
                      Qt::AlignLeft | Qt::AlignVCenter, stateMark(state, paused));
    const QRect lines = inner.adjusted(markWidth, 0, 0, 0);
    const auto drawLine = [&](int top, const QColor& color, const QString& line) {
        painter->setPen(color);
        painter->drawText(QRect(lines.left(), top, lines.width(), lineHeight),
                          Qt::AlignLeft | Qt::AlignVCenter,
                          metrics.elidedText(line, Qt::ElideRight, lines.width()));
    };
    drawLine(lines.top(), text, index.data(Qt::DisplayRole).toString());
    drawLine(lines.top() + lineHeight, muted, index.data(JobListModel::detailRole).toString());
    if (state == JobState::running && !selected) {
        const QRect bar(lines.left(), inner.bottom() - barHeight + 1, lines.width(), barHeight);
        paintBar(*painter, bar, index.data(JobListModel::percentRole).toInt(), option.palette);
    }
    painter->restore();
}

QSize JobDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    const int lineHeight = QFontMetrics(option.font).height();
    return {120, 2 * lineHeight + barHeight + 3 + 2 * padding};
}

} // namespace planish
