// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"
#include "evaluation/settings.h"

#include <QToolBar>
#include <cstdint>
#include <optional>

class QCheckBox;
class QComboBox;
class QSettings;
class QSpinBox;
class QToolButton;

namespace planish {

class CalibrationPanel;
class TextChooser;

/// What every run is evaluated on, always in sight instead of in a dialog: text, convention, context,
/// windows, seed; and what it is calibrated on, in a panel below its button.
class RunSettingsBar final : public QToolBar {
    Q_OBJECT
  public:
    explicit RunSettingsBar(QWidget* parent = nullptr);

    /// The text's bundled name or path.
    QString corpus() const;
    EvaluationSettings evaluation() const;
    std::uint64_t seed() const;
    /// Empty: automatic, see RunSpec::calibration.
    std::optional<CalibrationSettings> calibration() const;
    CalibrationPanel* calibrationPanel() const { return calibration_; }

    void setCorpus(const QString& nameOrPath);
    void setContext(int tokens);
    void setWindows(int count);

    void restore(const QSettings& settings);
    void save(QSettings& settings) const;

  signals:
    void changed();

  private:
    void addCalibration();
    void openCalibration();
    QSpinBox* addNumber(const QString& label, const QString& toolTip, int minimum, int maximum, int value);

    TextChooser* corpus_;
    QComboBox* convention_;
    QSpinBox* context_;
    QSpinBox* windows_;
    QSpinBox* stride_;
    QCheckBox* exact_;
    QAction* strideLabel_;
    QAction* strideAction_;
    QSpinBox* seed_;
    QToolButton* calibrationButton_ = nullptr;
    CalibrationPanel* calibration_ = nullptr;
};

} // namespace planish
