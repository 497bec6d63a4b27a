// SPDX-License-Identifier: GPL-3.0-or-later
#include "theme.h"

#include <QApplication>
#include <QPainter>
#include <QPalette>
#include <QProxyStyle>
#include <QStyleFactory>
#include <QStyleOption>
#include <QToolTip>

namespace planish {

namespace {

struct Colors {
    QColor window, base, alternate, text, button, muted, accent, accentText, toolTip;
};

Colors lightColors() {
    return {QColor(0xf3f4f5), QColor(0xffffff), QColor(0xf5f7f8), QColor(0x1d2226), QColor(0xe9ebed),
            QColor(0x6b7278), QColor(0x0067a0), QColor(0xffffff), QColor(0xffffff)};
}

Colors darkColors() {
    return {QColor(0x2e3338), QColor(0x1c1f22), QColor(0x22262a), QColor(0xe4e7ea), QColor(0x3b4147),
            QColor(0xa0a8b0), QColor(0x2477ab), QColor(0xffffff), QColor(0x32373c)};
}

QPalette makePalette(const Colors& colors) {
    QPalette palette(colors.button, colors.window);
    palette.setColor(QPalette::Window, colors.window);
    palette.setColor(QPalette::WindowText, colors.text);
    palette.setColor(QPalette::Base, colors.base);
    palette.setColor(QPalette::AlternateBase, colors.alternate);
    palette.setColor(QPalette::Text, colors.text);
    palette.setColor(QPalette::Button, colors.button);
    palette.setColor(QPalette::ButtonText, colors.text);
    palette.setColor(QPalette::BrightText, QColor(0xffffff));
    palette.setColor(QPalette::Highlight, colors.accent);
    palette.setColor(QPalette::HighlightedText, colors.accentText);
    palette.setColor(QPalette::Link, colors.accent.lightness() < 110 ? colors.accent : QColor(0x6db9e8));
    palette.setColor(QPalette::ToolTipBase, colors.toolTip);
    palette.setColor(QPalette::ToolTipText, colors.text);
    palette.setColor(QPalette::PlaceholderText, colors.muted);
    for (const auto role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText}) {
        palette.setColor(QPalette::Disabled, role, colors.muted);
    }
    palette.setColor(QPalette::Disabled, QPalette::Highlight, colors.muted);
    return palette;
}

/// Fusion draws the frames of check boxes and radio buttons darker than the window, which is dark already in
/// the dark theme.
class Style final : public QProxyStyle {
  public:
    Style() : QProxyStyle(QStyleFactory::create(QStringLiteral("Fusion"))) {}

    void drawPrimitive(PrimitiveElement element, const QStyleOption* option, QPainter* painter,
                       const QWidget* widget) const override {
        QProxyStyle::drawPrimitive(element, option, painter, widget);
        const bool isBox = element == PE_IndicatorCheckBox || element == PE_IndicatorItemViewItemCheck;
        if ((!isBox && element != PE_IndicatorRadioButton) ||
            option->palette.color(QPalette::Window).lightness() >= 128) {
            return;
        }
        painter->save();
        painter->setRenderHint(QPainter::Antialiasing);
        painter->setPen(option->palette.color(QPalette::PlaceholderText));
        painter->setBrush(Qt::NoBrush);
        const QRectF frame = QRectF(option->rect).adjusted(0.5, 0.5, -0.5, -0.5);
        if (isBox) {
            painter->drawRoundedRect(frame, 2, 2);
        } else {
            painter->drawEllipse(frame);
        }
        painter->restore();
    }
};

} // namespace

QString themeName(Theme theme) {
    switch (theme) {
    case Theme::light:
        return QStringLiteral("light");
    case Theme::dark:
        return QStringLiteral("dark");
    case Theme::system:
        break;
    }
    return QStringLiteral("system");
}

Theme themeFromName(const QString& name) {
    for (const Theme theme : {Theme::light, Theme::dark}) {
        if (name == themeName(theme)) {
            return theme;
        }
    }
    return Theme::system;
}

void applyTheme(Theme theme) {
    if (dynamic_cast<const Style*>(QApplication::style()) == nullptr) {
        QApplication::setStyle(new Style); // owned by the application
    }
    // An empty palette gives the desktop's own back; its lightness says which of ours fits it.
    QApplication::setPalette(QPalette());
    const bool systemIsDark = QApplication::palette().color(QPalette::Window).lightness() < 128;
    const bool dark = theme == Theme::dark || (theme == Theme::system && systemIsDark);
    const QPalette palette = makePalette(dark ? darkColors() : lightColors());
    QApplication::setPalette(palette);
    QToolTip::setPalette(palette);
}

} // namespace planish
