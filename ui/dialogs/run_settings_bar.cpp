// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/run_settings_bar.h"

#include "evaluation/corpus.h"

#include <QComboBox>
#include <QFileDialog>
#include <QFileInfo>
#include <QLabel>
#include <QSettings>
#include <QSpinBox>
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
    : QToolBar(tr("Run settings"), parent), corpus_(new QComboBox(this)), convention_(new QComboBox(this)) {
    setObjectName(QStringLiteral("runSettings"));
    setMovable(false);
    const auto addLabel = [this](const QString& text) {
        auto* label = new QLabel(text, this);
        label->setContentsMargins(8, 0, 4, 0);
        return addWidget(label);
    };
    addLabel(tr("Text"));
    for (const std::string& name : bundledCorpora()) {
        corpus_->addItem(QString::fromStdString(name), QString::fromStdString(name));
    }
    corpus_->addItem(tr("A file…"));
    corpus_->setToolTip(tr("The text that runs are evaluated on"));
    corpus_->setAccessibleName(tr("Text"));
    corpus_->setSizeAdjustPolicy(QComboBox::AdjustToContents);
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

    const auto showStride = [this] {
        const bool strided = convention_->currentData().toInt() == static_cast<int>(Convention::strided);
        strideLabel_->setVisible(strided);
        strideAction_->setVisible(strided);
    };
    connect(convention_, &QComboBox::currentIndexChanged, this, showStride);
    showStride();
    connect(corpus_, &QComboBox::activated, this, [this](int index) {
        if (!corpus_->itemData(index).isValid()) {
            corpus_->setCurrentIndex(lastCorpus_);
            chooseFile();
        }
        lastCorpus_ = corpus_->currentIndex();
    });
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

void RunSettingsBar::chooseFile() {
    const QString path =
        QFileDialog::getOpenFileName(this, tr("Open text"), {}, tr("Text (*.txt);;All files (*)"));
    if (!path.isEmpty()) {
        setCorpus(path);
    }
}

QString RunSettingsBar::corpus() const {
    return corpus_->currentData().toString();
}

void RunSettingsBar::setCorpus(const QString& nameOrPath) {
    int index = corpus_->findData(nameOrPath);
    if (index < 0) {
        index = corpus_->count() - 1;
        corpus_->insertItem(index, QFileInfo(nameOrPath).fileName(), nameOrPath);
        corpus_->setItemData(index, nameOrPath, Qt::ToolTipRole);
    }
    corpus_->setCurrentIndex(index);
    lastCorpus_ = index;
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
    return settings;
}

std::uint64_t RunSettingsBar::seed() const {
    return static_cast<std::uint64_t>(seed_->value());
}

void RunSettingsBar::restore(const QSettings& settings) {
    const QString corpus = settings.value(settingsKey("text")).toString();
    if (corpus_->findData(corpus) >= 0 || QFileInfo(corpus).isFile()) {
        setCorpus(corpus);
    }
    convention_->setCurrentIndex(
        std::max(0, convention_->findText(settings.value(settingsKey("convention")).toString())));
    context_->setValue(settings.value(settingsKey("context"), defaultContext).toInt());
    windows_->setValue(settings.value(settingsKey("windows"), defaultWindows).toInt());
    stride_->setValue(settings.value(settingsKey("stride"), 0).toInt());
    seed_->setValue(settings.value(settingsKey("seed"), 0).toInt());
}

void RunSettingsBar::save(QSettings& settings) const {
    settings.setValue(settingsKey("text"), corpus());
    settings.setValue(settingsKey("convention"), convention_->currentText());
    settings.setValue(settingsKey("context"), context_->value());
    settings.setValue(settingsKey("windows"), windows_->value());
    settings.setValue(settingsKey("stride"), stride_->value());
    settings.setValue(settingsKey("seed"), seed_->value());
}

} // namespace planish
