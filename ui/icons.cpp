// SPDX-License-Identifier: GPL-3.0-or-later
#include "icons.h"

#include <QFile>
#include <QGuiApplication>
#include <QIconEngine>
#include <QPainter>
#include <QPalette>
#include <QSvgRenderer>

/// Resources of a static library are registered only when something asks for them; the macro inside must be
/// used outside any namespace.
static void registerIcons() {
    Q_INIT_RESOURCE(icons);
}

namespace planish {

namespace {

class SymbolEngine final : public QIconEngine {
  public:
    explicit SymbolEngine(QByteArray svg) : svg_(std::move(svg)) {}

    void paint(QPainter* painter, const QRect& rect, QIcon::Mode mode, QIcon::State) override {
        const QPalette palette = QGuiApplication::palette();
        const auto group = mode == QIcon::Disabled ? QPalette::Disabled : QPalette::Active;
        const auto role = mode == QIcon::Selected ? QPalette::HighlightedText : QPalette::ButtonText;
        QByteArray colored = svg_;
        colored.replace("currentColor", palette.color(group, role).name().toLatin1());
        QSvgRenderer renderer(colored);
        renderer.render(painter, rect);
    }
    QPixmap pixmap(const QSize& size, QIcon::Mode mode, QIcon::State state) override {
        QPixmap pixmap(size);
        pixmap.fill(Qt::transparent);
        QPainter painter(&pixmap);
        paint(&painter, QRect(QPoint(), size), mode, state);
        return pixmap;
    }
    QIconEngine* clone() const override { return new SymbolEngine(*this); }

  private:
    QByteArray svg_;
};

} // namespace

QIcon symbol(const QString& name) {
    registerIcons();
    QFile file(QStringLiteral(":/icons/%1.svg").arg(name));
    if (!file.open(QIODevice::ReadOnly)) {
        return {};
    }
    return QIcon(new SymbolEngine(file.readAll()));
}

QIcon applicationIcon() {
    registerIcons();
    return QIcon(QStringLiteral(":/icons/planish.svg"));
}

} // namespace planish
