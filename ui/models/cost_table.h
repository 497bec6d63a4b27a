// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/prediction.h"
#include "experiment/sensitivity_study.h"
#include "jobs/latest_task.h"
#include "models/recipe_editor.h"

#include <QTimer>
#include <map>
#include <memory>
#include <optional>
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

    /// The predicted share of a tensor in the mean KL divergence, in nats.
    struct Cost {
        double divergence = 0;
        double standardError = 0; ///< of the sensitivity; NaN when not known
        bool atMost = false;      ///< of nearest rounding; the codec's own is expected to cost less
    };
    /// Nothing while the sensitivity or the error is not known.
    std::optional<Cost> cost(const TensorInfo& tensor, const Codec& codec) const;

    /// A whole recipe.
    struct Total {
        Prediction prediction; ///< of the tensors that are known
        bool atMost = false;
        int unknown = 0; ///< tensors
    };
    /// Nothing without a study.
    std::optional<Total> total(const RecipeEditor& recipe) const {
        return total(recipe.tensors(), recipe.codecs());
    }
    std::optional<Total> total(const std::vector<TensorInfo>& tensors,
                               const std::vector<Codec>& codecs) const;
    /// Of a whole recipe, when the cost of every tensor is known.
    std::optional<Prediction> prediction(const std::vector<TensorInfo>& tensors,
                                         const std::vector<Codec>& codecs) const;

  signals:
    void changed();

  private:
    struct Error {
        double relative = 0;
        bool atMost = false;
    };
    using Key = std::pair<std::string, std::string>; ///< tensor, codec
    using Errors = std::map<Key, Error>;

    std::optional<Error> error(const TensorInfo& tensor, const Codec& codec) const;
    void chooseStudy();
    void findFingerprint();
    void measureMissing();
    std::vector<std::pair<TensorInfo, Codec>> missing() const;

    RecipeEditor* editor_;
    QString model_;
    std::string fingerprint_; ///< of the model; empty until it is known
    std::vector<SensitivityRecord> studies_;
    const SensitivityRecord* study_ = nullptr;
    std::map<std::string, const TensorSensitivity*> sensitivities_; ///< of study_, by name
    Errors errors_;
    std::set<Key> unmeasurable_;
    QTimer delay_;
    LatestTask fingerprintTask_;
    LatestTask errorTask_;
};

} // namespace planish
