// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/notice_bar.h"

#include <QApplication>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>

namespace planish {

NoticeBar::NoticeBar(Kind kind, QWidget* parent)
    : QFrame(parent), kind_(kind), layout_(new QHBoxLayout(this)), label_(new QLabel(this)) {
    const int margin = fontMetrics().height() / 3;
    layout_->setContentsMargins(2 * margin, margin, margin, margin);
    label_->setWordWrap(true);
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    layout_->addWidget(label_, 1);
    layout_->addLayout(new QHBoxLayout); // of buttons
    setAutoFillBackground(true);
    applyColours();
    hide();
}

QPushButton* NoticeBar::addButton(const QString& text) {
    auto* button = new QPushButton(text, this);
    layout_->itemAt(1)->layout()->addWidget(button);
    return button;
}

void NoticeBar::showText(const QString& text) {
    label_->setText(text);
    // Buttons that would leave the text no room stand below it.
    const int readable = 24 * fontMetrics().averageCharWidth();
    const int room = parentWidget() != nullptr ? parentWidget()->width() : width();
    const int buttons = layout_->itemAt(1)->layout()->sizeHint().width();
    layout_->setDirection(room < buttons + readable ? QBoxLayout::TopToBottom : QBoxLayout::LeftToRight);
    setAccessibleName(text);
    show();
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
