// SPDX-License-Identifier: GPL-3.0-or-later
#include "jobs/run_jobs.h"

#include "experiment/run_executor.h"
#include "store/results_document.h"

#include <QFileInfo>
#include <algorithm>

namespace planish {

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
    connect(&queue, &JobQueue::moved, this, &RunJobs::pendingChanged);
    connect(&queue, &JobQueue::removed, this, [this](int id) { items_.erase(id); });
}

RunJobs::~RunJobs() = default;

std::uint64_t RunJobs::reuseBytes() const {
    return service_->reuseBytes;
}

void RunJobs::setReuseBytes(std::uint64_t bytes) {
    service_->reuseBytes = bytes;
}

int RunJobs::add(const RunSpec& spec, bool selectsKnown, const Target& target,
                 const std::optional<RunRecord>& expected) {
    const Item item{spec, selectsKnown, target, expected, true};
    const QString model = QFileInfo(QString::fromStdString(spec.model)).fileName();
    const int job = queue_.add(tr("%1 on %2").arg(QString::fromStdString(spec.recipe.name), model),
                               [this, item, service = service_](JobMonitor& monitor) {
                                   return measure(item, *service, this, monitor);
                               });
    items_.emplace(job, item);
    emit pendingChanged();
    if (expected) {
        emit expectedChanged();
    }
    return job;
}

JobQueue::Completion RunJobs::measure(const Item& item, Service& service, RunJobs* receiver,
                                      JobMonitor& monitor) {
    const std::string id = service.executor().identify(item.spec, monitor);
    const ResultsDocument known(item.target->path().toStdString());
    if (known.exists() && std::ranges::count(known.runIds(), id) > 0) {
        if (!item.selectsKnown) {
            return nullptr;
        }
        return [receiver, target = item.target, id] { emit receiver->known(target, id); };
    }
    const RunRecord record = service.executor().execute(item.spec, monitor);
    QString problem;
    try {
        const std::lock_guard lock(item.target->writing());
        const ResultsDocument document(item.target->path().toStdString());
        if (document.path().empty()) {
            throw Error("no results document is open.");
        }
        std::filesystem::create_directories(document.path().parent_path());
        ResultsWriter(document).record(record);
    } catch (const std::exception& error) {
        problem = QString::fromUtf8(error.what());
    }
    return [receiver, target = item.target, record, problem] {
        emit receiver->measured(target, record, problem);
    };
}

std::vector<RunRecord> RunJobs::expected() const {
    std::vector<RunRecord> runs;
    for (const auto& [job, item] : items_) {
        if (item.unfinished && item.expected) {
            runs.push_back(*item.expected);
        }
    }
    return runs;
}

std::vector<PendingRun> RunJobs::pending() const {
    std::vector<PendingRun> runs;
    for (const JobStatus& job : queue_.jobs()) {
        const auto item = items_.find(job.id);
        if (item != items_.end() && !job.isOver()) {
            runs.push_back(
                {item->second.spec, item->second.target->path().toStdString(), item->second.selectsKnown});
        }
    }
    return runs;
}

void RunJobs::follow(const JobStatus& job) {
    const auto found = items_.find(job.id);
    if (found != items_.end() && found->second.unfinished == job.isOver()) {
        found->second.unfinished = !job.isOver();
        emit pendingChanged();
        emit expectedChanged();
    }
}

} // namespace planish
