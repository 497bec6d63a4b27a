// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/run_collection.h"

#include <QDialog>

class QComboBox;
class QLineEdit;
class QPlainTextEdit;

namespace planish {

/// Name, tags, folder and notes of some runs. What differs between them is left as it is unless something is
/// typed.
class RunNotesDialog final : public QDialog {
    Q_OBJECT
  public:
    /// `ids` are of runs in `runs`, which must outlive this.
    RunNotesDialog(const RunCollection& runs, const std::set<std::string>& ids, QWidget* parent = nullptr);

    /// What is to be written, by id.
    std::map<std::string, RunNotes> notes() const;

  private:
    /// The text all runs have in common, and whether there is one.
    struct Common {
        QString text;
        bool same = true;
    };
    Common common(std::string RunNotes::*field) const;

    std::map<std::string, RunNotes> before_;
    QLineEdit* name_;
    QLineEdit* tags_;
    QComboBox* folder_;
    QPlainTextEdit* notes_;
};

} // namespace planish
