// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/notice_bar.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QResizeEvent>
#include <algorithm>

namespace planish {

NoticeBar::NoticeBar(Kind kind, QWidget* parent)
    : QFrame(parent),
      kind_(kind),
      layout_(new QHBoxLayout(this)),
      buttons_(new QHBoxLayout),
      label_(new QLabel(this)) {
    const int margin = fontMetrics().height() / 3;
    layout_->setContentsMargins(2 * margin, margin, margin, margin);
    label_->setWordWrap(true);
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout_->addWidget(label_, 1);
    layout_->addLayout(buttons_);
    setAutoFillBackground(true);
    applyColours();
    hide();
}

QPushButton* NoticeBar::addButton(const QString& text) {
    auto* button = new QPushButton(text, this);
    buttons_->addWidget(button);
    return button;
}

void NoticeBar::showText(const QString& text) {
    label_->setText(text);
    arrange(parentWidget() != nullptr ? parentWidget()->width() : width());
    setAccessibleName(text);
    show();
}

/// Buttons that would leave the text no room stand below it, and below each other where there is none for
/// them.
void NoticeBar::arrange(int room) {
    const int readable = 24 * fontMetrics().averageCharWidth();
    int wide = 0;
    for (int i = 0; i < buttons_->count(); ++i) {
        wide += buttons_->itemAt(i)->sizeHint().width() + buttons_->spacing();
    }
    layout_->setDirection(room < wide + readable ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    const QMargins margins = layout_->contentsMargins();
    buttons_->setDirection(room < wide + margins.left() + margins.right() ? QBoxLayout::TopToBottom
                                                                          : QBoxLayout::LeftToRight);
}

void NoticeBar::resizeEvent(QResizeEvent* event) {
    QFrame::resizeEvent(event);
    if (event->size().width() != event->oldSize().width()) {
        arrange(event->size().width());
    }
}

QSize NoticeBar::minimumSizeHint() const {
    // No wider than the widest button, so that no notice makes the window grow.
    int widest = 0;
    for (int i = 0; i < buttons_->count(); ++i) {
        widest = std::max(widest, buttons_->itemAt(i)->sizeHint().width());
    }
    const QMargins margins = layout_->contentsMargins();
    return {widest + margins.left() + margins.right(), QFrame::minimumSizeHint().height()};
}

QString NoticeBar::text() const {
    return label_->text();
}

void NoticeBar::changeEvent(QEvent* event) {
    // The colour set here sends the same event once more.
    if (event->type() == QEvent::PaletteChange && !applying_) {
        applyColours();
    }
    QFrame::changeEvent(event);
}

void NoticeBar::applyColours() {
    const QPalette surrounding = QApplication::palette();
    const QColor base = surrounding.color(QPalette::Window);
    const QColor accent =
        kind_ == Kind::problem ? QColor(213, 94, 0) : surrounding.color(QPalette::Highlight);
    const auto blend = [](int from, int to) { return from + (to - from) / 4; };
    // Only this colour is ours, so that all others go on following the theme.
    QPalette palette;
    palette.setColor(QPalette::Window,
                     QColor(blend(base.red(), accent.red()), blend(base.green(), accent.green()),
                            blend(base.blue(), accent.blue())));
    applying_ = true;
    setPalette(palette);
    applying_ = false;
}

} // namespace planish
