// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/codec_dialog.h"
#include "models/codec_choices.h"
#include "models/cost_table.h"
#include "models/layer_filter_model.h"
#include "models/recipe_text.h"
#include "support/error.h"
#include "support/text.h"
#include "views/codec_carrier.h"
#include "views/codec_delegate.h"
#include "views/layer_panel.h"
#include "views/layer_tree_view.h"
#include "views/notice_bar.h"
#include "views/prediction_label.h"
#include "views/presets_menu.h"
#include "views/role_chips.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QScopedValueRollback>
#include <QStackedWidget>
#include <QToolButton>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

void LayerPanel::buildActions() {
    selectAllAction_->setText(tr("Select &All Layers"));
    selectAllAction_->setShortcut(QKeySequence::SelectAll);
    selectAllAction_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(selectAllAction_, &QAction::triggered, tree_, &QTreeView::selectAll);
    editCodecAction_->setText(tr("&Edit Codec"));
    editCodecAction_->setShortcut(Qt::Key_F2);
    editCodecAction_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    connect(editCodecAction_, &QAction::triggered, tree_, &LayerTreeView::editCodec);
    filterAction_->setText(tr("&Filter Layers"));
    filterAction_->setShortcut(QKeySequence::Find);
    connect(filterAction_, &QAction::triggered, this, [this] {
        filterEdit_->setFocus(Qt::ShortcutFocusReason);
        filterEdit_->selectAll();
    });
    composeCodecAction_->setText(tr("Compose Co&dec…"));
    composeCodecAction_->setToolTip(
        tr("Choose format, transform, rounding and corrections of the selected layers"));
    composeCodecAction_->setShortcut(Qt::CTRL | Qt::Key_E);
    connect(composeCodecAction_, &QAction::triggered, this,
            [this] { composeCodec(filter_->editableTensors(tree_->selectionModel()->selectedRows())); });
    tree_->addActions({selectAllAction_, editCodecAction_});
    addAction(filterAction_);
}

QWidget* LayerPanel::buildHeader() {
    auto* header = new QWidget(this);
    auto* layout = new QHBoxLayout(header);
    layout->setContentsMargins(0, 0, 0, 0);
    nameEdit_ = new QLineEdit(header);
    nameEdit_->setAccessibleName(tr("Recipe name"));
    nameEdit_->setPlaceholderText(tr("Recipe name"));
    connect(nameEdit_, &QLineEdit::editingFinished, this, [this] {
        if (!readOnly_) {
            editor_->setName(nameEdit_->text());
        }
        updateName();
    });
    auto* presetsButton = new QPushButton(tr("Presets"), header);
    presetsButton->setMenu(presets_);
    auto* label = new QLabel(tr("Rec&ipe:"), header);
    label->setBuddy(nameEdit_);
    layout->addWidget(label);
    layout->addWidget(nameEdit_, 1);
    layout->addWidget(presetsButton);
    return header;
}

QWidget* LayerPanel::buildSelectionLine() {
    auto* line = new QWidget(this);
    auto* compose = new QToolButton(line);
    compose->setDefaultAction(composeCodecAction_);
    compose->setFocusPolicy(Qt::StrongFocus);
    auto* layout = new QHBoxLayout(line);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(selectionLabel_, 1);
    layout->addWidget(compose, 0, Qt::AlignTop);
    return line;
}

void LayerPanel::buildReadOnlyBar() {
    readOnlyButtons_ = {readOnlyBar_->addButton(tr("Edit a copy")), readOnlyBar_->addButton(tr("Compare"))};
    readOnlyButtons_[1]->setToolTip(tr("Go on editing, with the codecs of this recipe beside"));
    connect(readOnlyButtons_[0], &QPushButton::clicked, this, [this] {
        const Recipe recipe = viewed_->recipe();
        leaveReadOnly();
        emit editCopyRequested(recipe);
    });
    connect(readOnlyButtons_[1], &QPushButton::clicked, this,
            [this] { compareWith(viewed_->recipe(), viewedTitle_); });
    connect(readOnlyBar_->addButton(tr("Close")), &QPushButton::clicked, this, &LayerPanel::leaveReadOnly);
}

QWidget* LayerPanel::buildEmptyPage() {
    auto* label = new QLabel(
        tr("Open a model to choose how its layers are stored.\n\nFile ▸ Open model, or Ctrl+O"), pages_);
    label->setAlignment(Qt::AlignCenter);
    label->setWordWrap(true);
    label->setForegroundRole(QPalette::PlaceholderText);
    label->setMargin(fontMetrics().height());
    return label;
}

void LayerPanel::showContextMenu(const QPoint& position) {
    const QModelIndex index = tree_->indexAt(position);
    const std::vector<int> targets = index.isValid() ? tree_->editTargets(index) : std::vector<int>();
    QMenu menu;
    if (!readOnly_ && !targets.empty()) {
        std::vector<TensorInfo> tensors;
        for (int tensor : targets) {
            tensors.push_back(editor_->tensors()[static_cast<std::size_t>(tensor)]);
        }
        QMenu* codecs = menu.addMenu(tr("Set &Codec"));
        for (const CodecChoice& choice : codecChoices(editor_->codecs(), tensors)) {
            codecs->addAction(QStringLiteral("%1\t%2").arg(choice.name, choice.hint), this,
                              [this, targets, name = choice.name] { applyCodec(targets, name); });
        }
        menu.addAction(tr("&Reset to bf16"), this,
                       [this, targets] { applyCodec(targets, QStringLiteral("bf16")); });
        menu.addAction(editCodecAction_);
        menu.addAction(carrier_->pasteAction());
        menu.addAction(carrier_->fillAction());
        menu.addAction(composeCodecAction_);
        menu.addSeparator();
    }
    menu.addAction(carrier_->copyAction());
    menu.addAction(selectAllAction_);
    menu.addAction(tr("E&xpand All"), tree_, &QTreeView::expandAll);
    menu.addAction(tr("C&ollapse All"), tree_, &QTreeView::collapseAll);
    menu.exec(tree_->viewport()->mapToGlobal(position));
}

} // namespace planish
