// SPDX-License-Identifier: GPL-3.0-or-later
#include "workbench.h"

#include "experiment/sweep.h"
#include "model/model.h"
#include "store/results_document.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <map>
#include <mutex>

namespace planish {

namespace {

constexpr std::uint64_t jsonLimit = 16U << 20;

/// What is known of a run before it is measured.
RunRecord expectedRun(const std::string& name, const RecipeSize& size) {
    RunRecord run;
    run.deltaPplPercent = notMeasured;
    run.kldMean = notMeasured;
    run.ppl = notMeasured;
    run.top1Agreement = notMeasured;
    run.name = name;
    run.bitsPerWeight = size.bitsPerWeight();
    run.compression = size.compression();
    run.wholeModelCompressionFp32 = size.wholeModelCompressionFp32();
    run.wholeModelCompressionBf16 = size.wholeModelCompressionBf16();
    run.packedBytes = size.totalBytes;
    return run;
}

void callIfSet(const std::function<void()>& function) {
    if (function) {
        function();
    }
}

std::filesystem::path toPath(const QString& path) {
    return path.toStdString();
}

} // namespace

Workbench::Workbench(QObject* parent)
    : QObject(parent), target_(std::make_shared<DocumentTarget>(QString())) {
    connect(&runJobs_, &RunJobs::measured, this, &Workbench::runMeasured);
    connect(&runJobs_, &RunJobs::known, this, &Workbench::runKnown);
    connect(&notes_, &RunNotesEditor::edited, this, &Workbench::keepNotes);
    connect(&queue_, &JobQueue::failed, this,
            [this](const JobStatus& job) { emit failed(tr("%1 failed: %2").arg(job.title, job.error)); });
}

Workbench::~Workbench() = default;

QString Workbench::documentPath() const {
    return target_->path();
}

void Workbench::open(const QString& nameOrPath) {
    const QFileInfo info(nameOrPath);
    const QString suffix = info.suffix().toLower();
    if (info.isFile() && suffix == QLatin1String("h5")) {
        openDocument(nameOrPath);
    } else if (info.isFile() && suffix == QLatin1String("json") &&
               info.fileName() != QLatin1String("config.json")) {
        openJson(nameOrPath);
    } else if (info.isFile() && suffix != QLatin1String("gguf")) {
        openModel(info.absolutePath());
    } else {
        openModel(nameOrPath);
    }
}

void Workbench::openModel(const QString& nameOrPath, const std::function<void()>& then) {
    const QString place = QFileInfo(nameOrPath).isDir() ? QDir(nameOrPath).absolutePath() : nameOrPath;
    modelTask_.start(
        [this, place, then](JobMonitor&) -> LatestTask::Completion {
            const Model model = Model::open(place.toStdString());
            return [this, place, model, then] {
                model_ = place;
                maximumContext_ = model.config().maximumContext;
                selection_.clear();
                editor_.setModel(QString::fromStdString(model.name()), model.tensors(),
                                 model.config().tiedEmbedding);
                costs_.setModel(place);
                emit modelOpened(place);
                callIfSet(then);
            };
        },
        [this, then](const QString& error) {
            emit failed(tr("The model was not opened: %1").arg(error));
            callIfSet(then);
        });
}

void Workbench::openDocument(const QString& path, const std::function<void()>& then) {
    const QString file = QFileInfo(path).absoluteFilePath();
    documentTask_.start(
        [this, file, then](JobMonitor&) -> LatestTask::Completion {
            const ResultsDocument document(toPath(file));
            std::vector<std::string> warnings;
            auto runs = std::make_shared<std::vector<RunRecord>>();
            std::vector<SensitivityRecord> studies;
            if (document.exists()) {
                *runs = document.read(&warnings);
                studies = document.readSensitivities(&warnings);
            }
            return [this, file, runs, studies, warnings, then] {
                takeDocument(file, std::move(*runs), studies);
                if (!warnings.empty()) {
                    emit failed(
                        tr("Some runs could not be read: %1").arg(QString::fromStdString(warnings.front())));
                }
                callIfSet(then);
            };
        },
        [this, then](const QString& error) {
            emit failed(tr("The results were not opened: %1").arg(error));
            callIfSet(then);
        });
}

void Workbench::takeDocument(const QString& file, std::vector<RunRecord> runs,
                             std::vector<SensitivityRecord> studies) {
    std::vector<RunRecord> measuredMeanwhile;
    if (file == target_->path()) {
        measuredMeanwhile = runs_.runs();
    } else {
        target_ = std::make_shared<DocumentTarget>(file);
        unwrittenNotes_.clear();
    }
    selection_.clear();
    brushes_.clear();
    runs_.setRuns(std::move(runs));
    costs_.setStudies(std::move(studies));
    for (RunRecord& run : measuredMeanwhile) {
        runs_.add(std::move(run));
    }
    runs_.setNotes(unwrittenNotes_);
    emit documentOpened(file);
}

void Workbench::saveDocumentAs(const QString& path) {
    const QString file = QFileInfo(path).absoluteFilePath();
    const Target target = target_;
    fileTask_.start(
        [this, file, target, runs = runs_.runs(),
         studies = costs_.studies()](JobMonitor&) -> LatestTask::Completion {
            writeResultsDocument(toPath(file), runs, studies);
            std::set<std::string> saved;
            for (const RunRecord& run : runs) {
                saved.insert(run.id);
            }
            return [this, file, target, saved] {
                target->move(file);
                if (target != target_) {
                    return;
                }
                std::vector<RunRecord> measuredMeanwhile;
                std::ranges::copy_if(runs_.runs(), std::back_inserter(measuredMeanwhile),
                                     [&saved](const RunRecord& run) { return !saved.contains(run.id); });
                queueRecording(std::move(measuredMeanwhile));
                emit documentOpened(file);
            };
        },
        [this](const QString& error) { emit failed(tr("The results were not saved: %1").arg(error)); });
}

void Workbench::mergeDocument(const QString& path) {
    const QString file = QFileInfo(path).absoluteFilePath();
    fileTask_.start(
        [this, file, target = target_](JobMonitor&) -> LatestTask::Completion {
            const std::lock_guard lock(target->writing());
            const std::filesystem::path own = toPath(target->path());
            std::filesystem::create_directories(own.parent_path());
            const std::size_t added =
                ResultsWriter{ResultsDocument(own)}.merge(ResultsDocument(toPath(file)));
            return [this, file, target, added] {
                emit informed(tr("%n run(s) added from %1", nullptr, static_cast<int>(added))
                                  .arg(QFileInfo(file).fileName()));
                if (target == target_) {
                    openDocument(target->path());
                }
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

void Workbench::openJson(const QString& path) {
    fileTask_.start(
        [this, path](JobMonitor&) -> LatestTask::Completion {
            const std::string file = path.toStdString();
            const Json document = parseJsonFile(file, jsonLimit);
            const JsonObject object(document, file);
            if (object.string("schema", "").starts_with("planish.sweep/")) {
                return [this, path] { openSweep(path); };
            }
            const Recipe recipe = Recipe::fromJson(document, file);
            return [this, recipe, path] {
                takeRecipe(recipe, tr("Open recipe \"%1\"").arg(QString::fromStdString(recipe.name)));
                emit recipeOpened(path);
            };
        },
        [this](const QString& error) { emit failed(tr("The file was not opened: %1").arg(error)); });
}

void Workbench::openSweep(const QString& path) {
    fileTask_.start(
        [this, path](JobMonitor&) -> LatestTask::Completion {
            const std::vector<RunSpec> specs = SweepSpec::fromFile(path.toStdString()).runs();
            return [this, specs] { queueSweep(specs); };
        },
        [this](const QString& error) { emit failed(tr("The sweep was not queued: %1").arg(error)); });
}

void Workbench::queueSweep(const std::vector<RunSpec>& specs) {
    for (const RunSpec& spec : specs) {
        queueRun(spec, WhenKnown::skip, target_);
    }
    emit informed(tr("%n run(s) queued", nullptr, static_cast<int>(specs.size())));
}

void Workbench::takeRecipe(const Recipe& recipe, const QString& undoText) {
    if (!editor_.hasModel()) {
        emit failed(tr("A recipe says how a model is stored: open a model first."));
        return;
    }
    try {
        selection_.clear();
        editor_.setRecipe(recipe, undoText);
    } catch (const Error& error) {
        emit failed(tr("The recipe does not fit this model: %1").arg(QString::fromUtf8(error.what())));
    }
}

void Workbench::editCopy(const Recipe& recipe) {
    takeRecipe(recipe, tr("Edit a copy of \"%1\"").arg(QString::fromStdString(recipe.name)));
}

RunSpec Workbench::spec(const QString& corpus, const EvaluationSettings& evaluation, std::uint64_t seed,
                        const std::optional<CalibrationSettings>& calibration) const {
    RunSpec spec;
    spec.model = model_.toStdString();
    spec.recipe = editor_.recipe();
    spec.corpus = corpus.toStdString();
    spec.evaluation = evaluation;
    spec.seed = seed;
    spec.calibration = calibration;
    return spec;
}

int Workbench::run(const RunSpec& spec) {
    if (!editor_.hasModel()) {
        return 0;
    }
    selection_.clear();
    return queueRun(spec, WhenKnown::select, target_);
}

int Workbench::queueRun(const RunSpec& spec, WhenKnown whenKnown, const Target& target) {
    std::optional<RunRecord> expected;
    if (editor_.hasModel() && spec.model == model_.toStdString()) {
        try {
            const std::vector<Codec> codecs =
                resolve(spec.recipe, editor_.tensors(), editor_.tiedEmbedding());
            expected = expectedRun(spec.recipe.name, recipeSize(codecs, editor_.tensors()));
            if (const auto prediction = costs_.prediction(editor_.tensors(), codecs)) {
                expected->deltaPplPercent = prediction->deltaPplPercent;
                expected->kldMean = prediction->divergence;
            }
        } catch (const Error&) {
            expected.reset(); // the job itself tells what is wrong with the recipe
        }
    }
    return runJobs_.add(spec, whenKnown == WhenKnown::select, target, expected);
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

void Workbench::queueAgain(const std::vector<PendingRun>& runs) {
    std::map<std::string, Target> targets{{target_->path().toStdString(), target_}};
    for (const PendingRun& run : runs) {
        Target& target = targets[run.document];
        if (!target) {
            target = std::make_shared<DocumentTarget>(QString::fromStdString(run.document));
        }
        queueRun(run.spec, run.selectsKnown ? WhenKnown::select : WhenKnown::skip, target);
    }
    emit informed(tr("%n run(s) queued", nullptr, static_cast<int>(runs.size())));
}

void Workbench::runMeasured(const Target& target, const RunRecord& record, const QString& problem) {
    if (target == target_) {
        runs_.add(record);
    }
    if (!problem.isEmpty()) {
        emit failed(tr("The run \"%1\" is measured but could not be recorded: %2 Save the results elsewhere "
                       "(File ▸ Save results as) to keep it.")
                        .arg(QString::fromStdString(record.name), problem));
    }
}

void Workbench::runKnown(const Target& target, const std::string& id) {
    if (target == target_) {
        selection_.select({id});
        emit informed(tr("This run is already in the results; it is selected now."));
    }
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
