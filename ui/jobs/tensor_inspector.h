// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "calibration/settings.h"
#include "codec/input_statistics.h"
#include "experiment/tensor_inspection.h"
#include "jobs/job_queue.h"
#include "jobs/latest_task.h"
#include "models/recipe_editor.h"
#include "models/tensor_selection.h"

#include <QObject>
#include <memory>
#include <optional>
#include <vector>

namespace planish {

/// Looks into the one selected tensor of the open model, on other threads and for the latest selection only:
/// what its codec makes of it, what every codec would cost on it, and, once collected, what it reads.
class TensorInspector final : public QObject {
    Q_OBJECT
  public:
    /// All must outlive this.
    TensorInspector(RecipeEditor& editor, TensorSelection& tensors, JobQueue& queue,
                    QObject* parent = nullptr);

    /// The open model's folder or bundled name.
    void setModel(const QString& place);
    /// Nothing is computed while nobody looks.
    void setActive(bool active);

    /// The selected tensor, an index into the editor's tensors; −1 for none or several.
    int tensor() const { return tensor_; }
    const TensorInfo& info() const { return editor_.tensors()[static_cast<std::size_t>(tensor_)]; }
    QString codec() const;

    /// Of the tensor in its present codec; nothing until it is there. `problem` says why it cannot be.
    const std::optional<TensorInspection>& inspection() const { return inspection_; }
    const QString& problem() const { return problem_; }
    /// In the order they were measured.
    const std::vector<CodecTrial>& costs() const { return costs_; }
    bool isMeasuring() const { return costTask_.isRunning(); }

    /// What the tensor reads, once collected; null before.
    std::shared_ptr<const InputStatistics> inputs() const;
    /// Whether it reads anything.
    bool hasInputs() const;
    /// Collects it: a job of the queue.
    void collectInputs();
    static CalibrationSettings inputSettings();

    /// Stores the tensor in a codec, undoable. Returns why it cannot be, "" when it is done.
    QString apply(const QString& codec);

  signals:
    /// Another tensor is looked at, or none.
    void tensorChanged();
    void inspectionChanged();
    void costsChanged();
    void inputsChanged();

  private:
    using Site = std::pair<int, int>; ///< block and role of what shares its inputs
    Site site() const;
    void update();
    void inspect();
    void measure();
    void addCost(int round, const CodecTrial& cost);

    RecipeEditor& editor_;
    TensorSelection& tensors_;
    JobQueue& queue_;
    QString model_;
    bool active_ = false;
    int tensor_ = -1;
    std::string shown_; ///< the model and tensor that costs are of
    std::optional<TensorInspection> inspection_;
    QString problem_;
    std::vector<CodecTrial> costs_;
    int round_ = 0; ///< counts the starts of measuring: results of earlier ones are late
    std::shared_ptr<const InputStatistics> inputs_;
    Site inputsSite_;
    LatestTask inspectTask_;
    LatestTask costTask_;
};

} // namespace planish
