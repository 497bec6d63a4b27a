// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStyledItemDelegate>
#include <functional>
#include <span>
#include <vector>

class QComboBox;

namespace planish {

class RecipeEditor;

/// Edits the codec of a row in its cell: a list to choose from with what each codec costs there, and free
/// text that is checked while it is typed. Enter and a choice from the list hand the codec over; text that is
/// no codec keeps the editor open on Enter and is dropped when the editor is left.
class CodecDelegate : public QStyledItemDelegate {
    Q_OBJECT

  public:
    /// `targets` tells which tensors an edit in a cell is for.
    using Targets = std::function<std::vector<int>(const QModelIndex&)>;
    CodecDelegate(const RecipeEditor& recipe, Targets targets, QObject* parent = nullptr);

    QWidget* createEditor(QWidget* parent, const QStyleOptionViewItem& option,
                          const QModelIndex& index) const override;
    void destroyEditor(QWidget* editor, const QModelIndex& index) const override;
    /// Rows are high enough for the editor.
    QSize sizeHint(const QStyleOptionViewItem& option, const QModelIndex& index) const override;
    void setEditorData(QWidget* editor, const QModelIndex& index) const override;
    void setModelData(QWidget* editor, QAbstractItemModel* model, const QModelIndex& index) const override;
    void updateEditorGeometry(QWidget* editor, const QStyleOptionViewItem& option,
                              const QModelIndex& index) const override;

  signals:
    /// A valid codec string was entered in a cell.
    void codecEntered(const QModelIndex& index, const QString& codec) const;
    /// "Compose…" was chosen from the list of a cell.
    void composeRequested(const QModelIndex& index) const;
    /// What is wrong with the text in the editor; empty when it is right again or the editor is left.
    void inputChecked(const QString& error) const;

  protected:
    /// What is cut off a long codec is its end: format and bits tell more.
    void initStyleOption(QStyleOptionViewItem* option, const QModelIndex& index) const override;
    bool eventFilter(QObject* object, QEvent* event) override;

  private:
    /// Marks the editor; whether its text is a codec.
    bool check(QComboBox* editor) const;
    void commit(QComboBox* editor);
    /// commit of the combo box, or of its line edit, that sent the signal.
    void commitSender();

    const RecipeEditor& recipe_;
    Targets targets_;
};

} // namespace planish
