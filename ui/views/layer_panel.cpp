// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/layer_panel.h"

#include "dialogs/codec_dialog.h"
#include "models/codec_choices.h"
#include "models/cost_table.h"
#include "models/layer_filter_model.h"
#include "models/recipe_text.h"
#include "support/error.h"
#include "support/text.h"
#include "views/codec_carrier.h"
#include "views/codec_delegate.h"
#include "views/layer_tree_view.h"
#include "views/notice_bar.h"
#include "views/prediction_label.h"
#include "views/presets_menu.h"
#include "views/role_chips.h"

#include <QAction>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QKeyEvent>
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

namespace {

bool hasRole(const TensorInfo& tensor, const QString& role) {
    return fromUtf8(roleName(tensor.role)) == role || fromUtf8(roleGroup(tensor.role)) == role;
}

std::vector<int> tensorsWithRole(const std::vector<TensorInfo>& tensors, const QString& role) {
    std::vector<int> found;
    for (std::size_t index = 0; index < tensors.size(); ++index) {
        if (hasRole(tensors[index], role)) {
            found.push_back(static_cast<int>(index));
        }
    }
    return found;
}

} // namespace

LayerPanel::LayerPanel(RecipeEditor* editor, CostTable* costs, QWidget* parent)
    : QWidget(parent),
      editor_(editor),
      costs_(costs),
      viewed_(new RecipeEditor(this)),
      layers_(new LayerTreeModel(editor, this)),
      filter_(new LayerFilterModel(layers_, this)),
      tree_(new LayerTreeView(filter_, this)),
      carrier_(new CodecCarrier(*tree_, *filter_, this)),
      chips_(new RoleChips(this)),
      presets_(new PresetsMenu([this] { return shown()->recipe(); }, this)),
      filterEdit_(new QLineEdit(this)),
      problemBar_(new NoticeBar(NoticeBar::Kind::problem, this)),
      readOnlyBar_(new NoticeBar(NoticeBar::Kind::information, this)),
      pages_(new QStackedWidget(this)),
      selectionLabel_(new QLabel(this)),
      sizeLabel_(new QLabel(this)),
      predictionLabel_(new PredictionLabel(this)),
      selectAllAction_(new QAction(this)),
      filterAction_(new QAction(this)),
      editCodecAction_(new QAction(this)),
      composeCodecAction_(new QAction(this)) {
    buildActions();
    auto* layout = new QVBoxLayout(this);
    const int unit = fontMetrics().height() / 3;
    layout->setContentsMargins(unit, unit, unit, unit);
    layout->setSpacing(unit);
    layout->addWidget(buildHeader());
    layout->addWidget(filterEdit_);
    layout->addWidget(chips_);
    layout->addWidget(readOnlyBar_);
    layout->addWidget(problemBar_);
    layout->addWidget(pages_, 1);
    layout->addWidget(buildSelectionLine());
    layout->addWidget(sizeLabel_);
    layout->addWidget(predictionLabel_);
    buildReadOnlyBar();
    connect(problemBar_->addButton(tr("Close")), &QPushButton::clicked, problemBar_, &QWidget::hide);

    filterEdit_->setPlaceholderText(tr("Filter: mlp, block 3, int4"));
    filterEdit_->setAccessibleName(tr("Filter layers"));
    filterEdit_->setClearButtonEnabled(true);
    selectionLabel_->setWordWrap(true);
    selectionLabel_->setTextFormat(Qt::PlainText);
    sizeLabel_->setObjectName(QStringLiteral("recipeSize"));
    sizeLabel_->setWordWrap(true);
    sizeLabel_->setToolTip(
        tr("Compression is 32 bits ÷ bits per weight of the attention and MLP matrices, counted from "
           "the bytes they are packed into; the whole model counts every tensor."));
    pages_->addWidget(buildEmptyPage());
    pages_->addWidget(tree_);
    setTabOrder(chips_->lineUpBehind(filterEdit_), tree_);
    setFocusProxy(tree_);
    constexpr int characters = 42; // layers, their codecs, and something of what these cost
    setMinimumWidth(characters * fontMetrics().averageCharWidth());
    connectEditor();
    onModelChanged();
}

