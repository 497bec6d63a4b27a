// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/job_log_dialog.h"

#include <QApplication>
#include <QClipboard>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QScrollBar>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

JobLogDialog::JobLogDialog(JobQueue& queue, int job, QWidget* parent)
    : QDialog(parent), queue_(queue), job_(job), lines_(new QPlainTextEdit(this)), file_(new QLabel(this)) {
    const auto status = queue.job(job);
    setWindowTitle(tr("Log of %1").arg(status ? status->title : QString()));
    lines_->setReadOnly(true);
    lines_->setLineWrapMode(QPlainTextEdit::NoWrap);
    lines_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    lines_->setAccessibleName(tr("Log"));
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(lines_, 1);
    file_->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    file_->setWordWrap(true);
    layout->addWidget(file_);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    QPushButton* copy = buttons->addButton(tr("&Copy"), QDialogButtonBox::ActionRole);
    connect(copy, &QPushButton::clicked, this, [this] { QApplication::clipboard()->setText(text()); });
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    layout->addWidget(buttons);
    resize(fontMetrics().averageCharWidth() * 110, fontMetrics().height() * 30);
    connect(&queue, &JobQueue::changed, this, [this](const std::vector<JobStatus>& changed) {
        if (std::ranges::count(changed, job_, &JobStatus::id) > 0) {
            update();
        }
    });
    update();
}

QString JobLogDialog::text() const {
    return lines_->toPlainText();
}

void JobLogDialog::update() {
    const auto log = queue_.log(job_);
    if (!log || log->lineCount() == shownLines_) {
        return;
    }
    shownLines_ = log->lineCount();
    const QString file = log->fileName(); // from its start on
    file_->setVisible(!file.isEmpty());
    file_->setText(tr("Kept in %1").arg(file));
    QScrollBar* bar = lines_->verticalScrollBar();
    const bool atEnd = bar->value() == bar->maximum();
    const int position = bar->value();
    lines_->setPlainText(log->text());
    bar->setValue(atEnd ? bar->maximum() : position);
}

} // namespace planish
