// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/sweep.h"
#include "experiment/sweep_design.h"
#include "jobs/latest_task.h"

#include <QDialog>
#include <QStringList>
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
        std::string modelName;
        /// The runs of the document; those of the model are what designs start from. Null: none.
        std::shared_ptr<const std::vector<RunRecord>> recorded;
    };
    explicit SweepDesigner(Subject subject, QWidget* parent = nullptr);
    ~SweepDesigner() override;

    /// As it is now; null while it is worked out, and when something is wrong with the choices.
    const SweepSpec* spec() const { return sweep_ ? &sweep_->spec : nullptr; }
    void load(const QString& path);
    void save(const QString& path);

  signals:
    void startRequested(const std::vector<planish::RunSpec>& runs);

  private:
    void makeForm(QFormLayout& form);
    void makeButtons();
    /// A designed or loaded sweep with what is shown of it.
    struct Sweep {
        SweepSpec spec;
        std::vector<RunSpec> runs;
        QStringList names; ///< of the recipes, as many as are listed
        bool loaded = false;
    };
    static std::shared_ptr<const Sweep> made(SweepSpec spec, bool loaded);
    void update();
    void take(std::shared_ptr<const Sweep> sweep);
    void showSubject();
    void estimate();
    void askForFileToLoad();
    void askForFileToSave();
    SweepDesign design() const;

    Subject subject_;
    std::shared_ptr<const Sweep> sweep_;
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
    LatestTask designing_;
    LatestTask estimating_;
};

} // namespace planish