LayerPanel::~LayerPanel() {
    // Children that lose the focus or their model in the destructor of QWidget must not report to what is no
    // longer a LayerPanel.
    for (const QObject* child : findChildren<QObject*>()) {
        child->disconnect(this);
    }
}

/// Down in the filter, which has no use for it, goes to what it found.
void LayerPanel::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Down && filterEdit_->hasFocus() && tree_->isVisible()) {
        tree_->setFocus(Qt::TabFocusReason);
        if (!tree_->currentIndex().isValid()) {
            tree_->setCurrentIndex(tree_->model()->index(0, 0));
        }
        return;
    }
    QWidget::keyPressEvent(event);
}

void LayerPanel::connectEditor() {
    auto* codecs = new CodecDelegate(
        *editor_, [this](const QModelIndex& index) { return tree_->editTargets(index); }, this);
    tree_->setItemDelegateForColumn(LayerTreeModel::codecColumn, codecs);
    tree_->setItemDelegateForColumn(LayerTreeModel::roleColumn, new RoleDelegate(this));
    connect(codecs, &CodecDelegate::codecEntered, this,
            [this](const QModelIndex& index, const QString& codec) {
                applyCodec(tree_->editTargets(index), codec);
            });
    connect(codecs, &CodecDelegate::composeRequested, this,
            [this](const QModelIndex& index) { composeCodec(tree_->editTargets(index)); });
    connect(codecs, &CodecDelegate::inputChecked, this, [this](const QString& error) {
        if (error.isEmpty()) {
            updateSelection();
        } else {
            selectionLabel_->setText(error);
        }
        emit statusMessage(error);
    });
    connect(layers_, &LayerTreeModel::editRefused, problemBar_, &NoticeBar::showText);
    connect(layers_, &LayerTreeModel::differencesChanged, this, &LayerPanel::updateComparison);
    connect(carrier_, &CodecCarrier::wanted, this, &LayerPanel::applyCodecs);
    connect(carrier_, &CodecCarrier::refused, problemBar_, &NoticeBar::showText);
    connect(carrier_, &CodecCarrier::copied, this, &LayerPanel::statusMessage);
    connect(presets_, &PresetsMenu::recipeChosen, this, &LayerPanel::applyRecipe);
    connect(presets_, &PresetsMenu::failed, problemBar_, &NoticeBar::showText);
    connect(presets_, &PresetsMenu::saved, this,
            [this](const QString& path) { emit statusMessage(tr("Recipe saved as %1").arg(path)); });
    connect(chips_, &RoleChips::roleClicked, this, &LayerPanel::onRoleClicked);
    connect(filterEdit_, &QLineEdit::textChanged, this, &LayerPanel::onFilterChanged);
    connect(filterEdit_, &QLineEdit::returnPressed, tree_, qOverload<>(&QWidget::setFocus));
    connect(tree_, &QWidget::customContextMenuRequested, this, &LayerPanel::showContextMenu);
    connect(tree_->selectionModel(), &QItemSelectionModel::selectionChanged, this,
            &LayerPanel::updateSelection);
    layers_->setCosts(costs_);
    connect(costs_, &CostTable::changed, this, &LayerPanel::updateSize);
    connect(predictionLabel_, &PredictionLabel::measureRequested, this, &LayerPanel::measureRequested);
    connect(editor_, &RecipeEditor::modelChanged, this, &LayerPanel::onModelChanged);
    connect(editor_, &RecipeEditor::nameChanged, this, &LayerPanel::updateName);
    connect(editor_, &RecipeEditor::codecsChanged, this, [this] {
        updateSize();
        updateSelection();
        if (!applying_) {
            filter_->refresh();
        }
    });
}

QMenu* LayerPanel::presetsMenu() const {
    return presets_;
}

RecipeEditor* LayerPanel::shown() {
    return readOnly_ ? viewed_ : editor_;
}

