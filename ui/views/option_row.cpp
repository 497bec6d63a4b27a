// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/option_row.h"

#include "models/recipe_text.h"
#include "views/flow_layout.h"

#include <QCheckBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QSignalBlocker>
#include <algorithm>

namespace planish {

namespace {

/// Options that are written or not, nothing else.
bool isSwitch(const CodecOption& option) {
    return option.words.size() == 2 && option.words.front().empty();
}

QString wordText(const std::string& word) {
    const QString text = fromUtf8(word);
    return text.isEmpty() ? OptionRow::tr("default") : text.section(QLatin1Char('='), -1);
}

bool sameControls(const std::vector<CodecOption>& a, const std::vector<CodecOption>& b) {
    return std::ranges::equal(a, b, [](const CodecOption& left, const CodecOption& right) {
        return left.title == right.title && isSwitch(left) == isSwitch(right);
    });
}

} // namespace

OptionRow::OptionRow(QWidget* parent)
    : QWidget(parent), layout_(new FlowLayout(this, fontMetrics().height() / 2)) {
    hide();
}

void OptionRow::show(std::vector<CodecOption> options) {
    const bool rebuild = !sameControls(options, options_);
    options_ = std::move(options);
    if (rebuild) {
        build();
    }
    for (std::size_t index = 0; index < options_.size(); ++index) {
        update(index);
    }
    setVisible(!options_.empty());
}

void OptionRow::build() {
    controls_.clear();
    while (QLayoutItem* item = layout_->takeAt(0)) {
        const std::unique_ptr<QLayoutItem> taken(item);
        if (taken->widget() != nullptr) {
            // It may be the one that asked for this change.
            taken->widget()->hide();
            taken->widget()->deleteLater();
        }
    }
    for (std::size_t index = 0; index < options_.size(); ++index) {
        QWidget* control = addControl(index);
        control->setAccessibleName(fromUtf8(options_[index].title));
        controls_.push_back(control);
    }
}

QWidget* OptionRow::addControl(std::size_t index) {
    const QString title = fromUtf8(options_[index].title);
    if (isSwitch(options_[index])) {
        auto* box = new QCheckBox(title, this);
        layout_->addWidget(box);
        connect(box, &QCheckBox::toggled, this,
                [this, index](bool on) { emit chosen(options_[index], options_[index].words[on ? 1 : 0]); });
        return box;
    }
    auto* pair = new QWidget(this);
    auto* line = new QHBoxLayout(pair);
    line->setContentsMargins(0, 0, 0, 0);
    line->setSpacing(fontMetrics().height() / 3);
    line->addWidget(new QLabel(title, pair));
    auto* list = new QComboBox(pair);
    line->addWidget(list);
    layout_->addWidget(pair);
    list->setSizeAdjustPolicy(QComboBox::AdjustToContents);
    connect(list, &QComboBox::activated, this, [this, index](int row) {
        emit chosen(options_[index], options_[index].words[static_cast<std::size_t>(row)]);
    });
    return list;
}

void OptionRow::update(std::size_t index) {
    const CodecOption& option = options_[index];
    const QSignalBlocker silent(controls_[index]);
    if (auto* box = qobject_cast<QCheckBox*>(controls_[index])) {
        box->setChecked(option.chosen == option.words[1]);
        box->setToolTip(QStringLiteral(":") + fromUtf8(option.words[1]));
        return;
    }
    auto* list = static_cast<QComboBox*>(controls_[index]);
    list->clear();
    for (const std::string& word : option.words) {
        list->addItem(wordText(word));
    }
    const auto chosen = std::ranges::find(option.words, option.chosen);
    list->setCurrentIndex(static_cast<int>(chosen - option.words.begin()));
}

} // namespace planish
