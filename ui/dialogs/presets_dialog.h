// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/serial_task.h"
#include "models/own_presets.h"

#include <QDialog>
#include <functional>
#include <optional>

class QListWidget;
class QPushButton;

namespace planish {

class NoticeBar;

/// Renames and deletes the user's presets; the last deletion can be taken back.
class PresetsDialog final : public QDialog {
    Q_OBJECT
  public:
    explicit PresetsDialog(OwnPresets presets, QWidget* parent = nullptr);

  private:
    /// Shows what is on disk, which is read off this thread.
    void reload();
    /// Does something to the presets on disk, off this thread; calls `then` when that went well, and reloads.
    void change(std::function<void()> onDisk, std::function<void()> then);
    void showPresets(const std::vector<OwnPreset>& presets);
    void renameItem(int row, const QString& name);
    void removeSelected();
    void takeBack();
    void updateButtons();

    OwnPresets presets_;
    std::vector<OwnPreset> shown_;
    std::optional<Recipe> removed_;
    QListWidget* list_;
    NoticeBar* problem_;
    QPushButton* rename_;
    QPushButton* remove_;
    QPushButton* back_;
    SerialTask files_;
};

} // namespace planish
