// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/model_page.h"

#include "plots/plot_theme.h"
#include "support/text.h"

#include <QEvent>
#include <QHeaderView>
#include <QLabel>
#include <QLocale>
#include <QPlainTextEdit>
#include <QSplitter>
#include <QTextBrowser>
#include <QTextCursor>
#include <QTreeWidget>
#include <QVBoxLayout>

namespace planish {

ModelPage::ModelPage(RecipeEditor& editor, QWidget* parent)
    : QWidget(parent),
      editor_(editor),
      summary_(buildTree({tr("Model"), tr("Value")}, tr("Summary of the model"))),
      parts_(buildTree({tr("Part"), tr("Tensors"), tr("Weights"), tr("In the model"), tr("In this recipe")},
                       tr("Memory of each part"))),
      text_(new QPlainTextEdit(this)),
      tokens_(new QTextBrowser(this)),
      tokenCount_(new QLabel(this)) {
    text_->setAccessibleName(tr("Text for the tokenizer"));
    text_->setPlaceholderText(tr("Type a text to see its tokens"));
    text_->setTabChangesFocus(true);
    tokens_->setAccessibleName(tr("Tokens of the text"));
    tokens_->setToolTip(tr("A colour a token; hover over one for its number"));
    tokenCount_->setWordWrap(true);
    tokenCount_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* tokenizer = new QWidget(this);
    auto* tokenLayout = new QVBoxLayout(tokenizer);
    tokenLayout->setContentsMargins(0, 0, 0, 0);
    tokenLayout->addWidget(text_, 1);
    tokenLayout->addWidget(tokens_, 1);
    tokenLayout->addWidget(tokenCount_);
    auto* splitter = new QSplitter(Qt::Vertical, this);
    for (QWidget* part : {static_cast<QWidget*>(summary_), static_cast<QWidget*>(parts_), tokenizer}) {
        splitter->addWidget(part);
    }
    splitter->setChildrenCollapsible(false);
    splitter->setSizes({300, 180, 220});
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->addWidget(splitter);
    connect(text_, &QPlainTextEdit::textChanged, this, &ModelPage::tokenize);
    connect(&editor_, &RecipeEditor::codecsChanged, this, &ModelPage::updateParts);
    connect(&editor_, &RecipeEditor::modelChanged, this, &ModelPage::updateParts);
    updateParts();
}

QTreeWidget* ModelPage::buildTree(const QStringList& titles, const QString& name) {
    auto* tree = new QTreeWidget(this);
    tree->setHeaderLabels(titles);
    tree->setRootIsDecorated(false);
    tree->setAlternatingRowColors(true);
    tree->setAccessibleName(name);
    return tree;
}

void ModelPage::setModel(const QString& place) {
    summary_->clear();
    tokenizer_.reset();
    modelTask_.start(
        [this, place](JobMonitor&) -> LatestTask::Completion {
            const Model model = Model::open(place.toStdString());
            Contents contents{summaryOf(model), std::nullopt, {}};
            try {
                contents.tokenizer = Tokenizer::open(model.path());
            } catch (const Error& error) {
                contents.problem = QString::fromUtf8(error.what());
            }
            return [this, contents] { take(contents); };
        },
        [this](const QString& error) { addLine(tr("Problem"), error); });
    fingerprintTask_.start(
        [this, place](JobMonitor& monitor) -> LatestTask::Completion {
            Workers workers(1);
            const QString fingerprint =
                QString::fromStdString(Model::open(place.toStdString()).fingerprint(workers, monitor));
            return [this, fingerprint] { addLine(tr("Fingerprint (SHA-256)"), fingerprint); };
        },
        [](const QString&) {}); // the other task tells what is wrong
}

void ModelPage::take(const Contents& contents) {
    for (const auto& [title, value] : contents.lines) {
        addLine(title, value);
    }
    tokenizer_ = contents.tokenizer;
    addLine(tr("Tokenizer"), tokenizer_ ? QString::fromStdString(tokenizer_->description())
                                        : tr("none: %1").arg(contents.problem));
    text_->setEnabled(tokenizer_.has_value());
    tokenize();
}

void ModelPage::addLine(const QString& title, const QString& value) {
    auto* item = new QTreeWidgetItem(summary_, {title, value});
    item->setToolTip(1, value);
    summary_->resizeColumnToContents(0);
}

void ModelPage::updateParts() {
    parts_->clear();
    for (const PartSize& part : partSizes(editor_.tensors(), editor_.codecs())) {
        auto* item = new QTreeWidgetItem(parts_, {part.name, QString::number(part.tensors),
                                                  QLocale().toString(static_cast<qulonglong>(part.weights)),
                                                  QString::fromStdString(formatBytes(part.fileBytes)),
                                                  QString::fromStdString(formatBytes(part.packedBytes))});
        for (int column = 1; column < parts_->columnCount(); ++column) {
            item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
        }
    }
    for (int column = 0; column < parts_->columnCount(); ++column) {
        parts_->resizeColumnToContents(column);
    }
}

void ModelPage::tokenize() {
    if (!tokenizer_) {
        tokens_->clear();
        tokenCount_->clear();
        return;
    }
    tokenTask_.start(
        [this, tokenizer = *tokenizer_,
         text = text_->toPlainText().toStdString()](JobMonitor&) -> LatestTask::Completion {
            const std::vector<TokenId> ids = text.empty() ? std::vector<TokenId>() : tokenizer.encode(text);
            QStringList pieces;
            for (const TokenId id : ids) {
                pieces.append(QString::fromStdString(toValidUtf8(tokenizer.tokenBytes(id))));
            }
            return [this, ids, pieces] {
                ids_ = ids;
                pieces_ = pieces;
                showTokens(ids_, pieces_);
            };
        },
        [this](const QString& error) { tokenCount_->setText(error); });
}

void ModelPage::showTokens(const std::vector<TokenId>& ids, const QStringList& pieces) {
    tokens_->clear();
    QTextCursor cursor(tokens_->document());
    QStringList numbers;
    for (std::size_t i = 0; i < ids.size(); ++i) {
        QTextCharFormat format;
        QColor color = seriesColor(i % 5, palette());
        color.setAlphaF(0.3F);
        format.setBackground(color);
        format.setForeground(palette().color(QPalette::Text));
        format.setToolTip(tr("token %1").arg(ids[i]));
        cursor.insertText(pieces[static_cast<qsizetype>(i)], format);
        numbers.append(QString::number(ids[i]));
    }
    constexpr qsizetype mostShown = 200;
    const bool cut = numbers.size() > mostShown;
    tokenCount_->setText(ids.empty() ? QString()
                                     : tr("%n token(s): ", nullptr, static_cast<int>(ids.size())) +
                                           numbers.mid(0, mostShown).join(QLatin1Char(' ')) +
                                           (cut ? QStringLiteral(" …") : QString()));
}

void ModelPage::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        showTokens(ids_, pieces_);
    }
}

} // namespace planish
