// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/target_bar.h"

#include <QCheckBox>
#include <QDoubleSpinBox>
#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSignalBlocker>

namespace planish {

TargetBar::TargetBar(TargetMix& target, QWidget* parent)
    : QWidget(parent),
      target_(target),
      on_(new QCheckBox(tr("Tar&get"), this)),
      compression_(new QDoubleSpinBox(this)),
      limited_(new QCheckBox(tr("ΔPP&L at most"), this)),
      loss_(new QDoubleSpinBox(this)),
      answer_(new QLabel(this)),
      use_(new QPushButton(this)) {
    on_->setToolTip(
        tr("Aim at a size: the best mix of codecs for it is chosen. The line in the plot can be dragged."));
    compression_->setRange(1.5, 32);
    compression_->setDecimals(2);
    compression_->setSingleStep(0.25);
    compression_->setValue(10);
    compression_->setSuffix(QStringLiteral("×"));
    compression_->setAccessibleName(tr("Compression to aim at"));
    compression_->setToolTip(
        tr("Compression of the attention and MLP matrices against fp32: 32 ÷ bits per weight"));
    limited_->setToolTip(tr("Shade what loses more than this against the unquantized model"));
    loss_->setRange(0.01, 1000);
    loss_->setDecimals(2);
    loss_->setSingleStep(0.25);
    loss_->setValue(1);
    loss_->setSuffix(tr(" %"));
    loss_->setAccessibleName(tr("Loss to accept"));
    answer_->setTextFormat(Qt::RichText);
    answer_->setWordWrap(true);
    answer_->setTextInteractionFlags(Qt::LinksAccessibleByMouse | Qt::LinksAccessibleByKeyboard);
    auto* layout = new QHBoxLayout(this);
    layout->setContentsMargins(6, 2, 6, 4);
    layout->addWidget(on_);
    layout->addWidget(compression_);
    layout->addWidget(limited_);
    layout->addWidget(loss_);
    layout->addWidget(answer_, 1);
    layout->addWidget(use_);
    const auto retarget = [this] {
        target_.setTarget(on_->isChecked() ? std::optional(32 / compression_->value()) : std::nullopt);
    };
    connect(on_, &QCheckBox::toggled, this, retarget);
    connect(compression_, &QDoubleSpinBox::valueChanged, this, [this, retarget] {
        const QSignalBlocker blocker(on_);
        on_->setChecked(true);
        retarget();
    });
    connect(limited_, &QCheckBox::toggled, this, &TargetBar::ceilingChanged);
    connect(loss_, &QDoubleSpinBox::valueChanged, this, [this] { setCeiling(loss_->value()); });
    connect(use_, &QPushButton::clicked, this, &TargetBar::useAnswer);
    connect(answer_, &QLabel::linkActivated, this, &TargetBar::measureRequested);
    connect(&target_, &TargetMix::targetChanged, this, &TargetBar::showTarget);
    connect(&target_, &TargetMix::changed, this, &TargetBar::showAnswer);
    showTarget();
}

std::optional<double> TargetBar::ceiling() const {
    return limited_->isChecked() ? std::optional(loss_->value()) : std::nullopt;
}

void TargetBar::setCeiling(std::optional<double> deltaPercent) {
    {
        const QSignalBlocker checkBlocker(limited_);
        const QSignalBlocker valueBlocker(loss_);
        limited_->setChecked(deltaPercent.has_value());
        loss_->setValue(deltaPercent.value_or(loss_->value()));
    }
    emit ceilingChanged();
}

void TargetBar::changeEvent(QEvent* event) {
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange) {
        answer_->clear(); // links keep the colour of the palette they were set under
        showAnswer();
    }
}

void TargetBar::showTarget() {
    const QSignalBlocker onBlocker(on_);
    const QSignalBlocker valueBlocker(compression_);
    on_->setChecked(target_.target().has_value());
    if (target_.target()) {
        compression_->setValue(32 / *target_.target());
    }
    showAnswer();
}

void TargetBar::showAnswer() {
    const QLocale locale;
    const RunRecord* recorded = target_.bestRecorded();
    use_->setVisible(target_.target() && (target_.mix() || recorded != nullptr));
    if (!target_.target()) {
        answer_->clear();
    } else if (const auto& mix = target_.mix()) {
        answer_->setText(tr("Best mix: %1 bits per weight, predicted ΔPPL +%2 ± %3 %")
                             .arg(locale.toString(mix->size.bitsPerWeight(), 'f', 3),
                                  locale.toString(mix->prediction.deltaPplPercent, 'f', 2),
                                  locale.toString(mix->prediction.deltaPplErrorPercent, 'f', 2)));
        answer_->setToolTip(
            tr("No mix of the studied codecs is predicted to do better than this by more than %1 %.")
                .arg(locale.toString(100 * mix->gap, 'g', 2)));
        use_->setText(tr("&Use this mix"));
    } else if (!target_.problem().isEmpty()) {
        answer_->setText(target_.problem().toHtmlEscaped());
        use_->hide();
    } else if (recorded != nullptr) {
        answer_->setText(
            tr("Best recorded: %1, ΔPPL %2 %. <a href=\"measure\">Measure sensitivities</a> to have "
               "mixes chosen")
                .arg(QString::fromStdString(recorded->name).toHtmlEscaped(),
                     locale.toString(recorded->deltaPplPercent, 'f', 2)));
        use_->setText(tr("Edit a copy"));
    } else {
        answer_->setText(
            tr("<a href=\"measure\">Measure sensitivities</a> to have mixes chosen for this size"));
    }
}

void TargetBar::useAnswer() {
    if (target_.mix()) {
        emit recipeWanted(target_.mix()->recipe);
    } else if (const RunRecord* recorded = target_.bestRecorded()) {
        emit recipeWanted(recorded->recipe);
    }
}

} // namespace planish
