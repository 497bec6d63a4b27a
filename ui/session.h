// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "jobs/latest_task.h"
#include "jobs/pending_runs.h"

#include <QLockFile>
#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <atomic>
#include <optional>
#include <string>

namespace planish {

class Workbench;

/// What must survive the end of the program, however it ends: the unfinished runs and the recipe being
/// edited, each a small file that is replaced as a whole whenever they change. The next start finds and
/// offers them. Of several programs of one user only the first keeps such files.
class Session final : public QObject {
    Q_OBJECT
  public:
    struct SavedRecipe {
        QString model; ///< bundled name or folder
        Recipe recipe;
    };

    /// Reads what `folder` has, in the background. `workbench` must outlive this.
    Session(Workbench& workbench, const QString& folder, QObject* parent = nullptr);
    /// Waits until all is written.
    ~Session() override;

    /// The user's own folder for it.
    static QString defaultFolder();

    /// What an earlier start left and nobody has decided about yet.
    const std::vector<PendingRun>& leftRuns() const { return leftRuns_; }
    const std::optional<SavedRecipe>& leftRecipe() const { return leftRecipe_; }

    void queueLeftRuns();
    void forgetLeftRuns();
    /// Opens its model if need be; undoable when that model was open. A recipe that cannot be restored, as
    /// its model is not where it was, stays left.
    void restoreLeftRecipe();
    void forgetLeftRecipe();

  signals:
    void leftoversChanged();
    void failed(const QString& message);

  private:
    void readLeftovers();
    void keepRuns();
    void keepRecipe();
    /// Writes in the background what `content` then gives; only the latest of a file counts. Empty: removes
    /// it.
    void write(const QString& file, std::atomic<int>& latest, std::function<std::string()> content);

    Workbench& workbench_;
    QString folder_;
    QLockFile lock_;
    std::vector<PendingRun> leftRuns_;
    std::vector<PendingRun> beingQueued_; ///< left ones, until the queue has them
    std::optional<SavedRecipe> leftRecipe_;
    QTimer recipeDelay_;
    std::atomic<int> runsVersion_ = 0;
    std::atomic<int> recipeVersion_ = 0;
    LatestTask reading_;
    QThreadPool writing_;
};

} // namespace planish
