// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/run_settings_bar.h"

#include "dialogs/calibration_panel.h"
#include "dialogs/text_chooser.h"

#include <QCheckBox>
#include <QComboBox>
#include <QLabel>
#include <QScreen>
#include <QSettings>
#include <QSpinBox>
#include <QToolButton>
#include <algorithm>
#include <limits>

namespace planish {

namespace {

constexpr int defaultContext = 512;
constexpr int defaultWindows = 32;

QString settingsKey(const char* name) {
    return QStringLiteral("evaluation/") + QString::fromLatin1(name);
}

} // namespace

RunSettingsBar::RunSettingsBar(QWidget* parent)
    : QToolBar(tr("Run settings"), parent), corpus_(new TextChooser(this)), convention_(new QComboBox(this)) {
    setObjectName(QStringLiteral("runSettings"));
    setMovable(false);
    const auto addLabel = [this](const QString& text) {
        auto* label = new QLabel(text, this);
        label->setContentsMargins(8, 0, 4, 0);
        return addWidget(label);
    };
    addLabel(tr("Text"));
    corpus_->setToolTip(tr("The text that runs are evaluated on"));
    corpus_->setAccessibleName(tr("Text"));
    addWidget(corpus_);
    addLabel(tr("Convention"));
    for (const Convention convention : {Convention::standard, Convention::strided, Convention::llamaCpp}) {
        const std::string_view name = conventionName(convention);
        convention_->addItem(QString::fromUtf8(name.data(), static_cast<qsizetype>(name.size())),
                             static_cast<int>(convention));
    }
    convention_->setToolTip(tr("How the text is cut into windows and which tokens are scored"));
    convention_->setAccessibleName(tr("Convention"));
    addWidget(convention_);
    context_ = addNumber(tr("Context"), tr("Tokens in a window"), 2, 1 << 20, defaultContext);
    context_->setSingleStep(128);
    windows_ = addNumber(tr("Windows"),
                         tr("How many windows of the text are evaluated; more make the error bars smaller"),
                         0, std::numeric_limits<int>::max(), defaultWindows);
    windows_->setSpecialValueText(tr("all"));
    strideLabel_ = addLabel(tr("Stride"));
    stride_ = new QSpinBox(this);
    stride_->setRange(0, 1 << 20);
    stride_->setSpecialValueText(tr("half"));
    stride_->setToolTip(tr("Scored tokens in a window"));
    stride_->setAccessibleName(tr("Stride"));
    strideAction_ = addWidget(stride_);
    seed_ =
        addNumber(tr("Seed"), tr("Of codecs that use random numbers"), 0, std::numeric_limits<int>::max(), 0);

    exact_ = new QCheckBox(tr("Exact"), this);
    exact_->setToolTip(tr("Multiply in fp32 also where the processor has faster products of bf16 numbers"));
    addLabel(QString());
    addWidget(exact_);

    const auto showStride = [this] {
        const bool strided = convention_->currentData().toInt() == static_cast<int>(Convention::strided);
        strideLabel_->setVisible(strided);
        strideAction_->setVisible(strided);
    };
    connect(convention_, &QComboBox::currentIndexChanged, this, showStride);
    showStride();
    addCalibration();
    connect(corpus_, &TextChooser::textChanged, this, &RunSettingsBar::changed);
    connect(convention_, &QComboBox::currentIndexChanged, this, &RunSettingsBar::changed);
    connect(exact_, &QCheckBox::toggled, this, &RunSettingsBar::changed);
    connect(calibration_, &CalibrationPanel::changed, this, &RunSettingsBar::changed);
    for (QSpinBox* box : {context_, windows_, stride_, seed_}) {
        connect(box, &QSpinBox::valueChanged, this, &RunSettingsBar::changed);
    }
    setCorpus(QStringLiteral("literature"));
}

QSpinBox* RunSettingsBar::addNumber(const QString& label, const QString& toolTip, int minimum, int maximum,
                                    int value) {
    auto* text = new QLabel(label, this);
    text->setContentsMargins(8, 0, 4, 0);
    auto* box = new QSpinBox(this);
    box->setRange(minimum, maximum);
    box->setValue(value);
    box->setToolTip(toolTip);
    box->setAccessibleName(label);
    box->setMinimumWidth(box->fontMetrics().horizontalAdvance(QStringLiteral("000000")) + 32);
    text->setBuddy(box);
    addWidget(text);
    addWidget(box);
    return box;
}

void RunSettingsBar::addCalibration() {
    calibration_ = new CalibrationPanel(this);
    calibrationButton_ = new QToolButton(this);
    calibrationButton_->setToolTip(tr("What codecs that look at activations are calibrated on"));
    calibrationButton_->setFocusPolicy(Qt::TabFocus);
    calibrationButton_->setContentsMargins(8, 0, 4, 0);
    addWidget(calibrationButton_);
    const auto showSummary = [this] {
        calibrationButton_->setText(tr("Calibration: %1").arg(calibration_->summary()));
    };
    connect(calibration_, &CalibrationPanel::changed, this, showSummary);
    connect(calibrationButton_, &QToolButton::clicked, this, &RunSettingsBar::openCalibration);
    showSummary();
}

void RunSettingsBar::openCalibration() {
    calibration_->adjustSize();
    const QRect available = screen()->availableGeometry();
    const QPoint below = calibrationButton_->mapToGlobal(QPoint(0, calibrationButton_->height()));
    const int rightmost = std::max(available.left(), available.right() - calibration_->width());
    calibration_->move(std::min(below.x(), rightmost), below.y());
    calibration_->open();
}

std::optional<CalibrationSettings> RunSettingsBar::calibration() const {
    return calibration_->settings();
}

QString RunSettingsBar::corpus() const {
    return corpus_->nameOrPath();
}

void RunSettingsBar::setCorpus(const QString& nameOrPath) {
    corpus_->setNameOrPath(nameOrPath);
}

void RunSettingsBar::setContext(int tokens) {
    context_->setValue(tokens);
}

void RunSettingsBar::setWindows(int count) {
    windows_->setValue(count);
}

EvaluationSettings RunSettingsBar::evaluation() const {
    EvaluationSettings settings;
    settings.convention = static_cast<Convention>(convention_->currentData().toInt());
    settings.context = static_cast<std::size_t>(context_->value());
    settings.windows = static_cast<std::size_t>(windows_->value());
    if (settings.convention == Convention::strided) {
        settings.stride = static_cast<std::size_t>(stride_->value());
    }
    settings.exact = exact_->isChecked();
    return settings;
}

std::uint64_t RunSettingsBar::seed() const {
    return static_cast<std::uint64_t>(seed_->value());
}

void RunSettingsBar::restore(const QSettings& settings) {
    corpus_->restore(settings.value(settingsKey("text")).toString());
    convention_->setCurrentIndex(
        std::max(0, convention_->findText(settings.value(settingsKey("convention")).toString())));
    context_->setValue(settings.value(settingsKey("context"), defaultContext).toInt());
    windows_->setValue(settings.value(settingsKey("windows"), defaultWindows).toInt());
    stride_->setValue(settings.value(settingsKey("stride"), 0).toInt());
    exact_->setChecked(settings.value(settingsKey("exact"), false).toBool());
    seed_->setValue(settings.value(settingsKey("seed"), 0).toInt());
    calibration_->restore(settings);
}

void RunSettingsBar::save(QSettings& settings) const {
    settings.setValue(settingsKey("text"), corpus());
    settings.setValue(settingsKey("convention"), convention_->currentText());
    settings.setValue(settingsKey("context"), context_->value());
    settings.setValue(settingsKey("windows"), windows_->value());
    settings.setValue(settingsKey("stride"), stride_->value());
    settings.setValue(settingsKey("exact"), exact_->isChecked());
    settings.setValue(settingsKey("seed"), seed_->value());
    calibration_->save(settings);
}

} // namespace planish
