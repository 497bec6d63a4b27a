// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/run_jobs.h"

#include "experiment/run_executor.h"
#include "store/results_document.h"

#include <QFileInfo>
#include <algorithm>

namespace planish {

namespace {

/// What is run on what, and the settings that are not the usual ones: so that jobs of one recipe are told
/// apart.
QString runTitle(const RunSpec& spec) {
    const auto named = [](const std::string& path) {
        return QFileInfo(QString::fromStdString(path)).fileName();
    };
    QString title = RunJobs::tr("%1 on %2, %3")
                        .arg(QString::fromStdString(spec.recipe.name), named(spec.model), named(spec.corpus));
    const EvaluationSettings& evaluation = spec.evaluation;
    if (evaluation.windows > 0) {
        title += RunJobs::tr(", %n window(s)", nullptr, static_cast<int>(evaluation.windows));
    }
    if (evaluation.context > 0) {
        title += RunJobs::tr(" of %1").arg(evaluation.context);
    }
    if (evaluation.convention != EvaluationSettings().convention) {
        title += QStringLiteral(", ") + QString::fromUtf8(conventionName(evaluation.convention));
    }
    if (spec.seed != 0) {
        title += RunJobs::tr(", seed %1").arg(spec.seed);
    }
    const CalibrationSettings usual;
    const CalibrationSettings calibration = spec.calibration.value_or(usual);
    if (calibration.text != usual.text) {
        title += RunJobs::tr(", calibrated on %1").arg(named(calibration.text));
    }
    if (calibration.samples != usual.samples) {
        title += RunJobs::tr(", %n sample(s)", nullptr, static_cast<int>(calibration.samples));
    }
    return title + QString::fromUtf8(tokenWeightingRemark(tokenWeightingName(calibration.tokens)));
}

} // namespace

/// The engine's threads and caches, shared by all runs; made when the first one starts.
class RunJobs::Service {
  public:
    RunExecutor& executor() {
        if (!parts_) {
            parts_ = std::make_unique<Parts>();
        }
        parts_->executor.setReuseLimit(reuseBytes);
        return parts_->executor;
    }
    std::atomic<std::uint64_t> reuseBytes = Reuse().bytes;

  private:
    struct Parts {
        Workers workers;
        RunExecutor executor{workers};
    };
    std::unique_ptr<Parts> parts_;
};

RunJobs::RunJobs(JobQueue& queue, QObject* parent)
    : QObject(parent), queue_(queue), service_(std::make_shared<Service>()) {
    connect(&queue, &JobQueue::changed, this, &RunJobs::follow);
    connect(&queue, &JobQueue::reordered, this, &RunJobs::pendingChanged);
    connect(&queue, &JobQueue::removed, this, [this](const std::vector<int>& ids) {
        for (const int id : ids) {
            items_.erase(id);
        }
    });
}

RunJobs::~RunJobs() = default;

std::uint64_t RunJobs::reuseBytes() const {
    return service_->reuseBytes;
}

void RunJobs::setReuseBytes(std::uint64_t bytes) {
    service_->reuseBytes = bytes;
}

JobQueue::Ids RunJobs::add(const std::vector<Run>& runs) {
    std::vector<JobQueue::Job> jobs;
    jobs.reserve(runs.size());
    for (const Run& run : runs) {
        jobs.push_back({runTitle(*run.spec), [this, run, service = service_](JobMonitor& monitor) {
                            return measure(run, *service, this, monitor);
                        }});
    }
    const JobQueue::Ids ids = queue_.add(std::move(jobs));
    for (std::size_t i = 0; i < ids.size(); ++i) {
        items_.emplace(ids[i], Item{runs[i]});
    }
    emit pendingChanged();
    emit expectedChanged();
    return ids;
}

JobQueue::Completion RunJobs::measure(const Run& run, Service& service, RunJobs* receiver,
                                      JobMonitor& monitor) {
    const std::string id = service.executor().identify(*run.spec, monitor);
    const ResultsDocument known(run.target->path().toStdString());
    if (known.exists() && std::ranges::count(known.runIds(), id) > 0) {
        if (!run.selectsKnown) {
            return nullptr;
        }
        return [receiver, target = run.target, id] { emit receiver->known(target, id); };
    }
    const RunRecord record = service.executor().execute(*run.spec, monitor);
    QString problem;
    try {
        const std::lock_guard lock(run.target->writing());
        const ResultsDocument document(run.target->path().toStdString());
        if (document.path().empty()) {
            throw Error("no results document is open.");
        }
        std::filesystem::create_directories(document.path().parent_path());
        ResultsWriter(document).record(record);
    } catch (const std::exception& error) {
        problem = QString::fromUtf8(error.what());
    }
    return [receiver, target = run.target, record, problem] {
        emit receiver->measured(target, record, problem);
    };
}

std::vector<RunRecord> RunJobs::expected() const {
    std::vector<RunRecord> runs;
    runs.reserve(items_.size()); // records are large
    for (const auto& [job, item] : items_) {
        if (item.unfinished && item.run.expected) {
            runs.push_back(*item.run.expected);
        }
    }
    return runs;
}

std::vector<PendingRun> RunJobs::pending() const {
    std::vector<PendingRun> runs;
    runs.reserve(items_.size());
    for (const JobStatus& job : queue_.jobs()) {
        const auto item = items_.find(job.id);
        if (item != items_.end() && !job.isOver()) {
            const Run& run = item->second.run;
            runs.push_back({run.spec, run.target->path().toStdString(), run.selectsKnown});
        }
    }
    return runs;
}

void RunJobs::follow(const std::vector<JobStatus>& jobs) {
    bool any = false;
    for (const JobStatus& job : jobs) {
        const auto found = items_.find(job.id);
        if (found != items_.end() && found->second.unfinished == job.isOver()) {
            found->second.unfinished = !job.isOver();
            any = true;
        }
    }
    if (any) {
        emit pendingChanged();
        emit expectedChanged();
    }
}

} // namespace planish
