// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/text_comparison_view.h"

#include "dialogs/text_chooser.h"
#include "evaluation/corpus.h"
#include "views/notice_bar.h"
#include "views/scored_text.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPointer>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTextBrowser>
#include <QTextDocument>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

namespace {

QHBoxLayout* line() {
    auto* layout = new QHBoxLayout;
    layout->setContentsMargins(0, 0, 0, 0);
    return layout;
}

template <typename Widget>
Widget* named(Widget* widget, const QString& name, const QString& toolTip = {}) {
    widget->setAccessibleName(name);
    widget->setToolTip(toolTip.isEmpty() ? name : toolTip);
    return widget;
}

} // namespace

TextComparisonView::TextComparisonView(Comparison& comparison, JobQueue& queue, QWidget* parent)
    : QWidget(parent),
      comparison_(comparison),
      queue_(queue),
      notice_(new NoticeBar(NoticeBar::Kind::information, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(6, 6, 6, 6);
    layout->addWidget(notice_);
    layout->addWidget(buildText());
    layout->addWidget(buildPrompt());
    layout->addWidget(buildResult(), 1);
    connect(&comparison_, &Comparison::changed, this, &TextComparisonView::update);
    connect(passage_, &QPlainTextEdit::textChanged, this, &TextComparisonView::update);
    connect(prompt_, &QLineEdit::textChanged, this, &TextComparisonView::update);
    update();
}

QWidget* TextComparisonView::buildText() {
    auto* part = new QWidget(this);
    text_ = named(new TextChooser(part), tr("Text of the paragraph"),
                  tr("A text that the models have not been calibrated on"));
    paragraph_ = named(new QSpinBox(part), tr("Paragraph"), tr("Which paragraph of the text is read"));
    paragraph_->setPrefix(tr("paragraph "));
    paragraph_->setRange(1, 1);
    paragraph_->setKeyboardTracking(false);
    text_->setNameOrPath(QStringLiteral("literature"));
    passage_ = named(new QPlainTextEdit(part), tr("Text to read"),
                     tr("The text whose tokens are scored; write or paste your own"));
    passage_->setTabChangesFocus(true);
    passage_->setPlaceholderText(tr("Choose a paragraph above, or paste a text"));
    passage_->setFixedHeight(4 * fontMetrics().lineSpacing() + 12);
    connect(text_, &TextChooser::textChanged, this, &TextComparisonView::openText);
    connect(paragraph_, &QSpinBox::valueChanged, this, &TextComparisonView::showParagraph);
    auto* layout = new QVBoxLayout(part);
    layout->setContentsMargins(0, 0, 0, 0);
    auto* choice = line();
    choice->addWidget(text_);
    choice->addWidget(paragraph_);
    choice->addStretch(1);
    layout->addLayout(choice);
    layout->addWidget(passage_);
    return part;
}

QWidget* TextComparisonView::buildPrompt() {
    auto* part = new QWidget(this);
    prompt_ = named(new QLineEdit(part), tr("Text to continue"),
                    tr("All models continue it with the same seed; empty: none does"));
    prompt_->setPlaceholderText(tr("Text to continue (optional)"));
    tokens_ = named(new QSpinBox(part), tr("Tokens to continue by"));
    tokens_->setRange(1, 512);
    tokens_->setValue(48);
    tokens_->setSuffix(tr(" tokens"));
    temperature_ = named(new QDoubleSpinBox(part), tr("Temperature"),
                         tr("Temperature: 0 always takes the most likely token"));
    temperature_->setRange(0, 5);
    temperature_->setSingleStep(0.1);
    temperature_->setPrefix(tr("T "));
    seed_ = named(new QSpinBox(part), tr("Seed"), tr("Seed of the draws, the same for all models"));
    seed_->setRange(0, 1'000'000);
    seed_->setPrefix(tr("seed "));
    read_ = new QPushButton(tr("Read and continue"), part);
    connect(read_, &QPushButton::clicked, this, &TextComparisonView::start);
    connect(prompt_, &QLineEdit::returnPressed, read_, &QPushButton::click);
    auto* layout = new QVBoxLayout(part);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addWidget(prompt_);
    auto* options = line();
    options->addWidget(tokens_);
    options->addWidget(temperature_);
    options->addWidget(seed_);
    options->addStretch(1);
    options->addWidget(read_);
    layout->addLayout(options);
    return part;
}

QWidget* TextComparisonView::buildResult() {
    auto* part = new QSplitter(Qt::Vertical, this);
    auto* top = new QWidget(part);
    model_ = named(new QComboBox(top), tr("Coloured model"), tr("The model whose loss is coloured"));
    reference_ = named(new QComboBox(top), tr("Model it is compared with"));
    difference_ = new QLabel(top);
    difference_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    difference_->setToolTip(tr("Mean difference of the tokens of this text, with its standard error"));
    scored_ = named(
        new QTextBrowser(top), tr("Tokens coloured by their loss"),
        tr("Orange: more loss than the other model; blue: less; full colour at %1 nats").arg(fullColourNats));
    continuations_ = named(new QTextBrowser(part), tr("Continuations"));
    scored_->setPlaceholderText(tr("The tokens of the text, coloured by the difference of their loss"));
    continuations_->setPlaceholderText(tr("What each model writes after the same beginning"));
    for (QComboBox* box : {model_, reference_}) {
        box->setSizeAdjustPolicy(QComboBox::AdjustToMinimumContentsLengthWithIcon);
        box->setMinimumContentsLength(10);
        connect(box, &QComboBox::activated, this, &TextComparisonView::showResult);
    }
    auto* choice = line();
    choice->addWidget(model_, 1);
    choice->addWidget(new QLabel(tr("against"), top));
    choice->addWidget(reference_, 1);
    choice->addWidget(difference_);
    auto* layout = new QVBoxLayout(top);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->addLayout(choice);
    layout->addWidget(scored_, 1);
    part->addWidget(top);
    part->addWidget(continuations_);
    part->setChildrenCollapsible(false);
    return part;
}

void TextComparisonView::setModel(const QString& place, const QString& name) {
    modelPlace_ = place;
    modelName_ = name;
    update();
}

void TextComparisonView::showEvent(QShowEvent* event) {
    QWidget::showEvent(event);
    if (paragraphs_.isEmpty() && !textTask_.isRunning()) {
        openText();
    }
}

void TextComparisonView::openText() {
    textTask_.start(
        [this, name = text_->nameOrPath().toStdString()](JobMonitor&) -> LatestTask::Completion {
            constexpr int fewestCharacters = 200;
            const QString text = QString::fromStdString(Corpus::open(name).text);
            return [this, paragraphs = paragraphsOf(text, fewestCharacters)] {
                paragraphs_ = paragraphs;
                paragraph_->setRange(1, std::max(1, static_cast<int>(paragraphs_.size())));
                showParagraph();
            };
        },
        [this](const QString& error) { notice_->showText(error); });
}

void TextComparisonView::showParagraph() {
    if (const int index = paragraph_->value() - 1; index < paragraphs_.size()) {
        passage_->setPlainText(paragraphs_[index]);
    }
}

void TextComparisonView::update() {
    QString missing;
    if (!comparison_.isEmpty()) {
        const QString wanted = QString::fromStdString(comparison_.run(0).model);
        for (int position = 1; position < comparison_.count(); ++position) {
            if (comparison_.run(position).modelFingerprint != comparison_.run(0).modelFingerprint) {
                missing =
                    tr("These runs are of different models: select runs of one model to let them read the "
                       "same text.");
            }
        }
        if (missing.isEmpty() && modelName_ != wanted) {
            missing =
                tr("Results do not hold weights: open the model %1 (File ▸ Open model) to let these runs "
                   "read a text.")
                    .arg(wanted);
        }
    }
    if (missing.isEmpty()) {
        notice_->hide();
    } else {
        notice_->showText(missing);
    }
    const bool hasText = !passage_->toPlainText().isEmpty() || !prompt_->text().isEmpty();
    read_->setEnabled(!comparison_.isEmpty() && missing.isEmpty() && hasText);
    read_->setToolTip(
        hasText ? tr("Pack the compared models and let each read the text: a job of the queue")
                : tr("Write or paste a text to read, or one to continue, in the fields above first"));
}

void TextComparisonView::start() {
    SideBySideSpec spec;
    spec.model = modelPlace_.toStdString();
    spec.fingerprint = comparison_.run(0).modelFingerprint;
    for (int position = 0; position < comparison_.count(); ++position) {
        spec.models.push_back(SideBySideModel::of(comparison_.run(position)));
        spec.models.back().name = comparedName(comparison_, position).toStdString();
    }
    spec.passage = passage_->toPlainText().toStdString();
    spec.prompt = prompt_->text().toStdString();
    spec.continuationSize = static_cast<std::size_t>(tokens_->value());
    spec.sampling = {temperature_->value(), static_cast<std::uint64_t>(seed_->value())};
    const QPointer<TextComparisonView> view = this;
    queue_.add(tr("Read a text with %n model(s)", nullptr, comparison_.count()),
               [view, spec](JobMonitor& monitor) -> JobQueue::Completion {
                   Workers workers;
                   const SideBySide read = lookSideBySide(spec, workers, monitor);
                   return [view, read, prompt = QString::fromStdString(spec.prompt)] {
                       if (view) {
                           view->take(read, prompt);
                       }
                   };
               });
}

void TextComparisonView::take(const SideBySide& read, const QString& prompt) {
    result_ = std::make_shared<const SideBySide>(read);
    resultPrompt_ = prompt;
    for (QComboBox* box : {model_, reference_}) {
        const QSignalBlocker blocker(box);
        box->clear();
        for (const std::string& name : result_->names) {
            box->addItem(QString::fromStdString(name));
        }
    }
    // The second run against the first, after the unquantized model.
    model_->setCurrentIndex(2);
    reference_->setCurrentIndex(1);
    showResult();
}

/// A long passage takes long to colour and to lay out: that is done beside the window.
void TextComparisonView::showResult() {
    if (result_ == nullptr) {
        return;
    }
    writeContinuations(*continuations_->document(), *result_, resultPrompt_, palette());
    colouring_.start(
        [this, read = result_, model = static_cast<std::size_t>(model_->currentIndex()),
         reference = static_cast<std::size_t>(reference_->currentIndex()), palette = palette(),
         font = scored_->font(),
         width = scored_->viewport()->width()](JobMonitor&) -> LatestTask::Completion {
            const auto document = std::make_shared<std::unique_ptr<QTextDocument>>(new QTextDocument);
            QTextDocument& text = **document;
            text.setDefaultFont(font);
            text.setDefaultTextOption(QTextOption()); // as the view's, which would lay it out anew else
            writeScoredText(text, *read, model, reference, palette);
            text.setTextWidth(width);
            text.moveToThread(thread());
            return [this, document, difference = meanDifference(*read, model, reference)] {
                difference_->setText(difference);
                showScored(std::move(*document));
            };
        },
        [this](const QString& error) { notice_->showText(error); });
}

void TextComparisonView::showScored(std::unique_ptr<QTextDocument> document) {
    const QPointer<QTextDocument> earlier = scored_->document();
    document->setParent(scored_);
    scored_->setDocument(document.release());
    delete earlier.data(); // the view has deleted the one it began with
}

void TextComparisonView::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && continuations_ != nullptr) {
        showResult();
    }
}

} // namespace planish
