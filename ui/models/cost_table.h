// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/sensitivity_study.h"
#include "jobs/latest_task.h"
#include "models/recipe_editor.h"
#include "models/tensor_costs.h"

#include <QTimer>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace planish {

/// What codecs are predicted to cost each tensor of the open model: the tensor's measured sensitivity times
/// the codec's error there. Sensitivities come from a study that the document keeps. Errors that no study has
/// are measured in the background, shortly after the recipe asks for them, without statistics of inputs.
class CostTable final : public QObject {
    Q_OBJECT
  public:
    /// `editor` must outlive this; the errors its codecs make are those that are measured.
    explicit CostTable(RecipeEditor* editor, QObject* parent = nullptr);
    ~CostTable() override;

    /// The files of the editor's model, after it has been given to the editor; empty: none.
    void setModel(const QString& nameOrPath);
    /// What the open document keeps, of any models.
    void setStudies(std::vector<SensitivityRecord> studies);
    /// Adds a study, in place of one with its id.
    void addStudy(SensitivityRecord study);
    const std::vector<SensitivityRecord>& studies() const { return studies_; }
    /// The latest of the open model; null when there is none.
    const SensitivityRecord* study() const { return study_; }

    /// Takes the sensitivities from the same study corrected by measured runs.
    void setCorrected(const SensitivityRecord& study);
    /// The costs as far as they are known.
    const TensorCosts& known() const { return known_; }
    /// Tensors of the recipe whose cost only a study with calibration can tell.
    int unmeasurable() const;

  signals:
    void changed();

  private:
    using Key = TensorCosts::Key;

    void chooseStudy();
    void findFingerprint();
    void measureMissing();
    std::vector<std::pair<TensorInfo, Codec>> missing() const;

    RecipeEditor* editor_;
    QString model_;
    std::string fingerprint_; ///< of the model; empty until it is known
    std::vector<SensitivityRecord> studies_;
    const SensitivityRecord* study_ = nullptr;
    TensorCosts known_;
    std::set<Key> unmeasurable_;
    QTimer delay_;
    LatestTask fingerprintTask_;
    LatestTask errorTask_;
};

} // namespace planish
