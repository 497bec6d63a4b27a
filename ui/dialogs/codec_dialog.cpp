// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/codec_dialog.h"

#include "codec/codec_string.h"
#include "models/codec_choices.h"
#include "models/recipe_text.h"
#include "support/error.h"
#include "support/text.h"
#include "views/correction_row.h"
#include "views/member_note.h"
#include "views/notice_bar.h"
#include "views/option_row.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QMenu>
#include <QPushButton>
#include <QScrollArea>
#include <QSignalBlocker>
#include <QStandardItemModel>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

namespace {

constexpr int charactersWide = 100;
constexpr int linesHigh = 40;

QString memberText(const CodecMember& member) {
    return QStringLiteral("%1 (%2)").arg(fromUtf8(member.title), fromUtf8(member.name));
}

void setReason(QComboBox* list, int row, const QString& reason) {
    auto* model = static_cast<QStandardItemModel*>(list->model());
    model->item(row)->setEnabled(reason.isEmpty());
    model->item(row)->setToolTip(reason);
}

std::vector<const StageEntry*> stagesOf(Choice choice) {
    std::vector<const StageEntry*> stages;
    for (const StageEntry& entry : stageEntries()) {
        if (entry.member.choice == choice) {
            stages.push_back(&entry);
        }
    }
    return stages;
}

/// Wide enough for its texts and no wider than it must be in a form.
QComboBox* makeList(const QString& accessibleName, QWidget* parent) {
    auto* list = new QComboBox(parent);
    list->setAccessibleName(accessibleName);
    list->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    return list;
}

} // namespace

CodecDialog::CodecDialog(CodecTargets targets, QWidget* parent)
    : QDialog(parent), targets_(std::move(targets)) {
    setWindowTitle(targets_.description.isEmpty() ? tr("Compose codec")
                                                  : tr("Codec of %1").arg(targets_.description));
    auto* layout = new QVBoxLayout(this);
    buildTop(layout);
    auto* choices = new QWidget(this);
    auto* form = new QFormLayout(choices);
    form->setContentsMargins(0, 0, fontMetrics().height() / 2, 0);
    form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
    form->setVerticalSpacing(fontMetrics().height() / 2);
    buildFormat(form);
    transform_ = buildStageField(form, tr("&Transform"), Choice::transform,
                                 tr("The tensor is stored in the basis it comes in."));
    rounding_ = buildStageField(form, tr("&Rounding"), Choice::rounding,
                                tr("Each weight becomes the nearest value that can be stored; formats that "
                                   "choose their scales themselves do so."));
    buildCorrections(form);
    auto* scroll = new QScrollArea(this);
    scroll->setFrameShape(QFrame::NoFrame);
    scroll->setWidgetResizable(true);
    scroll->setHorizontalScrollBarPolicy(Qt::ScrollBarAlwaysOff);
    scroll->setWidget(choices);
    layout->addWidget(scroll, 1);
    buildButtons(layout);
    const QFontMetrics metrics = fontMetrics();
    resize(metrics.averageCharWidth() * charactersWide, metrics.height() * linesHigh);
    spec_ = parseCodecString("fp32");
    text_->setText(targets_.codecNow);
    takeText(targets_.codecNow);
}

QString CodecDialog::codec() const {
    return codec_ ? fromUtf8(codec_->name()) : QString();
}

void CodecDialog::buildTop(QVBoxLayout* layout) {
    text_ = new QLineEdit(this);
    text_->setAccessibleName(tr("Codec"));
    text_->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
    connect(text_, &QLineEdit::textEdited, this, &CodecDialog::takeText);
    auto* label = new QLabel(tr("&Codec"), this);
    label->setBuddy(text_);
    auto* line = new QHBoxLayout;
    line->addWidget(label);
    line->addWidget(text_, 1);
    cost_ = new QLabel(this);
    cost_->setObjectName(QStringLiteral("codecCost"));
    cost_->setWordWrap(true);
    cost_->setTextInteractionFlags(Qt::TextSelectableByMouse);
    error_ = new NoticeBar(NoticeBar::Kind::problem, this);
    layout->addLayout(line);
    layout->addWidget(cost_);
    layout->addWidget(error_);
}

void CodecDialog::buildFormat(QFormLayout* form) {
    format_ = makeList(tr("Format"), this);
    for (const FormatEntry& entry : formatEntries()) {
        format_->addItem(memberText(entry.member));
        if (targets_.floatOnly && entry.kind != FormatKind::plain) {
            setReason(format_, format_->count() - 1,
                      tr("Norms and biases are stored in fp32, bf16 or fp16 only."));
        }
    }
    connect(format_, &QComboBox::activated, this, &CodecDialog::chooseFormat);
    bits_ = makeList(tr("Bits"), this);
    connect(bits_, &QComboBox::activated, this,
            [this] { take(withFormat(spec_, *spec_.format.entry, bits_->currentData().toInt())); });
    bitsLabel_ = new QLabel(tr("&Bits"), this);
    bitsLabel_->setBuddy(bits_);
    formatOptions_ = new OptionRow(this);
    connect(formatOptions_, &OptionRow::chosen, this,
            [this](const CodecOption& option, const std::string& word) {
                take(withFormatOption(spec_, option, word));
            });
    formatNote_ = new MemberNote(this);
    auto* controls = new QHBoxLayout;
    controls->setSpacing(fontMetrics().height() / 3);
    controls->addWidget(format_);
    controls->addSpacing(fontMetrics().height() / 2);
    controls->addWidget(bitsLabel_);
    controls->addWidget(bits_);
    controls->addStretch(1);
    auto* column = new QVBoxLayout;
    column->addLayout(controls);
    column->addWidget(formatOptions_);
    column->addWidget(formatNote_);
    auto* label = new QLabel(tr("&Format"), this);
    label->setBuddy(format_);
    form->addRow(label, column);
}

