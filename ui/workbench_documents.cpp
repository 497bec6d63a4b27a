// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sweep.h"
#include "model/model.h"
#include "store/results_document.h"
#include "workbench.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <map>
#include <mutex>

namespace planish {
namespace {

void callIfSet(const std::function<void()>& function) {
    if (function) {
        function();
    }
}

std::filesystem::path toPath(const QString& path) {
    return path.toStdString();
}

} // namespace

/// What a document holds; nothing when it does not exist yet.
struct Workbench::DocumentContent {
    explicit DocumentContent(const QString& file) {
        if (const ResultsDocument document(toPath(file)); document.exists()) {
            runs = document.read(&warnings);
            studies = document.readSensitivities(&warnings);
        }
    }

    std::vector<RunRecord> runs;
    std::vector<SensitivityRecord> studies;
    std::vector<std::string> warnings;
};

void Workbench::openDocument(const QString& path, const std::function<void()>& then) {
    const QString file = QFileInfo(path).absoluteFilePath();
    files_.addWork(
        [this, file, then]() -> SerialTask::Completion {
            return [this, file, content = DocumentContent(file), then] {
                takeDocument(file, content);
                callIfSet(then);
            };
        },
        [this, then](const QString& error) {
            emit failed(tr("The results were not opened: %1").arg(error));
            callIfSet(then);
        });
}

void Workbench::takeDocument(const QString& file, DocumentContent content) {
    std::vector<RunRecord> measuredMeanwhile;
    if (file == target_->path()) {
        measuredMeanwhile = runs_.runs();
    } else {
        target_ = std::make_shared<DocumentTarget>(file);
        unwrittenNotes_.clear();
    }
    selection_.clear();
    brushes_.clear();
    runs_.setRuns(std::move(content.runs));
    costs_.setStudies(std::move(content.studies));
    for (RunRecord& run : measuredMeanwhile) {
        runs_.add(std::move(run));
    }
    runs_.setNotes(unwrittenNotes_);
    emit documentOpened(file);
    if (!content.warnings.empty()) {
        emit failed(
            tr("Some runs could not be read: %1").arg(QString::fromStdString(content.warnings.front())));
    }
}

void Workbench::saveDocumentAs(const QString& path) {
    const QString file = QFileInfo(path).absoluteFilePath();
    files_.add(
        [this, file]() -> SerialTask::Work {
            return [this, file, runs = runs_.snapshot(),
                    studies = costs_.studies()]() -> SerialTask::Completion {
                writeResultsDocument(toPath(file), *runs, studies);
                std::set<std::string> saved;
                for (const RunRecord& run : *runs) {
                    saved.insert(run.id);
                }
                return [this, file, saved] { documentSaved(file, saved); };
            };
        },
        [this](const QString& error) { emit failed(tr("The results were not saved: %1").arg(error)); });
}

void Workbench::documentSaved(const QString& file, const std::set<std::string>& saved) {
    target_->move(file);
    std::vector<RunRecord> measuredMeanwhile;
    std::ranges::copy_if(runs_.runs(), std::back_inserter(measuredMeanwhile),
                         [&saved](const RunRecord& run) { return !saved.contains(run.id); });
    queueRecording(std::move(measuredMeanwhile));
    emit documentOpened(file);
}

void Workbench::mergeDocument(const QString& path) {
    const QString file = QFileInfo(path).absoluteFilePath();
    files_.add(
        [this, file]() -> SerialTask::Work {
            return [this, file, target = target_]() -> SerialTask::Completion {
                const std::lock_guard lock(target->writing());
                const std::filesystem::path own = toPath(target->path());
                std::filesystem::create_directories(own.parent_path());
                const std::size_t added =
                    ResultsWriter{ResultsDocument(own)}.merge(ResultsDocument(toPath(file)));
                return [this, file, added, document = target->path(),
                        content = DocumentContent(target->path())] {
                    emit informed(tr("%n run(s) added from %1", nullptr, static_cast<int>(added))
                                      .arg(QFileInfo(file).fileName()));
                    takeDocument(document, content);
                };
            };
        },
        [this](const QString& error) { emit failed(tr("Nothing was merged: %1").arg(error)); });
}

void Workbench::keepNotes(const RunNotesEditor::Notes& notes) {
    for (const auto& [id, written] : notes) {
        unwrittenNotes_[id] = written;
    }
    notesTask_.start(
        [this, notes = unwrittenNotes_, target = target_](JobMonitor&) -> LatestTask::Completion {
            const std::lock_guard lock(target->writing());
            ResultsWriter(ResultsDocument(toPath(target->path()))).annotate(notes);
            return [this, notes, target] {
                std::erase_if(unwrittenNotes_, [&](const auto& item) {
                    const auto written = notes.find(item.first);
                    return written != notes.end() && written->second == item.second;
                });
            };
        },
        [this](const QString& error) {
            emit failed(tr("What you wrote on runs is not in the document yet: %1 It is tried again with the "
                           "next change.")
                            .arg(error));
        });
}

void Workbench::measureSensitivities(const std::optional<CalibrationSettings>& calibration) {
    if (!editor_.hasModel()) {
        return;
    }
    SensitivitySpec spec;
    spec.model = model_.toStdString();
    spec.calibration = calibration;
    const auto want = [&](const Codec& codec) {
        if (!codec.isFloat() && std::ranges::find(spec.codecs, codec.name()) == spec.codecs.end()) {
            spec.codecs.push_back(codec.name());
        }
    };
    std::ranges::for_each(editor_.codecs(), want);
    for (const std::string& name : suggestedCodecs()) {
        const Codec codec = Codec::parse(name);
        if (calibration || codec.calibration() != CalibrationUse::required) {
            want(codec);
        }
    }
    const SensitivityRecord* study = costs_.study();
    const std::optional<SensitivityRecord> known = study ? std::optional(*study) : std::nullopt;
    queue_.add(
        tr("Sensitivities of %1").arg(editor_.modelName()),
        [this, spec, known, reuse = runJobs_.reuseBytes(),
         target = target_](JobMonitor& monitor) -> JobQueue::Completion {
            Workers workers;
            StatisticsCache statistics = StatisticsCache::ofUser();
            auto record = std::make_shared<SensitivityRecord>(
                studySensitivity(spec, known, workers, statistics, reuse, monitor));
            QString problem;
            try {
                const std::lock_guard lock(target->writing());
                ResultsWriter(ResultsDocument(toPath(target->path()))).keep(*record);
            } catch (const std::exception& error) {
                problem = QString::fromUtf8(error.what());
            }
            return [this, record, problem, target] {
                if (target == target_) {
                    costs_.addStudy(std::move(*record));
                }
                if (!problem.isEmpty()) {
                    emit failed(
                        tr("The sensitivities are measured but could not be recorded: %1").arg(problem));
                }
            };
        });
}

void Workbench::queueRecording(std::vector<RunRecord> records) {
    if (records.empty()) {
        return;
    }
    queue_.add(tr("Record %n run(s)", nullptr, static_cast<int>(records.size())),
               [records = std::move(records), target = target_](JobMonitor&) -> JobQueue::Completion {
                   const std::lock_guard lock(target->writing());
                   ResultsWriter writer{ResultsDocument(toPath(target->path()))};
                   for (const RunRecord& record : records) {
                       writer.record(record);
                   }
                   return nullptr;
               });
}

void Workbench::removeRuns(const std::set<std::string>& ids) {
    if (ids.empty()) {
        return;
    }
    queue_.add(tr("Remove %n run(s)", nullptr, static_cast<int>(ids.size())),
               [this, ids, target = target_](JobMonitor&) -> JobQueue::Completion {
                   const std::lock_guard lock(target->writing());
                   ResultsWriter(ResultsDocument(toPath(target->path()))).remove({ids.begin(), ids.end()});
                   return [this, ids, target] {
                       if (target == target_) {
                           selection_.clear();
                           runs_.remove(ids);
                       }
                   };
               });
}

} // namespace planish
