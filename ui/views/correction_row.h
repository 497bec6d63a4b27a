// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec_parts.h"

#include <QWidget>

class QHBoxLayout;
class QLineEdit;

namespace planish {

class OptionRow;

/// One correction of the codec editor: its name, its argument, its options and a button that removes it.
class CorrectionRow : public QWidget {
    Q_OBJECT

  public:
    explicit CorrectionRow(const StageSpec& stage, QWidget* parent = nullptr);

    const StageEntry& entry() const { return *stage_.entry; }
    /// Takes over another argument of the same correction.
    void show(const StageSpec& stage);
    /// Why the argument cannot stay; empty when it can.
    const QString& error() const { return error_; }

  signals:
    void edited(const planish::StageSpec& stage);
    void removeRequested();
    /// The nested codec is wanted in an editor of its own.
    void nestedRequested(const planish::StageSpec& stage);
    void errorChanged();

  private:
    void addArgument(QHBoxLayout* layout);
    void addNested(QHBoxLayout* layout);
    void readNested(const QString& text);

    StageSpec stage_;
    QWidget* argument_ = nullptr; ///< QSpinBox, QDoubleSpinBox or QLineEdit; null without
    OptionRow* options_;
    QString error_;
};

} // namespace planish
