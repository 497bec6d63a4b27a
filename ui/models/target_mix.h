// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/mix.h"
#include "jobs/latest_task.h"
#include "models/cost_table.h"
#include "models/run_collection.h"

#include <QObject>
#include <QTimer>
#include <optional>
#include <vector>

namespace planish {

/// The best mix for the size one aims at, chosen from the codecs the study of the open model knows; and the
/// predicted frontier, which all sizes together make. Predictions are corrected by what the latest comparable
/// runs of the model have measured. Without a study, the best recorded run within the size.
class TargetMix final : public QObject {
    Q_OBJECT
  public:
    /// All must outlive this.
    TargetMix(CostTable& costs, RecipeEditor& editor, RunCollection& runs, QObject* parent = nullptr);
    ~TargetMix() override;

    /// Bits per weight of the decoder linears to aim at; nothing: no target.
    void setTarget(std::optional<double> bitsPerWeight);
    std::optional<double> target() const { return target_; }

    /// Of the open model.
    QString modelName() const { return editor_.modelName(); }

    /// The best mix within the target; nothing without target or study, or when problem() says why.
    const std::optional<Mix>& mix() const { return mix_; }
    const QString& problem() const { return problem_; }
    /// The recorded run of the open model with the least loss within the target, among the latest comparable
    /// ones; null without one.
    const RunRecord* bestRecorded() const;

    /// From the smallest mix to the best; empty without a study.
    const std::vector<RunRecord>& frontier() const { return frontier_; }
    /// A record of predicted values, as the plot shows them.
    RunRecord asRecord(const Mix& mix) const;
    /// The sizes a model of so many bits per weight in its decoder linears has, the rest as in the recipe.
    RunRecord sizesAt(double bitsPerWeight) const;

  signals:
    void targetChanged();
    /// Mix, problem or frontier have.
    void changed();

  private:
    void start();
    std::vector<RunRecord> comparableRuns() const;

    CostTable& costs_;
    RecipeEditor& editor_;
    RunCollection& runs_;
    std::optional<double> target_;
    std::optional<Mix> mix_;
    QString problem_;
    std::vector<RunRecord> frontier_;
    QTimer delay_;
    LatestTask task_;
    bool correcting_ = false; ///< the costs, by itself
};

} // namespace planish
