// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/run_notes_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QVBoxLayout>

namespace planish {

RunNotesDialog::RunNotesDialog(const RunCollection& runs, const std::set<std::string>& ids, QWidget* parent)
    : QDialog(parent),
      name_(new QLineEdit(this)),
      tags_(new QLineEdit(this)),
      folder_(new QComboBox(this)),
      notes_(new QPlainTextEdit(this)) {
    for (const std::string& id : ids) {
        if (const int row = runs.rowOf(id); row >= 0) {
            before_.emplace(id, notesOf(runs.run(row)));
        }
    }
    const int count = static_cast<int>(before_.size());
    setWindowTitle(count == 1 ? tr("Notes on \"%1\"").arg(common(&RunNotes::name).text)
                              : tr("Notes on %n runs", nullptr, count));
    folder_->setEditable(true);
    folder_->addItem(QString());
    folder_->addItems(runs.folders());
    folder_->setInsertPolicy(QComboBox::NoInsert);
    notes_->setTabChangesFocus(true);
    const auto show = [this](auto* widget, std::string RunNotes::*field, auto&& setText) {
        const Common value = common(field);
        setText(value.text);
        if (!value.same) {
            widget->setPlaceholderText(tr("various: left as they are unless you type"));
        }
    };
    show(name_, &RunNotes::name, [this](const QString& text) { name_->setText(text); });
    show(tags_, &RunNotes::tags, [this](const QString& text) { tags_->setText(text); });
    show(folder_->lineEdit(), &RunNotes::folder, [this](const QString& text) { folder_->setEditText(text); });
    show(notes_, &RunNotes::notes, [this](const QString& text) { notes_->setPlainText(text); });
    name_->setEnabled(count == 1);
    tags_->setToolTip(tr("Words separated by commas; the filter of the table finds them"));
    folder_->setToolTip(tr("Such as \"paper/figure 2\"; the table can show one folder"));
    for (QWidget* widget : std::initializer_list<QWidget*>{name_, tags_, folder_, notes_}) {
        widget->setMinimumWidth(fontMetrics().averageCharWidth() * 46);
    }

    auto* form = new QFormLayout;
    form->addRow(tr("&Name"), name_);
    form->addRow(tr("&Tags"), tags_);
    form->addRow(tr("&Folder"), folder_);
    form->addRow(tr("N&otes"), notes_);
    const QStringList known = runs.tags();
    if (!known.isEmpty()) {
        auto* hint = new QLabel(tr("Tags in use: %1").arg(known.join(QStringLiteral(", "))), this);
        hint->setWordWrap(true);
        hint->setForegroundRole(QPalette::PlaceholderText);
        form->insertRow(2, QString(), hint);
    }
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* layout = new QVBoxLayout(this);
    layout->addLayout(form);
    layout->addWidget(buttons);
}

RunNotesDialog::Common RunNotesDialog::common(std::string RunNotes::*field) const {
    Common result;
    for (const auto& [id, notes] : before_) {
        const QString text = QString::fromStdString(notes.*field);
        if (&notes == &before_.begin()->second) {
            result.text = text;
        } else if (text != result.text) {
            return {QString(), false};
        }
    }
    return result;
}

std::map<std::string, RunNotes> RunNotesDialog::notes() const {
    std::map<std::string, RunNotes> result = before_;
    const auto take = [&](std::string RunNotes::*field, const QString& text) {
        if (text == common(field).text) {
            return;
        }
        for (auto& [id, notes] : result) {
            notes.*field = text.toStdString();
        }
    };
    if (!name_->text().trimmed().isEmpty()) {
        take(&RunNotes::name, name_->text().trimmed());
    }
    take(&RunNotes::tags, tags_->text());
    take(&RunNotes::folder, folder_->currentText());
    take(&RunNotes::notes, notes_->toPlainText());
    return result;
}

} // namespace planish
