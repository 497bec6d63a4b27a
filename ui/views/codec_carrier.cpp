// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/codec_carrier.h"

#include "models/codec_mix.h"
#include "models/recipe_text.h"
#include "support/error.h"
#include "views/layer_tree_view.h"

#include <QAction>
#include <QClipboard>
#include <QGuiApplication>
#include <algorithm>
#include <ranges>

namespace planish {

namespace {

std::vector<int> keysOf(const std::map<int, Codec>& codecs) {
    const auto keys = codecs | std::views::keys;
    return {keys.begin(), keys.end()};
}

} // namespace

CodecCarrier::CodecCarrier(LayerTreeView& tree, LayerFilterModel& filter, QObject* parent)
    : QObject(parent),
      tree_(tree),
      filter_(filter),
      copy_(make(tr("Cop&y codecs"), QKeySequence::Copy,
                 tr("Copy the codecs of the selected layers, as text"))),
      paste_(make(tr("Pa&ste codecs"), QKeySequence::Paste,
                  tr("Give the selected layers the copied codecs: those of the same role, block by block"))),
      fill_(make(tr("Fill &down"), QKeySequence(Qt::CTRL | Qt::Key_D),
                 tr("Give the selected layers the codecs of the first of them, or of the one above"))) {
    connect(copy_, &QAction::triggered, this, &CodecCarrier::copy);
    connect(paste_, &QAction::triggered, this, &CodecCarrier::paste);
    connect(fill_, &QAction::triggered, this, &CodecCarrier::fillDown);
    connect(&tree_, &LayerTreeView::fillRequested, this, &CodecCarrier::fill);
}

QAction* CodecCarrier::make(const QString& text, const QKeySequence& keys, const QString& toolTip) {
    auto* action = new QAction(text, this);
    action->setShortcut(keys);
    action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    action->setToolTip(toolTip);
    tree_.addAction(action);
    return action;
}

void CodecCarrier::setPossible(bool copying, bool setting) {
    copy_->setEnabled(copying);
    paste_->setEnabled(setting);
    fill_->setEnabled(setting);
    tree_.setFillable(setting);
}

const RecipeEditor& CodecCarrier::recipe() const {
    return *filter_.layers()->source();
}

QString CodecCarrier::describe(const std::vector<int>& tensors) const {
    return describeTensors(recipe().tensors(), tensors);
}

void CodecCarrier::copy() {
    const std::vector<int> tensors = filter_.editableTensors(tree_.selectionModel()->selectedRows());
    QGuiApplication::clipboard()->setText(CodecMix(recipe().tensors(), recipe().codecs(), tensors).text());
    emit copied(tr("Copied the codecs of %1").arg(describe(tensors)));
}

void CodecCarrier::paste() {
    const std::vector<int> targets = filter_.editableTensors(tree_.selectionModel()->selectedRows());
    try {
        const CodecMix mix = CodecMix::fromText(QGuiApplication::clipboard()->text());
        const std::map<int, Codec> codecs = mix.carriedTo(recipe().tensors(), targets);
        if (codecs.empty()) {
            emit refused(tr("None of the selected layers has the role of a copied one."));
        } else {
            emit wanted(codecs, tr("Paste codecs onto %1").arg(describe(keysOf(codecs))));
        }
    } catch (const Error& error) {
        emit refused(tr("The clipboard has no codecs to paste; copy those of layers first (Ctrl+C). %1")
                         .arg(QString::fromUtf8(error.what())));
    }
}

void CodecCarrier::fillDown() {
    QModelIndexList rows = tree_.selectedRowsInOrder();
    if (rows.size() == 1) {
        rows.prepend(tree_.indexAbove(rows.front()));
    }
    if (!rows.isEmpty() && rows.front().isValid()) {
        fill(rows.front(), rows.mid(1));
    }
}

void CodecCarrier::fill(const QModelIndex& from, const QModelIndexList& rows) {
    const std::vector<int> sources = filter_.editableTensors({from.siblingAtColumn(0)});
    std::vector<int> targets = filter_.editableTensors(rows);
    std::erase_if(targets, [&](int tensor) { return std::ranges::binary_search(sources, tensor); });
    const CodecMix mix(recipe().tensors(), recipe().codecs(), sources);
    const std::map<int, Codec> codecs = mix.carriedTo(recipe().tensors(), targets);
    if (codecs.empty()) {
        emit refused(tr("None of these layers has the role of one to fill from."));
        return;
    }
    const QString what = mix.common() ? fromUtf8(mix.common()->name()) : describe(sources);
    emit wanted(codecs, mix.common() ? tr("Fill %1 with %2").arg(describe(keysOf(codecs)), what)
                                     : tr("Fill %1 as %2").arg(describe(keysOf(codecs)), what));
}

} // namespace planish
