// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/recipe_editor.h"

#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QMenu;
class QStackedWidget;

namespace planish {

class CostTable;
class LayerFilterModel;
class LayerTreeModel;
class LayerTreeView;
class NoticeBar;
class PredictionLabel;
class PresetsMenu;
class RoleChips;

/// How each layer of the open model is stored, and what the whole then measures: filter box, role chips, the
/// layer tree with codecs edited in place, and the exact size below. Also shows the recipe of a run,
/// read-only.
class LayerPanel : public QWidget {
    Q_OBJECT

  public:
    /// `editor` and `costs`, the predictions for its model, outlive this.
    LayerPanel(RecipeEditor* editor, CostTable* costs, QWidget* parent = nullptr);
    ~LayerPanel() override;

    // For the menus of the window.
    LayerTreeView* tree() const { return tree_; }
    QAction* selectAllAction() const { return selectAllAction_; }
    QAction* filterAction() const { return filterAction_; }
    QAction* editCodecAction() const { return editCodecAction_; }
    QAction* composeCodecAction() const { return composeCodecAction_; }
    QMenu* presetsMenu() const;

    /// Looks at another recipe of the open model until it is closed; `title` says whose it is ("run 12"). A
    /// recipe that does not fit the model is only reported.
    void showReadOnly(const Recipe& recipe, const QString& title);
    void leaveReadOnly();
    bool isReadOnly() const { return readOnly_; }

    /// Reads or writes a recipe file; problems are reported in the panel.
    void loadRecipe(const QString& path);
    void saveRecipe(const QString& path);

    /// Widths and visibility of the columns, to keep between sessions.
    QByteArray columnState() const;
    void restoreColumnState(const QByteArray& state);

  signals:
    /// The recipe looked at is wanted for editing.
    void editCopyRequested(const planish::Recipe& recipe);
    /// Predictions are wanted, of which nothing is known yet.
    void measureRequested();
    /// One line for the window's status bar.
    void statusMessage(const QString& message);

  private:
    RecipeEditor* shown();
    void buildActions();
    QWidget* buildHeader();
    QWidget* buildSelectionLine();
    void buildReadOnlyBar();
    QWidget* buildEmptyPage();
    void connectEditor();

    void onModelChanged();
    void applyCodec(const std::vector<int>& tensors, const QString& codec);
    /// Opens the codec editor for these tensors.
    void composeCodec(const std::vector<int>& tensors);
    void applyRecipe(const Recipe& recipe, const QString& undoText);
    void onRoleClicked(const QString& role, bool select, bool keepOthers);
    void onFilterChanged(const QString& text);
    void showSource(RecipeEditor* source);
    void showContextMenu(const QPoint& position);
    void updateName();
    void updateSelection();
    void updateSize();

    RecipeEditor* editor_;
    CostTable* costs_;
    RecipeEditor* viewed_; ///< holds the recipe that is only looked at
    bool readOnly_ = false;
    bool applying_ = false;  ///< an edit from here is under way
    bool filtering_ = false; ///< rows come and go
    LayerTreeModel* layers_;
    LayerFilterModel* filter_;
    LayerTreeView* tree_;
    RoleChips* chips_;
    PresetsMenu* presets_;
    QLineEdit* nameEdit_ = nullptr;
    QLineEdit* filterEdit_;
    NoticeBar* problemBar_;
    NoticeBar* readOnlyBar_;
    QStackedWidget* pages_;
    QLabel* selectionLabel_;
    QLabel* sizeLabel_;
    PredictionLabel* predictionLabel_;
    QAction* selectAllAction_;
    QAction* filterAction_;
    QAction* editCodecAction_;
    QAction* composeCodecAction_;
};

} // namespace planish
