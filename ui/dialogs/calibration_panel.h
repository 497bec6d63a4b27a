// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"

#include <QDialog>
#include <optional>

class QComboBox;
class QDoubleSpinBox;
class QFormLayout;
class QLabel;
class QRadioButton;
class QSettings;
class QSpinBox;
class QVBoxLayout;

namespace planish {

class TextChooser;

/// What runs are calibrated on, and what codecs with +recover or +qat train on: as a run needs it, or always
/// with the settings given here.
class CalibrationPanel final : public QDialog {
    Q_OBJECT
  public:
    explicit CalibrationPanel(QWidget* parent = nullptr);

    /// Empty: automatic, see RunSpec::calibration.
    std::optional<CalibrationSettings> settings() const;
    void setSettings(const std::optional<CalibrationSettings>& settings);
    /// One line: "automatic", "64 × 512 of literature".
    QString summary() const;

    /// The open model: its maximum context and the most inputs a tensor has; 0 without a model.
    void setModel(std::size_t maximumContext, std::size_t widestInput);

    void restore(const QSettings& settings);
    void save(QSettings& settings) const;

  signals:
    void changed();

  protected:
    void paintEvent(QPaintEvent* event) override;

  private:
    void buildFields(QVBoxLayout* layout);
    void addCache(QVBoxLayout* layout);
    QSpinBox* addNumber(QFormLayout* form, const QString& label, const QString& name, int minimum,
                        int maximum);
    CalibrationSettings fields() const;
    /// Tokens a sample, as far as the open model tells.
    std::size_t contextInUse() const;
    void update();

    QRadioButton* automatic_ = nullptr;
    QRadioButton* always_ = nullptr;
    QWidget* form_ = nullptr;
    TextChooser* text_ = nullptr;
    QSpinBox* samples_ = nullptr;
    QSpinBox* context_ = nullptr;
    QComboBox* inputs_ = nullptr;
    QComboBox* weights_ = nullptr;
    TextChooser* trainingText_ = nullptr;
    QDoubleSpinBox* trainingTokens_ = nullptr; ///< millions
    QDoubleSpinBox* trainingRate_ = nullptr;
    QLabel* tokens_ = nullptr;
    QLabel* hint_ = nullptr;
    std::size_t maximumContext_ = 0;
    std::size_t widestInput_ = 0;
};

} // namespace planish
