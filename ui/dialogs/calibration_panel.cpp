// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/calibration_panel.h"

#include "dialogs/cache_row.h"
#include "dialogs/text_chooser.h"
#include "models/recipe_text.h"
#include "support/error.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QFormLayout>
#include <QFrame>
#include <QLabel>
#include <QLocale>
#include <QPainter>
#include <QRadioButton>
#include <QSettings>
#include <QSpinBox>
#include <QVBoxLayout>
#include <algorithm>
#include <cmath>

namespace planish {

namespace {

constexpr std::size_t longestUsualContext = 2048; // CalibrationSettings::context
constexpr std::size_t tokensAnInput = 8;          // fewer leave the second moments to chance
constexpr int mostSamples = 1 << 20;
constexpr int mostContext = 1 << 20;
constexpr double million = 1e6;
constexpr double mostMillions = 10'000;

QString settingsKey(const char* name) {
    return QStringLiteral("calibration/") + QString::fromLatin1(name);
}

QString number(std::size_t value) {
    return QLocale().toString(static_cast<qulonglong>(value));
}

} // namespace

/// A popup has no frame of the window manager's.
void CalibrationPanel::paintEvent(QPaintEvent* event) {
    QDialog::paintEvent(event);
    QPainter painter(this);
    painter.setPen(palette().color(QPalette::Mid));
    painter.drawRect(rect().adjusted(0, 0, -1, -1));
}

CalibrationPanel::CalibrationPanel(QWidget* parent) : QDialog(parent, Qt::Popup) {
    setWindowTitle(tr("Calibration"));
    auto* layout = new QVBoxLayout(this);
    automatic_ = new QRadioButton(tr("&Automatic: only runs with a codec that needs it"), this);
    always_ = new QRadioButton(tr("A&lways, with these settings"), this);
    layout->addWidget(automatic_);
    layout->addWidget(always_);
    buildFields(layout);
    tokens_ = new QLabel(this);
    tokens_->setObjectName(QStringLiteral("calibrationTokens"));
    hint_ = new QLabel(this);
    hint_->setObjectName(QStringLiteral("calibrationHint"));
    hint_->setWordWrap(true);
    layout->addWidget(tokens_);
    layout->addWidget(hint_);
    addCache(layout);
    layout->setSizeConstraint(QLayout::SetFixedSize);
    setSettings(std::nullopt);
    for (QRadioButton* button : {automatic_, always_}) {
        connect(button, &QRadioButton::toggled, this, &CalibrationPanel::update);
    }
    connect(text_, &TextChooser::textChanged, this, &CalibrationPanel::update);
    connect(samples_, &QSpinBox::valueChanged, this, &CalibrationPanel::update);
    connect(context_, &QSpinBox::valueChanged, this, &CalibrationPanel::update);
    connect(inputs_, &QComboBox::currentIndexChanged, this, &CalibrationPanel::update);
    connect(weights_, &QComboBox::currentIndexChanged, this, &CalibrationPanel::update);
    connect(trainingText_, &TextChooser::textChanged, this, &CalibrationPanel::update);
    connect(trainingTokens_, &QDoubleSpinBox::valueChanged, this, &CalibrationPanel::update);
    connect(trainingRate_, &QDoubleSpinBox::valueChanged, this, &CalibrationPanel::update);
}

void CalibrationPanel::buildFields(QVBoxLayout* layout) {
    form_ = new QWidget(this);
    auto* form = new QFormLayout(form_);
    text_ = new TextChooser(form_);
    text_->setAccessibleName(tr("Calibration text"));
    text_->setToolTip(tr("Another text than the one runs are evaluated on keeps the comparison honest"));
    form->addRow(tr("&Text"), text_);
    samples_ = addNumber(form, tr("&Samples"), tr("Calibration samples"), 1, mostSamples);
    samples_->setToolTip(tr("The first so many windows of the text"));
    context_ = addNumber(form, tr("&Context"), tr("Calibration context"), 0, mostContext);
    context_->setSingleStep(128);
    context_->setToolTip(tr("Tokens in a sample"));
    inputs_ = new QComboBox(form_);
    inputs_->setAccessibleName(tr("Calibration inputs"));
    inputs_->addItem(tr("of the model quantized so far"), static_cast<int>(CalibrationInputs::quantized));
    inputs_->addItem(tr("of the original model"), static_cast<int>(CalibrationInputs::original));
    inputs_->setToolTip(tr("Each tensor sees the inputs that the tensors before it, already quantized, give "
                           "it; those of the original model are the same for every recipe and are kept"));
    form->addRow(tr("&Inputs"), inputs_);
    weights_ = new QComboBox(form_);
    weights_->setAccessibleName(tr("Calibration token weights"));
    weights_->addItem(tr("equal"), static_cast<int>(TokenWeighting::equal));
    weights_->addItem(tr("by the gradients of the loss"), static_cast<int>(TokenWeighting::gradient));
    weights_->addItem(tr("by gradients, outputs related"), static_cast<int>(TokenWeighting::kronecker));
    weights_->setToolTip(tr("By gradients: tokens at which errors cost more count for more; takes a backward "
                            "pass of the original model. Outputs related: GPTQ also makes up for errors of "
                            "outputs in others, for which the pass keeps a matrix for each tensor"));
    form->addRow(tr("Token &weights"), weights_);
    trainingText_ = new TextChooser(form_);
    trainingText_->setAccessibleName(tr("Training text"));
    trainingText_->insertItem(0, tr("the same text"), QString());
    trainingText_->setNameOrPath({});
    trainingText_->setToolTip(
        tr("What codecs with +recover or +qat train on: long, of the kinds the model was made for, and "
           "not what is evaluated"));
    form->addRow(tr("T&raining"), trainingText_);
    trainingTokens_ = new QDoubleSpinBox(form_);
    trainingTokens_->setAccessibleName(tr("Training tokens"));
    trainingTokens_->setDecimals(3);
    trainingTokens_->setRange(0.001, mostMillions);
    trainingTokens_->setSingleStep(0.25);
    trainingTokens_->setSuffix(tr(" million tokens"));
    form->addRow(tr("T&okens"), trainingTokens_);
    trainingTokens_->setToolTip(
        tr("So much of it, from all over the text. The estimate of a run says how long "
           "it takes"));
    trainingRate_ = new QDoubleSpinBox(form_);
    trainingRate_->setAccessibleName(tr("Training rate"));
    trainingRate_->setDecimals(4);
    trainingRate_->setRange(0.0001, 1);
    trainingRate_->setSingleStep(0.001);
    trainingRate_->setToolTip(tr("The first steps of training, relative to the size of a tensor's weights"));
    form->addRow(tr("R&ate"), trainingRate_);
    layout->addWidget(form_);
}

void CalibrationPanel::addCache(QVBoxLayout* layout) {
    auto* line = new QFrame(this);
    line->setFrameShape(QFrame::HLine);
    line->setFrameShadow(QFrame::Sunken);
    layout->addWidget(line);
    auto* form = new QFormLayout;
    form->addRow(tr("Cache"), new CacheRow(this));
    layout->addLayout(form);
}

QSpinBox* CalibrationPanel::addNumber(QFormLayout* form, const QString& label, const QString& name,
                                      int minimum, int maximum) {
    auto* box = new QSpinBox(form_);
    box->setAccessibleName(name);
    box->setRange(minimum, maximum);
    form->addRow(label, box);
    return box;
}

CalibrationSettings CalibrationPanel::fields() const {
    CalibrationSettings settings;
    settings.text = text_->nameOrPath().toStdString();
    settings.samples = static_cast<std::size_t>(samples_->value());
    settings.context = static_cast<std::size_t>(context_->value());
    settings.inputs = static_cast<CalibrationInputs>(inputs_->currentData().toInt());
    settings.tokens = static_cast<TokenWeighting>(weights_->currentData().toInt());
    settings.trainingText = trainingText_->nameOrPath().toStdString();
    settings.trainingTokens = static_cast<std::size_t>(std::lround(trainingTokens_->value() * million));
    settings.trainingRate = trainingRate_->value();
    return settings;
}

std::optional<CalibrationSettings> CalibrationPanel::settings() const {
    return always_->isChecked() ? std::optional(fields()) : std::nullopt;
}

void CalibrationPanel::setSettings(const std::optional<CalibrationSettings>& settings) {
    const CalibrationSettings shown = settings.value_or(CalibrationSettings());
    text_->setNameOrPath(QString::fromStdString(shown.text));
    samples_->setValue(static_cast<int>(std::min<std::size_t>(shown.samples, mostSamples)));
    context_->setValue(static_cast<int>(std::min<std::size_t>(shown.context, mostContext)));
    inputs_->setCurrentIndex(inputs_->findData(static_cast<int>(shown.inputs)));
    weights_->setCurrentIndex(weights_->findData(static_cast<int>(shown.tokens)));
    trainingText_->setNameOrPath(QString::fromStdString(shown.trainingText));
    trainingTokens_->setValue(static_cast<double>(shown.trainingTokens) / million);
    trainingRate_->setValue(shown.trainingRate);
    (settings ? always_ : automatic_)->setChecked(true);
    update();
}

std::size_t CalibrationPanel::contextInUse() const {
    const auto context = static_cast<std::size_t>(context_->value());
    return context > 0 ? context : std::min(maximumContext_, longestUsualContext);
}

QString CalibrationPanel::summary() const {
    if (!always_->isChecked()) {
        return tr("automatic");
    }
    const std::size_t context = contextInUse();
    return tr("%1 × %2 of %3")
        .arg(number(fields().samples), context > 0 ? number(context) : tr("context"), text_->currentText());
}

void CalibrationPanel::setModel(std::size_t maximumContext, std::size_t widestInput) {
    maximumContext_ = maximumContext;
    widestInput_ = widestInput;
    update();
}

void CalibrationPanel::update() {
    form_->setEnabled(always_->isChecked());
    const std::size_t usual = std::min(maximumContext_, longestUsualContext);
    context_->setSpecialValueText(usual > 0 ? tr("the model's (%1)").arg(usual) : tr("the model's"));
    const std::size_t tokens = fields().samples * contextInUse();
    tokens_->setText(tr("Calibrated on at most %1 tokens").arg(number(tokens)));
    tokens_->setVisible(tokens > 0);
    const std::size_t wanted = tokensAnInput * widestInput_;
    hint_->setText(tr("Rank-starved: tensors of this model have up to %1 inputs, which want %2 tokens or "
                      "more. The statistics of fewer are mostly chance.")
                       .arg(number(widestInput_), number(wanted)));
    hint_->setVisible(tokens > 0 && tokens < wanted);
    emit changed();
}

void CalibrationPanel::restore(const QSettings& settings) {
    CalibrationSettings kept;
    const auto count = [&](const char* name, std::size_t usual) {
        return static_cast<std::size_t>(settings.value(settingsKey(name), qulonglong{usual}).toULongLong());
    };
    kept.samples = count("samples", kept.samples);
    kept.context = count("context", kept.context);
    kept.trainingTokens = count("trainingTokens", kept.trainingTokens);
    kept.trainingRate = settings.value(settingsKey("trainingRate"), kept.trainingRate).toDouble();
    try {
        kept.inputs = parseCalibrationInputs(settings.value(settingsKey("inputs")).toString().toStdString());
        kept.tokens =
            parseTokenWeighting(settings.value(settingsKey("tokenWeights")).toString().toStdString());
    } catch (const Error&) {
        // Nothing kept yet, or by another version: the usual ones.
        kept.inputs = CalibrationSettings().inputs;
        kept.tokens = CalibrationSettings().tokens;
    }
    setSettings(kept);
    text_->restore(settings.value(settingsKey("text")).toString());
    trainingText_->restore(settings.value(settingsKey("trainingText")).toString());
    const bool always = settings.value(settingsKey("always"), false).toBool();
    (always ? always_ : automatic_)->setChecked(true);
    update();
}

void CalibrationPanel::save(QSettings& settings) const {
    const CalibrationSettings kept = fields();
    settings.setValue(settingsKey("always"), always_->isChecked());
    settings.setValue(settingsKey("text"), text_->nameOrPath());
    settings.setValue(settingsKey("samples"), qulonglong{kept.samples});
    settings.setValue(settingsKey("context"), qulonglong{kept.context});
    settings.setValue(settingsKey("trainingText"), trainingText_->nameOrPath());
    settings.setValue(settingsKey("trainingTokens"), qulonglong{kept.trainingTokens});
    settings.setValue(settingsKey("trainingRate"), kept.trainingRate);
    settings.setValue(settingsKey("tokenWeights"), fromUtf8(tokenWeightingName(kept.tokens)));
    settings.setValue(settingsKey("inputs"), fromUtf8(calibrationInputsName(kept.inputs)));
}

} // namespace planish
