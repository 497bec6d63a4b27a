// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "jobs/job_queue.h"
#include "jobs/latest_task.h"
#include "jobs/run_jobs.h"
#include "jobs/serial_task.h"
#include "models/cost_table.h"
#include "models/recipe_editor.h"
#include "models/run_brushes.h"
#include "models/run_collection.h"
#include "models/run_notes_editor.h"
#include "models/run_selection.h"
#include "models/target_mix.h"
#include "models/tensor_selection.h"

#include <QObject>
#include <functional>
#include <memory>

namespace planish {

/// What the window works on: the open model with the recipe being edited, the open results document with its
/// runs, the selection and the jobs. No widgets here. Files are read and written on other threads, those that
/// are opened, saved and merged in the order they were asked for; every failure arrives through failed() as a
/// complete message.
class Workbench final : public QObject {
    Q_OBJECT
  public:
    explicit Workbench(QObject* parent = nullptr);
    ~Workbench() override;

    RecipeEditor& editor() { return editor_; }
    /// What codecs are predicted to cost the tensors of the open model.
    CostTable& costs() { return costs_; }
    TargetMix& targetMix() { return targetMix_; }
    RunCollection& runs() { return runs_; }
    RunSelection& selection() { return selection_; }
    RunBrushes& brushes() { return brushes_; }
    TensorSelection& tensorSelection() { return tensorSelection_; }
    JobQueue& queue() { return queue_; }
    RunJobs& runJobs() { return runJobs_; }
    RunNotesEditor& notes() { return notes_; }

    /// The model's bundled name or folder, as runs name it.
    const QString& model() const { return model_; }
    /// Tokens the open model was made for, 0 without a model.
    std::size_t maximumContext() const { return maximumContext_; }
    QString documentPath() const;

    /// A bundled model's name, a GGUF file, a model folder or one of its files, a recipe or sweep (.json),
    /// results (.h5).
    void open(const QString& nameOrPath);
    /// `then` is called when the model is open, or could not be opened; so below.
    void openModel(const QString& nameOrPath, const std::function<void()>& then = {});
    /// Makes `path` the document that runs are recorded in; it need not exist yet. `then` as above.
    void openDocument(const QString& path, const std::function<void()>& then = {});
    void saveDocumentAs(const QString& path);
    /// Adds the runs of another document to the open one.
    void mergeDocument(const QString& path);
    /// Queues every run of a sweep specification.
    void openSweep(const QString& path);

    void queueSweep(std::vector<RunSpec> specs);

    /// The recipe being edited on the open model.
    RunSpec spec(const QString& corpus, const EvaluationSettings& evaluation, std::uint64_t seed,
                 const std::optional<CalibrationSettings>& calibration = std::nullopt) const;
    /// Queues a run, recorded in the document that is open now. Returns the job's id, 0 without a model.
    int run(const RunSpec& spec);
    /// Queues a study of what errors cost each tensor of the open model, and of the errors of the codecs that
    /// the recipe has and the editor suggests; the open document keeps it. Calibrated as runs are;
    /// suggestions that need statistics are left out when no calibration is given.
    void measureSensitivities(const std::optional<CalibrationSettings>& calibration);
    /// Queues runs that an earlier start of the program did not finish, each for its own document; `then` is
    /// called when they are.
    void queueAgain(const std::vector<PendingRun>& runs, const std::function<void()>& then = {});
    /// Makes a recipe the one being edited, undoable under this text; false, with failed(), when it does not
    /// fit the model.
    bool takeRecipe(const Recipe& recipe, const QString& undoText);
    /// Makes a copy of the run's recipe the one being edited; as takeRecipe.
    bool editCopy(const Recipe& recipe);
    void removeRuns(const std::set<std::string>& ids);

  signals:
    void modelOpened(const QString& nameOrPath);
    void documentOpened(const QString& path);
    void recipeOpened(const QString& path);
    void failed(const QString& message);
    void informed(const QString& message);

  private:
    using Target = RunJobs::Target;

    /// Before one's own recipe is edited or started: a run that is looked at alone is let go, several that
    /// are compared stay.
    void leaveSelectedRun();
    struct DocumentContent;
    void takeDocument(const QString& file, DocumentContent content);
    /// The open document is in `file` now, with the runs `saved`.
    void documentSaved(const QString& file, const std::set<std::string>& saved);
    void openJson(const QString& path);
    /// `make` is called on another thread; runs without a target are for the document that is open when their
    /// turn comes.
    void queueRuns(const std::function<std::vector<RunJobs::Run>()>& make, const std::function<void()>& then);
    void runMeasured(const Target& target, const RunRecord& record, const QString& problem);
    void runKnown(const Target& target, const std::string& id);
    void queueRecording(std::vector<RunRecord> records);
    /// Writes what people have written on runs into the open document.
    void keepNotes(const RunNotesEditor::Notes& notes);

    RecipeEditor editor_;
    CostTable costs_{&editor_};
    RunCollection runs_;
    TargetMix targetMix_{costs_, editor_, runs_};
    RunSelection selection_;
    RunBrushes brushes_;
    TensorSelection tensorSelection_;
    RunNotesEditor notes_{runs_, *editor_.undoStack()};
    QString model_;
    std::size_t maximumContext_ = 0;
    Target target_;
    RunNotesEditor::Notes unwrittenNotes_; ///< of the open document

    // The threads end, in this order reversed, before anything they use does.
    JobQueue queue_;
    RunJobs runJobs_{queue_};
    LatestTask notesTask_;
    SerialTask files_; ///< what is opened, saved and merged
};

} // namespace planish
