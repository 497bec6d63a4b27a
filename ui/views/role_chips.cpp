// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/role_chips.h"

#include "models/layer_tree_model.h"
#include "views/flow_layout.h"

#include <QGuiApplication>
#include <QKeyEvent>
#include <QPainter>
#include <QStyleOption>
#include <QStyleOptionToolButton>
#include <algorithm>
#include <array>
#include <iterator>

namespace planish {

namespace {

struct ChipText {
    const char* role;
    const char* group;
    const char* title;
};
constexpr std::array<ChipText, 14> chipTexts = {{
    {"attention", "attention", QT_TRANSLATE_NOOP("planish::RoleChips", "Attention")},
    {"q", "attention", "q"},
    {"k", "attention", "k"},
    {"v", "attention", "v"},
    {"qkv", "attention", "qkv"},
    {"o", "attention", "o"},
    {"mlp", "mlp", QT_TRANSLATE_NOOP("planish::RoleChips", "MLP")},
    {"gate", "mlp", "gate"},
    {"up", "mlp", "up"},
    {"gate_up", "mlp", "gate_up"},
    {"down", "mlp", "down"},
    {"embedding", "embedding", QT_TRANSLATE_NOOP("planish::RoleChips", "Embedding")},
    {"head", "head", QT_TRANSLATE_NOOP("planish::RoleChips", "Head")},
    {"norm", "norm", QT_TRANSLATE_NOOP("planish::RoleChips", "Norms")},
}};

QColor mix(const QColor& first, const QColor& second, double part) {
    const auto channel = [part](int a, int b) { return static_cast<int>((1 - part) * a + part * b + 0.5); };
    return QColor(channel(first.red(), second.red()), channel(first.green(), second.green()),
                  channel(first.blue(), second.blue()));
}

bool isDark(const QPalette& palette) {
    return palette.color(QPalette::Base).lightnessF() < 0.5;
}

QColor roleHue(const QString& group, const QPalette& palette) {
    if (group == QLatin1String("attention")) {
        return QColor(0x00, 0x72, 0xb2);
    }
    if (group == QLatin1String("mlp")) {
        return QColor(0xe6, 0x9f, 0x00);
    }
    if (group == QLatin1String("embedding")) {
        return QColor(0x00, 0x9e, 0x73);
    }
    if (group == QLatin1String("head")) {
        return QColor(0xcc, 0x79, 0xa7);
    }
    return palette.color(QPalette::Text);
}

void paintChip(QPainter& painter, const QRect& rectangle, const QColor& fill, const QColor& border) {
    const QRectF inner = QRectF(rectangle).adjusted(0.5, 0.5, -0.5, -0.5);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(border.isValid() ? QPen(border) : QPen(Qt::NoPen));
    painter.setBrush(fill);
    painter.drawRoundedRect(inner, inner.height() / 2, inner.height() / 2);
}

} // namespace

QColor roleTint(const QString& group, const QPalette& palette) {
    const double strength = group == QLatin1String("norm") || group == QLatin1String("bias") ? 0.10 : 0.24;
    return mix(palette.color(QPalette::Base), roleHue(group, palette),
               isDark(palette) ? strength * 1.8 : strength);
}

RoleChip::RoleChip(QString role, QString group, const QString& title, QWidget* parent)
    : QToolButton(parent), role_(std::move(role)), group_(std::move(group)) {
    setText(title);
    setCheckable(true);
    setFocusPolicy(Qt::NoFocus);
    const QString purpose = tr("Select all %1 tensors").arg(title);
    setAccessibleName(purpose);
    setToolTip(tr("%1 (Ctrl+click: in addition)").arg(purpose));
}

QSize RoleChip::sizeHint() const {
    const QFontMetrics metrics = fontMetrics();
    return {metrics.horizontalAdvance(text()) + metrics.height(), metrics.height() + metrics.height() / 3};
}

void RoleChip::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    const QColor hue = roleHue(group_, palette());
    const QColor tint = roleTint(group_, palette());
    const QColor ink = palette().color(isEnabled() ? QPalette::Active : QPalette::Disabled, QPalette::Text);
    QColor fill = tint;
    QColor border;
    if (isChecked()) {
        fill = mix(tint, hue, isDark(palette()) ? 0.35 : 0.25);
        border = mix(hue, ink, 0.35);
    } else if (underMouse() && isEnabled()) {
        border = mix(tint, hue, 0.6);
    }
    paintChip(painter, rect(), fill, border);
    painter.setPen(ink);
    painter.drawText(rect(), Qt::AlignCenter, text());
    if (hasFocus()) {
        QStyleOptionFocusRect focus;
        focus.initFrom(this);
        focus.rect = rect().adjusted(height() / 4, 2, -height() / 4, -2);
        focus.backgroundColor = fill;
        style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, &painter, this);
    }
}

