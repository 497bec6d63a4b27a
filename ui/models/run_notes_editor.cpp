// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_notes_editor.h"

#include <QUndoStack>

namespace planish {

class RunNotesEditor::Edit final : public QUndoCommand {
  public:
    Edit(RunNotesEditor& editor, Notes before, Notes after, const QString& text)
        : QUndoCommand(text),
          editor_(editor),
          before_(std::move(before)),
          after_(std::move(after)),
          document_(editor.document_) {}

    void redo() override { step(after_); }
    void undo() override { step(before_); }

  private:
    void step(const Notes& notes) {
        editor_.apply(notes, document_);
        setObsolete(document_ != editor_.document_);
    }

    RunNotesEditor& editor_;
    Notes before_;
    Notes after_;
    int document_;
};

RunNotesEditor::RunNotesEditor(RunCollection& runs, QUndoStack& history, QObject* parent)
    : QObject(parent), runs_(runs), history_(history) {
    connect(&runs, &RunCollection::aboutToReset, this, [this] { ++document_; });
}

void RunNotesEditor::set(Notes notes, const QString& undoText) {
    Notes before;
    std::erase_if(notes, [&](const auto& item) {
        const int row = runs_.rowOf(item.first);
        if (row < 0) {
            return true;
        }
        RunRecord changed;
        setNotes(changed, item.second);
        const RunNotes present = notesOf(runs_.run(row));
        before.emplace(item.first, present);
        return notesOf(changed) == present;
    });
    std::erase_if(before, [&](const auto& item) { return !notes.contains(item.first); });
    if (!notes.empty()) {
        history_.push(std::make_unique<Edit>(*this, std::move(before), std::move(notes), undoText).release());
    }
}

void RunNotesEditor::apply(const Notes& notes, int document) {
    if (document == document_) {
        runs_.setNotes(notes);
        emit edited(notes);
    }
}

} // namespace planish
