// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/presets_dialog.h"

#include "views/notice_bar.h"

#include <QDialogButtonBox>
#include <QLabel>
#include <QListWidget>
#include <QPushButton>
#include <QSignalBlocker>
#include <QVBoxLayout>

namespace planish {

PresetsDialog::PresetsDialog(OwnPresets presets, QWidget* parent)
    : QDialog(parent),
      presets_(std::move(presets)),
      list_(new QListWidget(this)),
      problem_(new NoticeBar(NoticeBar::Kind::problem, this)) {
    setWindowTitle(tr("Your presets"));
    list_->setAccessibleName(tr("Your presets"));
    list_->setEditTriggers(QAbstractItemView::EditKeyPressed | QAbstractItemView::DoubleClicked);
    auto* place =
        new QLabel(tr("Presets ▸ Keep as a preset adds the recipe being edited. They are recipe files in %1")
                       .arg(presets_.folder()),
                   this);
    place->setWordWrap(true);
    place->setTextInteractionFlags(Qt::TextSelectableByMouse | Qt::TextSelectableByKeyboard);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    rename_ = buttons->addButton(tr("&Rename"), QDialogButtonBox::ActionRole);
    remove_ = buttons->addButton(tr("Delete"), QDialogButtonBox::ActionRole);
    back_ = buttons->addButton(tr("&Take back"), QDialogButtonBox::ActionRole);
    back_->setToolTip(tr("Bring the preset back that was deleted last"));
    remove_->setShortcut(QKeySequence::Delete);
    for (QPushButton* button : {rename_, remove_, back_}) {
        button->setAutoDefault(false);
    }
    auto* layout = new QVBoxLayout(this);
    layout->addWidget(problem_);
    layout->addWidget(list_, 1);
    layout->addWidget(place);
    layout->addWidget(buttons);
    connect(rename_, &QPushButton::clicked, this, [this] { list_->editItem(list_->currentItem()); });
    connect(remove_, &QPushButton::clicked, this, &PresetsDialog::removeSelected);
    connect(back_, &QPushButton::clicked, this, &PresetsDialog::takeBack);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    connect(list_, &QListWidget::currentRowChanged, this, &PresetsDialog::updateButtons);
    connect(list_, &QListWidget::itemChanged, this,
            [this](QListWidgetItem* item) { renameItem(list_->row(item), item->text()); });
    reload();
}

void PresetsDialog::reload() {
    files_.addWork(
        [this, own = presets_]() -> SerialTask::Completion {
            return [this, presets = own.list()] { showPresets(presets); };
        },
        [this](const QString& error) { problem_->showText(error); });
}

void PresetsDialog::change(std::function<void()> onDisk, std::function<void()> then) {
    problem_->hide();
    files_.addWork(
        [onDisk = std::move(onDisk), then = std::move(then)]() -> SerialTask::Completion {
            onDisk();
            return then;
        },
        [this](const QString& error) { problem_->showText(error); });
    reload();
}

void PresetsDialog::showPresets(const std::vector<OwnPreset>& presets) {
    const QSignalBlocker silent(list_);
    const int row = list_->currentRow();
    shown_ = presets;
    list_->clear();
    for (const OwnPreset& preset : shown_) {
        auto* item = new QListWidgetItem(preset.name, list_);
        item->setToolTip(preset.problem.isEmpty() ? preset.path : preset.problem);
        if (preset.problem.isEmpty()) {
            item->setFlags(item->flags() | Qt::ItemIsEditable);
        } else {
            item->setText(tr("%1 (damaged)").arg(preset.name));
        }
    }
    list_->setCurrentRow(std::min(std::max(row, 0), list_->count() - 1));
    updateButtons();
}

void PresetsDialog::renameItem(int row, const QString& name) {
    const OwnPreset preset = shown_[static_cast<std::size_t>(row)];
    if (name.trimmed() != preset.name) {
        change([own = presets_, preset, name] { own.rename(preset, name); }, [] {});
    }
}

void PresetsDialog::removeSelected() {
    if (list_->currentRow() < 0) {
        return;
    }
    const OwnPreset preset = shown_[static_cast<std::size_t>(list_->currentRow())];
    change([own = presets_, preset] { own.remove(preset); },
           [this, preset] {
               removed_ = preset.problem.isEmpty() ? std::optional(preset.recipe) : std::nullopt;
           });
}

void PresetsDialog::takeBack() {
    change([own = presets_, recipe = *removed_] { own.add(recipe); }, [this] { removed_.reset(); });
}

void PresetsDialog::updateButtons() {
    const int row = list_->currentRow();
    rename_->setEnabled(row >= 0 && shown_[static_cast<std::size_t>(row)].problem.isEmpty());
    remove_->setEnabled(row >= 0);
    back_->setEnabled(removed_.has_value());
}

} // namespace planish