/// Arrow keys are for all chips together.
void RoleChip::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    if (key == Qt::Key_Left || key == Qt::Key_Right || key == Qt::Key_Up || key == Qt::Key_Down) {
        event->ignore();
    } else {
        QToolButton::keyPressEvent(event);
    }
}

RoleChips::RoleChips(QWidget* parent) : QWidget(parent) {
    auto* layout = new FlowLayout(this, fontMetrics().height() / 4);
    for (const ChipText& text : chipTexts) {
        auto* chip = new RoleChip(QString::fromLatin1(text.role), QString::fromLatin1(text.group),
                                  tr(text.title), this);
        connect(chip, &QToolButton::clicked, this, [this, chip](bool checked) {
            const bool keepOthers =
                QGuiApplication::keyboardModifiers() & (Qt::ControlModifier | Qt::ShiftModifier);
            emit roleClicked(chip->role(), checked, keepOthers);
        });
        layout->addWidget(chip);
        chips_.push_back(chip);
    }
    setTabStop(chips_.front());
    QSizePolicy policy(QSizePolicy::Preferred, QSizePolicy::Minimum);
    policy.setHeightForWidth(true);
    setSizePolicy(policy);
}

RoleChip* RoleChips::chip(const QString& role) const {
    const auto found = std::ranges::find(chips_, role, &RoleChip::role);
    return found == chips_.end() ? nullptr : *found;
}

QWidget* RoleChips::lineUpBehind(QWidget* before) {
    for (RoleChip* chip : chips_) {
        chip->setFocusPolicy(Qt::TabFocus); // others have no place in the order
        setTabOrder(before, chip);
        before = chip;
    }
    return before;
}

void RoleChips::showPresent(const QSet<QString>& roles) {
    for (RoleChip* chip : chips_) {
        chip->setVisible(roles.contains(chip->role()));
    }
    const auto first = std::ranges::find_if(chips_, [](const RoleChip* chip) { return !chip->isHidden(); });
    setTabStop(first == chips_.end() ? nullptr : *first);
}

void RoleChips::setTabStop(const RoleChip* chip) {
    for (RoleChip* each : chips_) {
        each->setFocusPolicy(each == chip ? Qt::TabFocus : Qt::NoFocus);
    }
}

void RoleChips::keyPressEvent(QKeyEvent* event) {
    const int key = event->key();
    const int step = (key == Qt::Key_Right || key == Qt::Key_Down ? 1 : 0) -
                     (key == Qt::Key_Left || key == Qt::Key_Up ? 1 : 0);
    std::vector<RoleChip*> shown;
    std::ranges::copy_if(chips_, std::back_inserter(shown), &RoleChip::isVisible);
    const auto focused = std::ranges::find_if(shown, &RoleChip::hasFocus);
    if (step == 0 || focused == shown.end()) {
        QWidget::keyPressEvent(event);
        return;
    }
    const auto last = static_cast<std::ptrdiff_t>(shown.size()) - 1;
    const auto next = std::clamp<std::ptrdiff_t>(focused - shown.begin() + step, 0, last);
    RoleChip* chip = shown[static_cast<std::size_t>(next)];
    setTabStop(chip);
    chip->setFocus(Qt::TabFocusReason);
}

void RoleChips::showSelected(const QSet<QString>& roles) {
    for (RoleChip* chip : chips_) {
        chip->setChecked(roles.contains(chip->role()));
    }
}

void RoleDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    QStyleOptionViewItem cell = option;
    initStyleOption(&cell, index);
    const QString role = cell.text;
    cell.text.clear();
    cell.widget->style()->drawControl(QStyle::CE_ItemViewItem, &cell, painter, cell.widget);
    if (role.isEmpty()) {
        return;
    }
    const int height = cell.fontMetrics.height();
    QRect chip(cell.rect.left() + height / 4, 0, cell.fontMetrics.horizontalAdvance(role) + height * 3 / 4,
               height);
    chip.moveTop(cell.rect.top() + (cell.rect.height() - height) / 2);
    chip = chip.intersected(cell.rect);
    painter->save();
    const QPalette palette = cell.palette;
    paintChip(*painter, chip, roleTint(index.data(LayerTreeModel::groupRole).toString(), palette), QColor());
    painter->setPen(palette.color(QPalette::Text));
    painter->setFont(cell.font);
    painter->drawText(chip, Qt::AlignCenter, role);
    painter->restore();
}

} // namespace planish
