// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/latest_task.h"
#include "models/model_summary.h"
#include "models/recipe_editor.h"
#include "tokenizer/tokenizer.h"

#include <QWidget>
#include <optional>

class QLabel;
class QPlainTextEdit;
class QTextBrowser;
class QTreeWidget;

namespace planish {

/// The open model: what it is, what each of its parts takes, and its tokenizer to try.
class ModelPage final : public QWidget {
    Q_OBJECT
  public:
    explicit ModelPage(RecipeEditor& editor, QWidget* parent = nullptr);

    /// The open model's folder or bundled name.
    void setModel(const QString& place);

    QTreeWidget* summary() const { return summary_; }
    QTreeWidget* parts() const { return parts_; }
    QPlainTextEdit* text() const { return text_; }
    QTextBrowser* tokens() const { return tokens_; }
    QLabel* tokenCount() const { return tokenCount_; }

  protected:
    void changeEvent(QEvent* event) override;

  private:
    /// What is read of a model.
    struct Contents {
        std::vector<SummaryLine> lines;
        std::optional<Tokenizer> tokenizer;
        QString problem; ///< why there is no tokenizer
    };
    QTreeWidget* buildTree(const QStringList& titles, const QString& name);
    void take(const Contents& contents);
    void addLine(const QString& title, const QString& value);
    void updateParts();
    void tokenize();
    void showTokens(const std::vector<TokenId>& ids, const QStringList& pieces);

    RecipeEditor& editor_;
    std::optional<Tokenizer> tokenizer_;
    std::vector<TokenId> ids_;
    QStringList pieces_;
    QTreeWidget* summary_;
    QTreeWidget* parts_;
    QPlainTextEdit* text_;
    QTextBrowser* tokens_;
    QLabel* tokenCount_;
    LatestTask modelTask_; ///< these end before what they fill
    LatestTask fingerprintTask_;
    LatestTask tokenTask_;
};

} // namespace planish