void LayerPanel::onModelChanged() {
    showSource(editor_);
    QSet<QString> roles;
    for (const TensorInfo& tensor : editor_->tensors()) {
        roles += {fromUtf8(roleName(tensor.role)), fromUtf8(roleGroup(tensor.role))};
    }
    const bool open = editor_->hasModel();
    chips_->showPresent(roles);
    presets_->setModelOpen(open);
    pages_->setCurrentIndex(open ? 1 : 0);
    for (QWidget* part : {static_cast<QWidget*>(filterEdit_), static_cast<QWidget*>(nameEdit_)}) {
        part->setEnabled(open);
    }
    for (QAction* action : {selectAllAction_, filterAction_, editCodecAction_}) {
        action->setEnabled(open);
    }
    problemBar_->hide();
    tree_->expandOverview();
}

void LayerPanel::showSource(RecipeEditor* source, const RecipeEditor* other, const QString& otherTitle) {
    tree_->closeCodecEditor();
    readOnly_ = source != editor_;
    layers_->setSource(source);
    layers_->setOther(other, otherTitle);
    layers_->setEditable(!readOnly_);
    filter_->refresh();
    updateComparison();
    nameEdit_->setReadOnly(readOnly_);
    editCodecAction_->setEnabled(!readOnly_ && source->hasModel());
    updateName();
    updateSize();
    updateSelection();
}

bool LayerPanel::view(const Recipe& recipe, const QString& title) {
    viewedTitle_ = title;
    try {
        leaveReadOnly(); // what is shown must not change under the rows
        viewed_->setModel(editor_->modelName(), editor_->tensors(), editor_->tiedEmbedding());
        viewed_->setRecipe(recipe, {});
        problemBar_->hide();
        return true;
    } catch (const Error& error) {
        problemBar_->showText(
            tr("%1 does not fit the open model: %2").arg(title, QString::fromUtf8(error.what())));
        return false;
    }
}

void LayerPanel::showReadOnly(const Recipe& recipe, const QString& title) {
    if (view(recipe, title)) {
        showSource(viewed_, editor_, tr("Edited"));
    }
}

void LayerPanel::compareWith(const Recipe& recipe, const QString& title) {
    if (view(recipe, title)) {
        showSource(editor_, viewed_, title);
    }
}

void LayerPanel::updateComparison() {
    const bool compares = layers_->other() != nullptr;
    const int differences = layers_->differenceCount();
    tree_->setColumnHidden(LayerTreeModel::otherColumn, differences == 0);
    readOnlyBar_->setVisible(compares);
    for (QPushButton* button : readOnlyButtons_) {
        button->setVisible(readOnly_);
    }
    if (compares) {
        const QString count = differences == 0 ? tr("the same as the one being edited")
                                               : tr("%n layer(s) differ", nullptr, differences);
        readOnlyBar_->showText(readOnly_ ? tr("Recipe of %1 (read-only): %2").arg(viewedTitle_, count)
                                         : tr("Compared with %1: %2").arg(viewedTitle_, count));
    }
}

void LayerPanel::leaveReadOnly() {
    showSource(editor_);
}

void LayerPanel::loadRecipe(const QString& path) {
    presets_->load(path);
}

void LayerPanel::saveRecipe(const QString& path) {
    presets_->save(path);
}

QByteArray LayerPanel::columnState() const {
    return tree_->header()->saveState();
}

void LayerPanel::restoreColumnState(const QByteArray& state) {
    tree_->header()->restoreState(state);
}

void LayerPanel::applyCodec(const std::vector<int>& tensors, const QString& codec) {
    const QScopedValueRollback<bool> guard(applying_, true);
    if (layers_->setCodec(tensors, codec)) {
        problemBar_->hide();
    }
}

void LayerPanel::applyCodecs(const std::map<int, Codec>& codecs, const QString& undoText) {
    const QScopedValueRollback<bool> guard(applying_, true);
    try {
        editor_->setCodecs(codecs, undoText);
        problemBar_->hide();
    } catch (const Error& error) {
        problemBar_->showText(QString::fromUtf8(error.what()));
    }
}