CodecDialog::StageField CodecDialog::buildStageField(QFormLayout* form, const QString& label, Choice choice,
                                                     const QString& none) {
    QString name = label;
    StageField field{choice, none, makeList(name.remove(QLatin1Char('&')), this), new OptionRow(this),
                     new MemberNote(this)};
    field.list->addItem(choice == Choice::rounding ? tr("Nearest, or the format's own") : tr("None"));
    for (const StageEntry* entry : stagesOf(choice)) {
        field.list->addItem(memberText(entry->member));
    }
    connect(field.list, &QComboBox::activated, this, [this, choice](int row) { chooseStage(choice, row); });
    connect(field.options, &OptionRow::chosen, this,
            [this, choice](const CodecOption& option, const std::string& word) {
                if (const StageSpec* stage = stageOf(spec_, choice)) {
                    takeStage(withStageOption(*stage, option, word));
                }
            });
    auto* column = new QVBoxLayout;
    column->addWidget(field.list, 0, Qt::AlignLeft);
    column->addWidget(field.options);
    column->addWidget(field.note);
    auto* title = new QLabel(label, this);
    title->setBuddy(field.list);
    form->addRow(title, column);
    return field;
}

void CodecDialog::buildCorrections(QFormLayout* form) {
    correctionMenu_ = new QMenu(this);
    correctionMenu_->setToolTipsVisible(true);
    for (const StageEntry* entry : stagesOf(Choice::correction)) {
        QAction* action = correctionMenu_->addAction(memberText(entry->member));
        connect(action, &QAction::triggered, this, [this, entry] { takeStage(usualStage(*entry)); });
    }
    addCorrection_ = new QPushButton(tr("&Add correction"), this);
    addCorrection_->setAutoDefault(false);
    addCorrection_->setMenu(correctionMenu_);
    corrections_ = new QVBoxLayout;
    auto* column = new QVBoxLayout;
    column->addLayout(corrections_);
    column->addWidget(addCorrection_, 0, Qt::AlignLeft);
    auto* label = new QLabel(tr("Corrections"), this);
    label->setBuddy(addCorrection_);
    form->addRow(label, column);
}

void CodecDialog::buildButtons(QVBoxLayout* layout) {
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Cancel, this);
    apply_ = buttons->addButton(tr("Apply"), QDialogButtonBox::AcceptRole);
    apply_->setDefault(true);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    layout->addWidget(buttons);
}

void CodecDialog::takeText(const QString& text) {
    CodecInput input = readCodec(text);
    if (input.codec && targets_.floatOnly && !input.codec->isFloat()) {
        input = {std::nullopt, tr("Norms and biases are stored in fp32, bf16 or fp16 only.")};
    }
    codec_ = input.codec;
    if (codec_) {
        spec_ = parseCodecString(codec_->name());
    }
    refresh();
    showError(input.error);
}

void CodecDialog::take(CodecSpec spec) {
    const QString text = fromUtf8(printCodecString(spec));
    text_->setText(text);
    takeText(text);
}

void CodecDialog::takeStage(const StageSpec& stage) {
    try {
        take(withStage(spec_, stage));
    } catch (const Error& error) {
        refresh();
        showError(QString::fromUtf8(error.what()));
    }
}

void CodecDialog::chooseFormat(int row) {
    take(withFormat(spec_, formatEntries()[static_cast<std::size_t>(row)], spec_.format.rate()));
}

void CodecDialog::chooseStage(Choice choice, int row) {
    if (row > 0) {
        takeStage(usualStage(*stagesOf(choice)[static_cast<std::size_t>(row) - 1]));
    } else if (const StageSpec* present = stageOf(spec_, choice)) {
        take(withoutStage(spec_, *present->entry));
    }
}

void CodecDialog::composeNested(const StageSpec& stage) {
    CodecTargets targets;
    targets.description = fromUtf8(stage.entry->member.name);
    targets.codecNow = fromUtf8(printCodecString(*stage.codec));
    targets.tensors = targets_.tensors;
    auto* nested = new CodecDialog(std::move(targets), this);
    nested->setAttribute(Qt::WA_DeleteOnClose);
    connect(nested, &QDialog::accepted, this, [this, nested, stage] {
        StageSpec changed = stage;
        changed.codec = std::make_shared<const CodecSpec>(parseCodecString(nested->codec().toStdString()));
        takeStage(changed);
    });
    nested->open();
}

