// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/codec_delegate.h"

#include "models/codec_choices.h"
#include "models/layer_tree_model.h"

#include <QAbstractItemView>
#include <QComboBox>
#include <QCompleter>
#include <QKeyEvent>
#include <QLineEdit>
#include <QPainter>
#include <QToolTip>
#include <algorithm>

namespace planish {

namespace {

constexpr int hintRole = Qt::UserRole + 1;
constexpr int charactersShown = 26;

/// A list entry with its cost at the right edge.
class ChoiceDelegate : public QStyledItemDelegate {
  public:
    using QStyledItemDelegate::QStyledItemDelegate;

    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override {
        const QFontMetrics& metrics = option.fontMetrics;
        const QSize text = QStyledItemDelegate::sizeHint(option, index);
        return {text.width() + metrics.horizontalAdvance(index.data(hintRole).toString()) +
                    2 * metrics.height(),
                std::max(text.height(), metrics.height() * 5 / 4)};
    }

    void paint(QPainter* painter, const QStyleOptionViewItem& option,
               const QModelIndex& index) const override {
        QStyledItemDelegate::paint(painter, option, index);
        const bool selected = option.state & QStyle::State_Selected;
        QColor ink = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
        ink.setAlphaF(0.65F);
        painter->save();
        painter->setPen(ink);
        const int margin = option.fontMetrics.height() / 3;
        painter->drawText(option.rect.adjusted(0, 0, -margin, 0), Qt::AlignRight | Qt::AlignVCenter,
                          index.data(hintRole).toString());
        painter->restore();
    }
};

QPalette errorPalette(QPalette palette) {
    // Red enough to be seen and pale enough to read on, on light and on dark bases.
    const QColor base = palette.color(QPalette::Base);
    const auto blend = [](int from, int to) { return from + (to - from) * 3 / 10; };
    palette.setColor(QPalette::Base,
                     QColor(blend(base.red(), 220), blend(base.green(), 50), blend(base.blue(), 50)));
    return palette;
}

/// The last entry of the list.
QString composeText() {
    return CodecDelegate::tr("Compose…");
}

void fill(QComboBox* editor, const std::vector<CodecChoice>& choices) {
    for (const CodecChoice& choice : choices) {
        editor->addItem(choice.name);
        editor->setItemData(editor->count() - 1, choice.hint, hintRole);
        editor->setItemData(editor->count() - 1, choice.summary, Qt::ToolTipRole);
    }
    editor->addItem(composeText());
    editor->setItemData(editor->count() - 1,
                        CodecDelegate::tr("Choose format, transform, rounding and corrections"),
                        Qt::ToolTipRole);
}

} // namespace

CodecDelegate::CodecDelegate(const RecipeEditor& recipe, Targets targets, QObject* parent)
    : QStyledItemDelegate(parent), recipe_(recipe), targets_(std::move(targets)) {}

QWidget* CodecDelegate::createEditor(QWidget* parent, const QStyleOptionViewItem&,
                                     const QModelIndex& index) const {
    std::vector<TensorInfo> tensors;
    for (int tensor : targets_(index)) {
        tensors.push_back(recipe_.tensors()[static_cast<std::size_t>(tensor)]);
    }
    auto* editor = new QComboBox(parent);
    editor->setEditable(true);
    editor->setInsertPolicy(QComboBox::NoInsert);
    editor->setMaxVisibleItems(16);
    editor->setAccessibleName(tr("Codec"));
    editor->setItemDelegate(new ChoiceDelegate(editor));
    fill(editor, codecChoices(recipe_.codecs(), tensors));
    editor->view()->setMinimumWidth(editor->view()->sizeHintForColumn(0));
    editor->completer()->setCompletionMode(QCompleter::PopupCompletion);
    editor->completer()->setFilterMode(Qt::MatchContains);
    editor->lineEdit()->setPlaceholderText(
        index.data(LayerTreeModel::mixedRole).toBool() ? index.data(Qt::DisplayRole).toString() : QString());
    connect(editor, &QComboBox::editTextChanged, this, [this, editor] { check(editor); });
    connect(editor, &QComboBox::activated, this, &CodecDelegate::commitSender);
    connect(editor->lineEdit(), &QLineEdit::returnPressed, this, &CodecDelegate::commitSender);
    return editor;
}

void CodecDelegate::destroyEditor(QWidget* editor, const QModelIndex& index) const {
    emit inputChecked({});
    QStyledItemDelegate::destroyEditor(editor, index);
}

void CodecDelegate::initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const {
    QStyledItemDelegate::initStyleOption(option, index);
    option->textElideMode = Qt::ElideRight;
}

QSize CodecDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const {
    const QSize text = QStyledItemDelegate::sizeHint(option, index);
    return {text.width(), std::max(text.height(), option.fontMetrics.height() * 3 / 2)};
}

void CodecDelegate::setEditorData(QWidget* editor, const QModelIndex& index) const {
    auto* combo = static_cast<QComboBox*>(editor);
    const QString codec = index.data(Qt::EditRole).toString();
    combo->setCurrentIndex(combo->findText(codec));
    combo->setEditText(codec);
    combo->lineEdit()->selectAll();
}

void CodecDelegate::setModelData(QWidget* editor, QAbstractItemModel*, const QModelIndex& index) const {
    const QString codec = static_cast<QComboBox*>(editor)->currentText().trimmed();
    if (codec == composeText()) {
        emit composeRequested(index);
    } else if (readCodec(codec).codec) {
        emit codecEntered(index, codec);
    }
}

void CodecDelegate::updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                                         const QModelIndex&) const {
    QRect rectangle = option.rect;
    const QFontMetrics& metrics = option.fontMetrics;
    const int wanted = metrics.averageCharWidth() * charactersShown + 2 * metrics.height();
    rectangle.setWidth(std::min(std::max(rectangle.width(), wanted), editor->parentWidget()->width()));
    rectangle.moveRight(std::min(rectangle.right(), editor->parentWidget()->width() - 1));
    editor->setGeometry(rectangle);
}

bool CodecDelegate::check(QComboBox* editor) const {
    const QString text = editor->currentText().trimmed();
    const QString error = text.isEmpty() || text == composeText() ? QString() : readCodec(text).error;
    const QPalette palette = editor->parentWidget()->palette();
    editor->setPalette(error.isEmpty() ? palette : errorPalette(palette));
    editor->lineEdit()->setPalette(editor->palette());
    editor->setToolTip(error);
    emit inputChecked(error);
    return error.isEmpty();
}

void CodecDelegate::commit(QComboBox* editor) {
    if (!check(editor)) {
        QToolTip::showText(editor->mapToGlobal(QPoint(0, editor->height())), editor->toolTip(), editor);
        return;
    }
    emit commitData(editor);
    emit closeEditor(editor);
}

void CodecDelegate::commitSender() {
    auto* editor = qobject_cast<QComboBox*>(sender());
    commit(editor ? editor : qobject_cast<QComboBox*>(sender()->parent()));
}

bool CodecDelegate::eventFilter(QObject* object, QEvent* event) {
    auto* editor = qobject_cast<QComboBox*>(object);
    if (editor && event->type() == QEvent::KeyPress) {
        const int key = static_cast<QKeyEvent*>(event)->key();
        if (key == Qt::Key_Return || key == Qt::Key_Enter) {
            commit(editor);
            return true;
        }
    }
    return QStyledItemDelegate::eventFilter(object, event);
}

} // namespace planish
