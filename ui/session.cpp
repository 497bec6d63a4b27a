// SPDX-License-Identifier: GPL-3.0-or-later
#include "session.h"

#include "support/file.h"
#include "workbench.h"

#include <QDir>
#include <QFileInfo>
#include <QStandardPaths>

namespace planish {

namespace {

constexpr std::uint64_t fileLimit = 64U << 20;
constexpr const char* recipeSchema = "planish.working-recipe/1";
const QString runsFile = QStringLiteral("queue.json");
const QString recipeFile = QStringLiteral("recipe.json");
/// The recipe that an earlier start left is kept here when editing begins without it.
const QString previousRecipeFile = QStringLiteral("recipe.previous.json");

Json parseIfThere(const QString& path) {
    return QFileInfo::exists(path) ? parseJsonFile(path.toStdString(), fileLimit) : Json();
}

std::optional<Session::SavedRecipe> recipeFromJson(const Json& document, const std::string& source) {
    if (document.is_null()) {
        return std::nullopt;
    }
    const JsonObject object(document, source);
    object.allowOnly({"schema", "model", "recipe"});
    if (const std::string schema = object.string("schema"); schema != recipeSchema) {
        throw InputError(source, "schema", recipeSchema, schema);
    }
    return Session::SavedRecipe{QString::fromStdString(object.string("model")),
                                Recipe::fromJson(object.at("recipe"), source)};
}

} // namespace

Session::Session(Workbench& workbench, const QString& folder, QObject* parent)
    : QObject(parent), workbench_(workbench), folder_(folder), lock_(folder + QStringLiteral("/lock")) {
    writing_.setMaxThreadCount(1);
    QDir().mkpath(folder);
    lock_.setStaleLockTime(0); // a holder that runs for days is none that crashed
    if (!lock_.tryLock()) {
        return; // another window of this user keeps its own
    }
    constexpr int milliseconds = 500;
    recipeDelay_.setSingleShot(true);
    recipeDelay_.setInterval(milliseconds);
    connect(&recipeDelay_, &QTimer::timeout, this, &Session::keepRecipe);
    const auto edited = [this] {
        if (workbench_.editor().undoStack()->canUndo()) {
            recipeDelay_.start();
        }
    };
    connect(&workbench.editor(), &RecipeEditor::codecsChanged, this, edited);
    connect(&workbench.editor(), &RecipeEditor::nameChanged, this, edited);
    connect(&workbench.runJobs(), &RunJobs::pendingChanged, this, &Session::keepRuns);
    readLeftovers();
}

Session::~Session() {
    if (recipeDelay_.isActive()) {
        keepRecipe();
    }
    writing_.waitForDone();
}

QString Session::defaultFolder() {
    return QStandardPaths::writableLocation(QStandardPaths::AppDataLocation) + QStringLiteral("/session");
}

void Session::readLeftovers() {
    const auto read = [this](const QString& name, auto&& parse) {
        const QString path = folder_ + QLatin1Char('/') + name;
        try {
            return parse(parseIfThere(path), path.toStdString());
        } catch (const Error& error) {
            // Kept for whoever wants to look, but not in the way of the next ones.
            QFile::remove(path + QStringLiteral(".damaged"));
            QFile::rename(path, path + QStringLiteral(".damaged"));
            throw;
        }
    };
    reading_.start(
        [this, read](JobMonitor&) -> LatestTask::Completion {
            QString problem;
            std::vector<PendingRun> runs;
            std::optional<SavedRecipe> recipe;
            try {
                runs = read(runsFile, [](const Json& document, const std::string& source) {
                    return document.is_null() ? std::vector<PendingRun>()
                                              : pendingRunsFromJson(document, source);
                });
            } catch (const Error& error) {
                problem = QString::fromUtf8(error.what());
            }
            try {
                recipe = read(recipeFile, recipeFromJson);
            } catch (const Error& error) {
                problem = QString::fromUtf8(error.what());
            }
            return [this, runs, recipe, problem] {
                leftRuns_ = runs;
                if (recipeVersion_ == 0) { // else it is edited again already
                    leftRecipe_ = recipe;
                }
                if (!workbench_.runJobs().pending().empty()) {
                    keepRuns(); // also those that were left
                }
                emit leftoversChanged();
                if (!problem.isEmpty()) {
                    emit failed(
                        tr("What was left unfinished could not be read and is kept aside: %1").arg(problem));
                }
            };
        },
        [this](const QString& error) { emit failed(error); });
}

void Session::keepRuns() {
    if (reading_.isRunning()) {
        return; // or it would be overwritten before it is read
    }
    std::vector<PendingRun> runs = workbench_.runJobs().pending();
    runs.insert(runs.end(), beingQueued_.begin(), beingQueued_.end());
    runs.insert(runs.end(), leftRuns_.begin(), leftRuns_.end());
    write(runsFile, runsVersion_,
          [runs = std::move(runs)] { return runs.empty() ? std::string() : toJson(runs).dump(1) + "\n"; });
}

void Session::keepRecipe() {
    const RecipeEditor& editor = workbench_.editor();
    if (!editor.hasModel()) {
        return;
    }
    if (leftRecipe_) {
        leftRecipe_.reset();
        const QString previous = folder_ + QLatin1Char('/') + previousRecipeFile;
        QFile::remove(previous);
        QFile::rename(folder_ + QLatin1Char('/') + recipeFile, previous);
        emit leftoversChanged();
    }
    write(recipeFile, recipeVersion_,
          [model = workbench_.model().toStdString(), name = editor.name().toStdString(),
           codecs = editor.codecs(), tensors = editor.tensors(), tied = editor.tiedEmbedding()] {
              Recipe recipe = recipeFor(codecs, tensors, tied);
              recipe.name = name;
              const Json document{{"schema", recipeSchema}, {"model", model}, {"recipe", recipe.toJson()}};
              return document.dump(1) + "\n";
          });
}

void Session::write(const QString& file, std::atomic<int>& latest, std::function<std::string()> content) {
    const int version = ++latest;
    writing_.start(
        [this, path = folder_ + QLatin1Char('/') + file, &latest, version, content = std::move(content)] {
            if (version != latest) {
                return;
            }
            try {
                const std::string text = content();
                if (text.empty()) {
                    QFile::remove(path);
                } else {
                    replaceFile(path.toStdString(), std::string_view(text));
                }
            } catch (const std::exception& error) {
                emit failed(tr("What is unfinished could not be kept for the next start: %1")
                                .arg(QString::fromUtf8(error.what())));
            }
        });
}

void Session::queueLeftRuns() {
    beingQueued_ = std::exchange(leftRuns_, {});
    emit leftoversChanged();
    workbench_.queueAgain(beingQueued_, [this] { beingQueued_.clear(); });
}

void Session::forgetLeftRuns() {
    leftRuns_.clear();
    keepRuns();
    emit leftoversChanged();
}

void Session::restoreLeftRecipe() {
    if (!leftRecipe_) {
        return;
    }
    const SavedRecipe saved = *leftRecipe_;
    const auto restore = [this, saved] {
        const QString text = tr("Restore the recipe \"%1\"").arg(QString::fromStdString(saved.recipe.name));
        if (workbench_.model() == saved.model && workbench_.takeRecipe(saved.recipe, text)) {
            leftRecipe_.reset(); // as the recipe being edited it is kept anew
            emit leftoversChanged();
        }
    };
    if (workbench_.model() == saved.model) {
        restore();
    } else {
        workbench_.openModel(saved.model, restore);
    }
}

void Session::forgetLeftRecipe() {
    leftRecipe_.reset();
    write(recipeFile, recipeVersion_, [] { return std::string(); });
    emit leftoversChanged();
}

} // namespace planish
