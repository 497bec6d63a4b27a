// SPDX-License-Identifier: GPL-3.0-or-later
#include "workbench.h"

#include "evaluation/text_form.h"
#include "experiment/sweep.h"
#include "model/model.h"
#include "store/results_document.h"

#include <QDir>
#include <QFileInfo>
#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>

namespace planish {

namespace {

constexpr std::uint64_t jsonLimit = 16U << 20;

/// A model and what is known of its costs, at one moment.
struct Subject {
    std::string model;
    std::vector<TensorInfo> tensors;
    bool tiedEmbedding = false;
    TensorCosts costs;
};

/// What is known of a run before it is measured; null when it is of another model or does not fit.
std::shared_ptr<const RunRecord> expectedRun(const RunSpec& spec, const Subject& subject) {
    if (subject.tensors.empty() || spec.model != subject.model) {
        return nullptr;
    }
    try {
        const std::vector<Codec> codecs = resolve(spec.recipe, subject.tensors, subject.tiedEmbedding);
        const RecipeSize size = recipeSize(codecs, subject.tensors);
        const auto prediction = subject.costs.prediction(subject.tensors, codecs);
        RunRecord run;
        run.deltaPplPercent = prediction ? prediction->deltaPplPercent : notMeasured;
        run.kldMean = prediction ? prediction->divergence : notMeasured;
        run.ppl = notMeasured;
        run.top1Agreement = notMeasured;
        run.name = spec.recipe.name;
        run.model = std::filesystem::path(spec.model).filename().string();
        run.corpus = TextReference::parse(spec.corpus).name();
        run.convention = conventionName(spec.evaluation.convention);
        run.context = spec.evaluation.context;
        run.windows = spec.evaluation.windows;
        run.stride = spec.evaluation.stride;
        run.bitsPerWeight = size.bitsPerWeight();
        run.compression = size.compression();
        run.wholeModelCompressionFp32 = size.wholeModelCompressionFp32();
        run.wholeModelCompressionBf16 = size.wholeModelCompressionBf16();
        run.packedBytes = size.totalBytes;
        return std::make_shared<const RunRecord>(std::move(run));
    } catch (const Error&) {
        return nullptr; // the job itself tells what is wrong with the recipe
    }
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

Workbench::~Workbench() {
    files_.finish(); // while there is everything that its results go to
}

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
    files_.addWork(
        [this, place, then]() -> SerialTask::Completion {
            const Model model = Model::open(place.toStdString());
            return [this, place, model, then] {
                model_ = place;
                maximumContext_ = model.config().maximumContext;
                selection_.clear();
                editor_.setModel(QString::fromStdString(model.name()), model.tensors(),
                                 model.config().tiedEmbedding);
                costs_.setModel(place);
                emit modelOpened(place);
                if (then) {
                    then();
                }
            };
        },
        [this, then](const QString& error) {
            emit failed(tr("The model was not opened: %1").arg(error));
            if (then) {
                then();
            }
        });
}

void Workbench::openJson(const QString& path) {
    files_.addWork(
        [this, path]() -> SerialTask::Completion {
            const std::string file = path.toStdString();
            const Json document = parseJsonFile(file, jsonLimit);
            const JsonObject object(document, file);
            if (object.string("schema", "").starts_with("planish.sweep/")) {
                return [this, specs = SweepSpec::fromFile(file).runs()] { queueSweep(specs); };
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
    files_.addWork(
        [this, path]() -> SerialTask::Completion {
            return [this, specs = SweepSpec::fromFile(path.toStdString()).runs()] { queueSweep(specs); };
        },
        [this](const QString& error) { emit failed(tr("The sweep was not queued: %1").arg(error)); });
}

void Workbench::queueSweep(std::vector<RunSpec> specs) {
    queueRuns(
        [specs = std::move(specs)] {
            std::vector<RunJobs::Run> runs;
            for (const RunSpec& spec : specs) {
                runs.push_back({std::make_shared<const RunSpec>(spec), false, nullptr, nullptr});
            }
            return runs;
        },
        nullptr);
}

void Workbench::queueRuns(const std::function<std::vector<RunJobs::Run>()>& make,
                          const std::function<void()>& then) {
    files_.add(
        [this, make, then]() -> SerialTask::Work {
            const Subject subject{model_.toStdString(), editor_.tensors(), editor_.tiedEmbedding(),
                                  costs_.known()};
            return [this, make, subject, target = target_, then]() -> SerialTask::Completion {
                std::vector<RunJobs::Run> runs = make();
                for (RunJobs::Run& run : runs) {
                    run.target = run.target ? run.target : target;
                    run.expected = expectedRun(*run.spec, subject);
                }
                return [this, runs, then] {
                    runJobs_.add(runs);
                    emit informed(tr("%n run(s) queued", nullptr, static_cast<int>(runs.size())));
                    if (then) {
                        then();
                    }
                };
            };
        },
        [this](const QString& error) { emit failed(tr("The runs were not queued: %1").arg(error)); });
}

bool Workbench::takeRecipe(const Recipe& recipe, const QString& undoText) {
    if (!editor_.hasModel()) {
        emit failed(tr("A recipe says how a model is stored: open a model first."));
        return false;
    }
    try {
        leaveSelectedRun();
        editor_.setRecipe(recipe, undoText);
        return true;
    } catch (const Error& error) {
        emit failed(tr("The recipe does not fit this model: %1").arg(QString::fromUtf8(error.what())));
        return false;
    }
}

bool Workbench::editCopy(const Recipe& recipe) {
    return takeRecipe(recipe, tr("Edit a copy of \"%1\"").arg(QString::fromStdString(recipe.name)));
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

void Workbench::leaveSelectedRun() {
    if (selection_.ids().size() == 1) {
        selection_.clear();
    }
}

int Workbench::run(const RunSpec& spec) {
    if (!editor_.hasModel()) {
        return 0;
    }
    leaveSelectedRun();
    const Subject subject{model_.toStdString(), editor_.tensors(), editor_.tiedEmbedding(), costs_.known()};
    return runJobs_.add({{std::make_shared<const RunSpec>(spec), true, target_, expectedRun(spec, subject)}})
        .front();
}

void Workbench::queueAgain(const std::vector<PendingRun>& pending, const std::function<void()>& then) {
    std::map<std::string, Target> targets{{target_->path().toStdString(), target_}};
    std::vector<RunJobs::Run> runs;
    for (const PendingRun& run : pending) {
        Target& target = targets[run.document];
        if (!target) {
            target = std::make_shared<DocumentTarget>(QString::fromStdString(run.document));
        }
        runs.push_back({run.spec, run.selectsKnown, target, nullptr});
    }
    queueRuns([runs = std::move(runs)] { return runs; }, then);
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

} // namespace planish
