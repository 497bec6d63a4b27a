// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/sweep.h"
#include "experiment/sweep_design.h"
#include "jobs/latest_task.h"

#include <QDialog>
#include <QTimer>
#include <memory>
#include <optional>

class QFormLayout;
class QComboBox;
class QLabel;
class QLineEdit;
class QListWidget;
class QPushButton;
class QSpinBox;

namespace planish {

class NoticeBar;

/// Puts a sweep together: codecs to choose between for each role, and how to combine them; says what it will
/// take before it starts. Saves and loads what `planish-cli sweep` runs.
class SweepDesigner final : public QDialog {
    Q_OBJECT
  public:
    /// What the sweep is run on: one model and text, with the settings of the tool bar.
    struct Subject {
        SweepSpec spec; ///< all but its recipes
        int blocks = 0; ///< of the model
        bool untiedHead = false;
        std::vector<RunRecord> recorded; ///< runs of the model on the text
    };
    explicit SweepDesigner(Subject subject, QWidget* parent = nullptr);
    ~SweepDesigner() override;

    const SweepSpec& spec() const { return spec_; }
    void load(const QString& path);
    void save(const QString& path);

  signals:
    void startRequested(const std::vector<planish::RunSpec>& runs);

  private:
    void makeForm(QFormLayout& form);
    void makeButtons();
    void update();
    void showRecipes();
    void estimate();
    void askForFileToLoad();
    void askForFileToSave();
    SweepDesign design() const;

    Subject subject_;
    SweepSpec spec_; ///< as it is now; without recipes when something is wrong
    bool loaded_ = false;
    std::vector<std::pair<std::string, QLineEdit*>> codecs_; ///< by role
    QComboBox* method_;
    QSpinBox* count_;
    QSpinBox* seed_;
    QListWidget* recipes_;
    QLabel* subjectLabel_;
    QLabel* estimateLabel_;
    NoticeBar* problem_;
    QPushButton* start_ = nullptr;
    QPushButton* save_ = nullptr;
    QTimer delay_;
    class Service;
    std::shared_ptr<Service> service_; ///< used on the task's thread only
    LatestTask estimating_;
};

} // namespace planish
