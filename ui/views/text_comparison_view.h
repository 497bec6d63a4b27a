// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/side_by_side.h"
#include "jobs/job_queue.h"
#include "jobs/latest_task.h"
#include "models/comparison.h"

#include <QWidget>

class QComboBox;
class QDoubleSpinBox;
class QLabel;
class QLineEdit;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;
class QTextBrowser;
class QTextDocument;

namespace planish {

class NoticeBar;
class TextChooser;

/// The compared runs read the same paragraph, each token coloured by how much more one loses on it than
/// another, and continue the same prompt. The models are packed anew, as a job of the queue.
class TextComparisonView final : public QWidget {
    Q_OBJECT
  public:
    /// All must outlive this.
    TextComparisonView(Comparison& comparison, JobQueue& queue, QWidget* parent = nullptr);

    /// The open model: its folder or bundled name, and the name runs know it by.
    void setModel(const QString& place, const QString& name);

    QPlainTextEdit* passage() const { return passage_; }
    QLineEdit* prompt() const { return prompt_; }
    QSpinBox* paragraph() const { return paragraph_; }
    QPushButton* readButton() const { return read_; }
    QTextBrowser* scoredText() const { return scored_; }
    QTextBrowser* continuations() const { return continuations_; }
    NoticeBar* notice() const { return notice_; }
    QComboBox* shownModel() const { return model_; }

  protected:
    void changeEvent(QEvent* event) override;
    void showEvent(QShowEvent* event) override;

  private:
    QWidget* buildText();
    QWidget* buildPrompt();
    QWidget* buildResult();
    void openText();
    void showParagraph();
    void update();
    void start();
    void take(const SideBySide& read, const QString& prompt);
    void showResult();
    void showScored(std::unique_ptr<QTextDocument> document);

    Comparison& comparison_;
    JobQueue& queue_;
    QString modelPlace_;
    QString modelName_;
    QStringList paragraphs_;
    std::shared_ptr<const SideBySide> result_;
    QString resultPrompt_;
    NoticeBar* notice_;
    TextChooser* text_ = nullptr;
    QSpinBox* paragraph_ = nullptr;
    QPlainTextEdit* passage_ = nullptr;
    QLineEdit* prompt_ = nullptr;
    QSpinBox* tokens_ = nullptr;
    QDoubleSpinBox* temperature_ = nullptr;
    QSpinBox* seed_ = nullptr;
    QPushButton* read_ = nullptr;
    QComboBox* model_ = nullptr;
    QComboBox* reference_ = nullptr;
    QLabel* difference_ = nullptr;
    QTextBrowser* scored_ = nullptr;
    QTextBrowser* continuations_ = nullptr;
    LatestTask textTask_; ///< these end before what they fill
    LatestTask colouring_;
};

} // namespace planish
