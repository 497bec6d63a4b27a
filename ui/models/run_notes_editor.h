// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_collection.h"

#include <QObject>
#include <map>
#include <string>

class QUndoStack;

namespace planish {

/// Changes what is written on runs, as steps of the window's one undo history.
class RunNotesEditor final : public QObject {
    Q_OBJECT
  public:
    using Notes = std::map<std::string, RunNotes>; ///< by id

    /// Both must outlive this.
    RunNotesEditor(RunCollection& runs, QUndoStack& history, QObject* parent = nullptr);

    /// One undoable step; what already is so is left out.
    void set(Notes notes, const QString& undoText);

  signals:
    /// To be kept in the document: from an edit, an undo or a redo.
    void edited(const planish::RunNotesEditor::Notes& notes);

  private:
    class Edit;
    void apply(const Notes& notes, int document);

    RunCollection& runs_;
    QUndoStack& history_;
    int document_ = 0; ///< counts those opened: a step back never writes into another one
};

} // namespace planish
