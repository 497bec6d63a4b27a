// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/cost_table.h"

#include "model/model.h"

#include <algorithm>
#include <chrono>

namespace planish {

CostTable::CostTable(RecipeEditor* editor, QObject* parent) : QObject(parent), editor_(editor) {
    constexpr int milliseconds = 200; // edits come in bursts
    delay_.setSingleShot(true);
    delay_.setInterval(milliseconds);
    connect(&delay_, &QTimer::timeout, this, &CostTable::measureMissing);
    connect(editor_, &RecipeEditor::codecsChanged, &delay_, qOverload<>(&QTimer::start));
}

CostTable::~CostTable() = default;

void CostTable::setModel(const QString& nameOrPath) {
    model_ = nameOrPath;
    fingerprint_.clear();
    known_.clearErrors();
    unmeasurable_.clear();
    chooseStudy();
}

void CostTable::findFingerprint() {
    fingerprintTask_.start(
        [this, place = model_.toStdString()](JobMonitor& monitor) -> LatestTask::Completion {
            Workers workers;
            const std::string fingerprint = Model::open(place).fingerprint(workers, monitor);
            return [this, place, fingerprint] {
                if (place == model_.toStdString()) {
                    fingerprint_ = fingerprint;
                    chooseStudy();
                }
            };
        },
        [](const QString&) {}); // a model that cannot be read any more is reported by what needs its weights
}

void CostTable::setStudies(std::vector<SensitivityRecord> studies) {
    studies_ = std::move(studies);
    chooseStudy();
}

void CostTable::addStudy(SensitivityRecord study) {
    std::erase_if(studies_, [&](const SensitivityRecord& earlier) { return earlier.id == study.id; });
    studies_.push_back(std::move(study));
    chooseStudy();
}

void CostTable::setCorrected(const SensitivityRecord& study) {
    if (study_ != nullptr && study_->id == study.id) {
        known_.setStudy(&study);
        emit changed();
    }
}

void CostTable::chooseStudy() {
    study_ = nullptr;
    const std::string name = editor_->modelName().toStdString();
    const bool maybe =
        std::ranges::any_of(studies_, [&](const SensitivityRecord& study) { return study.model == name; });
    if (maybe && fingerprint_.empty() && !model_.isEmpty()) {
        findFingerprint(); // reads the whole model: only where there is a study it may be of
    }
    for (const SensitivityRecord& study : studies_) {
        if (study.modelFingerprint == fingerprint_ &&
            (study_ == nullptr || study.created >= study_->created)) {
            study_ = &study;
        }
    }
    known_.setStudy(study_);
    emit changed();
    delay_.start();
}

int CostTable::unmeasurable() const {
    int count = 0;
    for (std::size_t i = 0; i < editor_->tensors().size(); ++i) {
        const Key key{editor_->tensors()[i].name, editor_->codecs()[i].name()};
        count += unmeasurable_.contains(key) && !known_.error(editor_->tensors()[i], editor_->codecs()[i]);
    }
    return count;
}

std::vector<std::pair<TensorInfo, Codec>> CostTable::missing() const {
    std::vector<std::pair<TensorInfo, Codec>> pairs;
    for (std::size_t i = 0; i < editor_->tensors().size(); ++i) {
        const TensorInfo& tensor = editor_->tensors()[i];
        const Codec& codec = editor_->codecs()[i];
        if (known_.hasSensitivity(tensor.name) && !known_.error(tensor, codec) &&
            !unmeasurable_.contains({tensor.name, codec.name()})) {
            pairs.emplace_back(tensor, codec);
        }
    }
    return pairs;
}

void CostTable::measureMissing() {
    const auto pairs = missing();
    if (study_ == nullptr || pairs.empty()) {
        return;
    }
    errorTask_.start(
        [this, pairs, place = model_.toStdString()](JobMonitor& monitor) -> LatestTask::Completion {
            using Clock = std::chrono::steady_clock;
            constexpr std::chrono::milliseconds untilShown(700); // what is known appears, then it goes on
            const Clock::time_point start = Clock::now();
            const Model model = Model::open(place);
            Workers workers;
            TensorCosts::Errors measured;
            std::set<Key> impossible;
            for (const auto& [tensor, codec] : pairs) {
                const Key key{tensor.name, codec.name()};
                if (const std::optional<double> relative =
                        weightError(model, tensor, codec, workers, monitor)) {
                    measured[key] = {*relative, codec.calibration() == CalibrationUse::required};
                } else {
                    impossible.insert(key);
                }
                if (Clock::now() - start > untilShown) {
                    break;
                }
            }
            return [this, place, measured, impossible] {
                if (place != model_.toStdString()) {
                    return;
                }
                known_.addErrors(measured);
                unmeasurable_.insert(impossible.begin(), impossible.end());
                emit changed();
                measureMissing();
            };
        },
        [](const QString&) {}); // the costs stay unknown; a run tells what is wrong
}

} // namespace planish
