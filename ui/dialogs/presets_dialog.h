// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "models/own_presets.h"

#include <QDialog>
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
    void fill();
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
};

} // namespace planish
