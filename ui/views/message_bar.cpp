// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/message_bar.h"

#include "icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QStyle>
#include <QToolButton>

namespace planish {

MessageBar::MessageBar(QWidget* parent)
    : QFrame(parent), symbol_(new QLabel(this)), label_(new QLabel(this)) {
    setAutoFillBackground(true);
    label_->setWordWrap(true);
    label_->setTextFormat(Qt::PlainText);
    label_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    label_->setAccessibleName(tr("Message"));
    auto* close = new QToolButton(this);
    close->setAutoRaise(true);
    close->setIcon(symbol(QStringLiteral("close")));
    close->setToolTip(tr("Close this message"));
    close->setAccessibleName(close->toolTip());
    connect(close, &QToolButton::clicked, this, &QWidget::hide);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(10, 6, 6, 6);
    layout->setSpacing(10);
    layout->addWidget(symbol_, 0, Qt::AlignTop);
    layout->addWidget(label_, 1);
    layout->addWidget(close, 0, Qt::AlignTop);
    hide();
}

QString MessageBar::text() const {
    return label_->text();
}

void MessageBar::showMessage(Kind kind, const QString& text) {
    kind_ = kind;
    label_->setText(text);
    applyColors();
    show();
}

void MessageBar::changeEvent(QEvent* event) {
    QFrame::changeEvent(event);
    // Setting our own palette sends the same event again; the parent's change is what matters.
    if (event->type() == QEvent::ApplicationPaletteChange) {
        applyColors();
    }
}

void MessageBar::applyColors() {
    const bool dark = parentWidget()->palette().color(QPalette::Base).lightness() < 128;
    QColor background = kind_ == Kind::failure ? QColor(0xfbe3df) : QColor(0xdfeef8);
    if (dark) {
        background = kind_ == Kind::failure ? QColor(0x5a2a24) : QColor(0x1f3d52);
    }
    QPalette colors = parentWidget()->palette();
    colors.setColor(QPalette::Window, background);
    setPalette(colors);
    const auto picture =
        kind_ == Kind::failure ? QStyle::SP_MessageBoxWarning : QStyle::SP_MessageBoxInformation;
    const int side = style()->pixelMetric(QStyle::PM_SmallIconSize);
    symbol_->setPixmap(style()->standardIcon(picture).pixmap(QSize(side, side), devicePixelRatioF()));
}

} // namespace planish