void CodecDialog::refresh() {
    refreshFormat();
    refreshStageField(transform_);
    refreshStageField(rounding_);
    refreshCorrections();
    refreshCost();
}

void CodecDialog::refreshFormat() {
    const FormatEntry& entry = *spec_.format.entry;
    format_->setCurrentIndex(static_cast<int>(&entry - formatEntries().data()));
    const std::vector<int> numbers = formatRates(entry, spec_.format);
    bits_->clear();
    for (const int rate : numbers) {
        bits_->addItem(fromUtf8(printRate(rate)), rate);
    }
    bits_->setCurrentIndex(bits_->findData(spec_.format.rate()));
    bits_->setVisible(!numbers.empty());
    bitsLabel_->setVisible(!numbers.empty());
    formatOptions_->show(planish::formatOptions(spec_));
    formatNote_->show(entry.member);
}

void CodecDialog::refreshStageField(const StageField& field) {
    const std::vector<const StageEntry*> stages = stagesOf(field.choice);
    const StageSpec* present = stageOf(spec_, field.choice);
    int current = 0;
    for (std::size_t i = 0; i < stages.size(); ++i) {
        const int row = static_cast<int>(i) + 1;
        setReason(field.list, row, fromUtf8(objection(spec_, *stages[i])));
        current = present != nullptr && present->entry == stages[i] ? row : current;
    }
    field.list->setCurrentIndex(current);
    field.options->show(present == nullptr ? std::vector<CodecOption>() : stageOptions(*present));
    if (present != nullptr) {
        field.note->show(present->entry->member);
    } else {
        field.note->showText(field.none);
    }
}

void CodecDialog::refreshCorrections() {
    std::vector<const StageSpec*> corrections;
    for (const StageSpec& stage : spec_.stages) {
        if (stage.entry->member.choice == Choice::correction) {
            corrections.push_back(&stage);
        }
    }
    const auto entryOf = [](const StageSpec* stage) { return stage->entry; };
    const auto entryOfRow = [](const CorrectionRow* row) { return &row->entry(); };
    if (!std::ranges::equal(corrections, correctionRows_, {}, entryOf, entryOfRow)) {
        makeCorrectionRows(corrections);
    }
    for (std::size_t i = 0; i < corrections.size(); ++i) {
        correctionRows_[i]->show(*corrections[i]);
    }
    const std::vector<const StageEntry*> entries = stagesOf(Choice::correction);
    const QList<QAction*> actions = correctionMenu_->actions();
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const bool present = std::ranges::count(corrections, entries[i], entryOf) > 0;
        const QString reason = present ? tr("It is there already.") : fromUtf8(objection(spec_, *entries[i]));
        QAction* action = actions.at(static_cast<qsizetype>(i));
        action->setEnabled(reason.isEmpty());
        action->setToolTip(reason.isEmpty() ? fromUtf8(entries[i]->member.summary) : reason);
    }
}

void CodecDialog::makeCorrectionRows(const std::vector<const StageSpec*>& corrections) {
    for (CorrectionRow* row : correctionRows_) {
        row->hide();
        row->deleteLater(); // it may be the one that asked for this
    }
    correctionRows_.clear();
    for (const StageSpec* stage : corrections) {
        auto* row = new CorrectionRow(*stage, this);
        connect(row, &CorrectionRow::edited, this, &CodecDialog::takeStage);
        connect(row, &CorrectionRow::nestedRequested, this, &CodecDialog::composeNested);
        connect(row, &CorrectionRow::errorChanged, this, [this, row] { showError(row->error()); });
        connect(row, &CorrectionRow::removeRequested, this,
                [this, row] { take(withoutStage(spec_, row->entry())); });
        corrections_->addWidget(row);
        correctionRows_.push_back(row);
    }
}

void CodecDialog::refreshCost() {
    if (!codec_ || targets_.tensors.empty()) {
        cost_->clear();
        return;
    }
    try {
        const QString size = fromUtf8(formatBytes(packedBytes(*codec_, targets_.tensors)));
        QString text = tr("%1 bits per weight · %2")
                           .arg(QLocale().toString(bitsPerWeight(*codec_, targets_.tensors), 'f', 4),
                                targets_.bytesNow == 0
                                    ? size
                                    : tr("%1 → %2").arg(fromUtf8(formatBytes(targets_.bytesNow)), size));
        if (targets_.codecsNow > 1) {
            text = tr("%1 · in place of %n different codec(s)", nullptr, targets_.codecsNow).arg(text);
        }
        cost_->setText(text);
    } catch (const Error& error) {
        cost_->setText(QString::fromUtf8(error.what()));
    }
}

void CodecDialog::showError(const QString& error) {
    if (error.isEmpty()) {
        error_->hide();
    } else {
        error_->showText(error);
    }
    apply_->setEnabled(codec_ && error.isEmpty());
}

} // namespace planish
