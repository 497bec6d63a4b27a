// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/correction_row.h"

#include "codec/codec_string.h"
#include "models/recipe_text.h"
#include "support/error.h"
#include "views/member_note.h"
#include "views/option_row.h"

#include <QDoubleSpinBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSignalBlocker>
#include <QToolButton>
#include <QVBoxLayout>
#include <cmath>

namespace planish {

namespace {

constexpr double partsInPercent = 1e4;

/// "0.5 %" instead of "0.5000 %".
class PercentBox : public QDoubleSpinBox {
  public:
    using QDoubleSpinBox::QDoubleSpinBox;
    QString textFromValue(double value) const override {
        return locale().toString(value, 'g', QLocale::FloatingPointShortest);
    }
};

} // namespace

CorrectionRow::CorrectionRow(const StageSpec& stage, QWidget* parent)
    : QWidget(parent), stage_(stage), options_(new OptionRow(this)) {
    const QString name = fromUtf8(entry().member.title);
    auto* controls = new QHBoxLayout;
    controls->addWidget(new QLabel(name, this));
    addArgument(controls);
    auto* remove = new QToolButton(this);
    remove->setText(tr("Remove"));
    remove->setAccessibleName(tr("Remove %1").arg(name));
    remove->setFocusPolicy(Qt::StrongFocus);
    if (entry().argument != StageArgument::codec) {
        controls->addStretch(1);
    }
    controls->addWidget(remove);
    auto* note = new MemberNote(this);
    note->show(entry().member);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, fontMetrics().height() / 4);
    layout->addLayout(controls);
    layout->addWidget(options_);
    layout->addWidget(note);
    connect(remove, &QToolButton::clicked, this, &CorrectionRow::removeRequested);
    connect(options_, &OptionRow::chosen, this, [this](const CodecOption& option, const std::string& word) {
        emit edited(withStageOption(stage_, option, word));
    });
    show(stage);
}

void CorrectionRow::addArgument(QHBoxLayout* layout) {
    if (entry().argument == StageArgument::percent) {
        auto* box = new PercentBox(this);
        box->setDecimals(4);
        box->setRange(1 / partsInPercent, entry().most / partsInPercent);
        box->setSingleStep(0.25);
        box->setSuffix(QStringLiteral(" %"));
        connect(box, &QDoubleSpinBox::valueChanged, this, [this](double percent) {
            StageSpec changed = stage_;
            changed.number = static_cast<std::uint32_t>(std::lround(percent * partsInPercent));
            emit edited(changed);
        });
        argument_ = box;
    } else if (entry().argument == StageArgument::number) {
        auto* box = new QSpinBox(this);
        box->setRange(1, static_cast<int>(entry().most));
        connect(box, &QSpinBox::valueChanged, this, [this](int number) {
            StageSpec changed = stage_;
            changed.number = static_cast<std::uint32_t>(number);
            emit edited(changed);
        });
        argument_ = box;
    } else if (entry().argument == StageArgument::codec) {
        addNested(layout);
        return;
    }
    if (argument_ != nullptr) {
        argument_->setAccessibleName(fromUtf8(entry().member.name));
        argument_->setToolTip(fromUtf8(entry().member.name));
        layout->addWidget(argument_);
    }
}

void CorrectionRow::addNested(QHBoxLayout* layout) {
    auto* text = new QLineEdit(this);
    text->setAccessibleName(tr("Codec of %1").arg(fromUtf8(entry().member.name)));
    connect(text, &QLineEdit::textEdited, this, &CorrectionRow::readNested);
    argument_ = text;
    auto* compose = new QToolButton(this);
    compose->setText(tr("Compose…"));
    compose->setAccessibleName(tr("Compose the codec of %1").arg(fromUtf8(entry().member.name)));
    compose->setFocusPolicy(Qt::StrongFocus);
    connect(compose, &QToolButton::clicked, this, [this] { emit nestedRequested(stage_); });
    layout->addWidget(text, 1);
    layout->addWidget(compose);
}

void CorrectionRow::readNested(const QString& text) {
    StageSpec changed = stage_;
    try {
        changed.codec = std::make_shared<const CodecSpec>(parseCodecString(text.trimmed().toStdString()));
        error_.clear();
    } catch (const Error& error) {
        error_ = QString::fromUtf8(error.what());
    }
    emit errorChanged();
    if (error_.isEmpty()) {
        emit edited(changed);
    }
}

void CorrectionRow::show(const StageSpec& stage) {
    stage_ = stage;
    options_->show(stageOptions(stage));
    const QSignalBlocker silent(argument_);
    if (auto* percent = qobject_cast<QDoubleSpinBox*>(argument_)) {
        percent->setValue(stage.number / partsInPercent);
    } else if (auto* number = qobject_cast<QSpinBox*>(argument_)) {
        number->setValue(static_cast<int>(stage.number));
    } else if (auto* text = qobject_cast<QLineEdit*>(argument_);
               text != nullptr && stage.codec && !text->hasFocus()) {
        text->setText(fromUtf8(printCodecString(*stage.codec)));
        error_.clear();
    }
}

} // namespace planish
