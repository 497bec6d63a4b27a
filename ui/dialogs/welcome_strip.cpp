// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/welcome_strip.h"

#include "icons.h"

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QToolButton>

namespace planish {

WelcomeStrip::WelcomeStrip(QWidget* parent)
    : QFrame(parent),
      text_(new QLabel(tr("<b>Welcome.</b> &nbsp;<a href=\"open\">Open a model</a> &nbsp;·&nbsp; "
                          "<a href=\"try\">try an experiment</a> &nbsp;·&nbsp; "
                          "<a href=\"help\">read how it works</a>"),
                       this)) {
    setFrameShape(QFrame::StyledPanel);
    setAutoFillBackground(true);
    setBackgroundRole(QPalette::AlternateBase);
    text_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    text_->setAccessibleName(tr("First steps"));
    connect(text_, &QLabel::linkActivated, this, [this](const QString& link) {
        if (link == QLatin1String("open")) {
            emit openModelRequested();
        } else if (link == QLatin1String("try")) {
            emit tryExperimentRequested();
        } else {
            emit helpRequested();
        }
    });
    auto* close = new QToolButton(this);
    close->setAutoRaise(true);
    close->setIcon(symbol(QStringLiteral("close")));
    close->setToolTip(tr("Do not show this again"));
    close->setAccessibleName(close->toolTip());
    connect(close, &QToolButton::clicked, this, [this] {
        hide();
        emit dismissed();
    });
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(12, 4, 6, 4);
    layout->addWidget(text_, 1);
    layout->addWidget(close);
}

void WelcomeStrip::changeEvent(QEvent* event) {
    if (event->type() == QEvent::PaletteChange) {
        // A label keeps the colour its links had when it got its text.
        const QString text = text_->text();
        text_->clear();
        text_->setText(text);
    }
    QFrame::changeEvent(event);
}

} // namespace planish
