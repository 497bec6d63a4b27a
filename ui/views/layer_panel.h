// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/recipe_editor.h"

#include <QWidget>

class QAction;
class QLabel;
class QLineEdit;
class QMenu;
class QPushButton;
class QStackedWidget;

namespace planish {

class CodecCarrier;
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
    CodecCarrier* carrier() const { return carrier_; }
    QMenu* presetsMenu() const;

    /// Looks at another recipe of the open model until it is closed; `title` says whose it is ("run 12"). A
    /// recipe that does not fit the model is only reported.
    void showReadOnly(const Recipe& recipe, const QString& title);
    /// Goes on with the recipe being edited, beside it the codecs of another one where they differ.
    void compareWith(const Recipe& recipe, const QString& title);
    /// Shows the recipe being edited alone.
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

  protected:
    void keyPressEvent(QKeyEvent* event) override;

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
    void applyCodecs(const std::map<int, Codec>& codecs, const QString& undoText);
    /// Opens the codec editor for these tensors.
    void composeCodec(const std::vector<int>& tensors);
    void applyRecipe(const Recipe& recipe, const QString& undoText);
    void onRoleClicked(const QString& role, bool select, bool keepOthers);
    void onFilterChanged(const QString& text);
    /// Takes a recipe into viewed_; false, with a message, when it does not fit the model.
    bool view(const Recipe& recipe, const QString& title);
    void showSource(RecipeEditor* source, const RecipeEditor* other = nullptr,
                    const QString& otherTitle = {});
    void updateComparison();
    void showContextMenu(const QPoint& position);
    void updateName();
    void updateSelection();
    void updateSize();

    RecipeEditor* editor_;
    CostTable* costs_;
    RecipeEditor* viewed_; ///< holds the recipe that is only looked at, or compared with
    QString viewedTitle_;
    bool readOnly_ = false;
    bool applying_ = false;  ///< an edit from here is under way
    bool filtering_ = false; ///< rows come and go
    LayerTreeModel* layers_;
    LayerFilterModel* filter_;
    LayerTreeView* tree_;
    CodecCarrier* carrier_;
    RoleChips* chips_;
    PresetsMenu* presets_;
    QLineEdit* nameEdit_ = nullptr;
    QLineEdit* filterEdit_;
    NoticeBar* problemBar_;
    NoticeBar* readOnlyBar_;
    std::vector<QPushButton*> readOnlyButtons_; ///< of the bar, for a recipe that is only looked at
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