void LayerPanel::composeCodec(const std::vector<int>& tensors) {
    if (readOnly_ || tensors.empty()) {
        return;
    }
    auto* dialog = new CodecDialog(codecTargets(*editor_, tensors), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QDialog::accepted, this,
            [this, dialog, tensors] { applyCodec(tensors, dialog->codec()); });
    dialog->open();
}

void LayerPanel::applyRecipe(const Recipe& recipe, const QString& undoText) {
    try {
        editor_->setRecipe(recipe, undoText);
        problemBar_->hide();
        leaveReadOnly();
    } catch (const Error& error) {
        problemBar_->showText(QString::fromUtf8(error.what()));
    }
}

void LayerPanel::onRoleClicked(const QString& role, bool select, bool keepOthers) {
    const std::vector<int> ofRole = tensorsWithRole(editor_->tensors(), role);
    const QSet<int> wanted(ofRole.begin(), ofRole.end());
    QSet<int> tensors = tree_->selectedTensors();
    if (keepOthers) {
        tensors = select ? tensors + wanted : tensors - wanted;
    } else {
        tensors = tensors == wanted ? QSet<int>() : wanted;
    }
    std::vector<int> ordered(tensors.begin(), tensors.end());
    std::ranges::sort(ordered);
    if (tree_->selectTensors(ordered) < static_cast<int>(ordered.size())) {
        // The filter hides some of them; a chip promises all.
        filterEdit_->clear();
        tree_->selectTensors(ordered);
    }
    updateSelection();
    // A mouse click leaves the keyboard to the tree, ready for a codec; a chip reached by keyboard keeps it.
    if (!chips_->chip(role)->hasFocus()) {
        tree_->setFocus();
    }
}

void LayerPanel::onFilterChanged(const QString& text) {
    {
        const QScopedValueRollback<bool> guard(filtering_, true);
        tree_->setFilterText(text);
    }
    updateSelection();
}

void LayerPanel::updateName() {
    nameEdit_->setText(shown()->name());
}

void LayerPanel::updateSelection() {
    if (filtering_) {
        return; // every row that goes reports its deselection; once at the end is enough
    }
    const std::vector<TensorInfo>& tensors = editor_->tensors();
    const QSet<int> selected = tree_->selectedTensors();
    QSet<QString> present;
    QSet<QString> incomplete;
    for (std::size_t index = 0; index < tensors.size(); ++index) {
        QSet<QString>& roles = selected.contains(static_cast<int>(index)) ? present : incomplete;
        roles += {fromUtf8(roleName(tensors[index].role)), fromUtf8(roleGroup(tensors[index].role))};
    }
    chips_->showSelected(present - incomplete);

    const std::vector<int> targets = filter_->editableTensors(tree_->selectionModel()->selectedRows());
    RecipeSize size;
    for (int tensor : targets) {
        const auto index = static_cast<std::size_t>(tensor);
        size.totalWeights += tensors[index].count();
        size.totalBytes += shown()->codecs()[index].packedBytes(tensors[index].shape);
    }
    selectionLabel_->parentWidget()->setVisible(editor_->hasModel());
    composeCodecAction_->setEnabled(!readOnly_ && !targets.empty());
    carrier_->setPossible(!targets.empty(), !readOnly_ && !targets.empty());
    selectionLabel_->setText(targets.empty()
                                 ? tr("Select layers, then type a codec or press F2")
                                 : tr("Selected: %1 · %2 weights · %3")
                                       .arg(describeTensors(tensors, targets),
                                            QLocale().toString(static_cast<qulonglong>(size.totalWeights)),
                                            fromUtf8(formatBytes(size.totalBytes))));
}

void LayerPanel::updateSize() {
    sizeLabel_->setText(sizeText(shown()->size()));
    sizeLabel_->setVisible(shown()->hasModel());
    predictionLabel_->showCosts(*costs_, *shown());
}

} // namespace planish
