// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/settings.h"

#include <QToolBar>
#include <cstdint>

class QComboBox;
class QSettings;
class QSpinBox;

namespace planish {

/// What every run is evaluated on, always in sight instead of in a dialog: text, convention, context,
/// windows, seed.
class RunSettingsBar final : public QToolBar {
    Q_OBJECT
  public:
    explicit RunSettingsBar(QWidget* parent = nullptr);

    /// The text's bundled name or path.
    QString corpus() const;
    EvaluationSettings evaluation() const;
    std::uint64_t seed() const;

    void setCorpus(const QString& nameOrPath);
    void setContext(int tokens);
    void setWindows(int count);

    void restore(const QSettings& settings);
    void save(QSettings& settings) const;

  private:
    void chooseFile();
    QSpinBox* addNumber(const QString& label, const QString& toolTip, int minimum, int maximum, int value);

    QComboBox* corpus_;
    QComboBox* convention_;
    QSpinBox* context_;
    QSpinBox* windows_;
    QSpinBox* stride_;
    QAction* strideLabel_;
    QAction* strideAction_;
    QSpinBox* seed_;
    int lastCorpus_ = 0;
};

} // namespace planish
