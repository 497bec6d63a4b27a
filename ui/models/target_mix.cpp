// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/target_mix.h"

#include "models/comparison_groups.h"

#include <QScopedValueRollback>
#include <algorithm>
#include <cmath>

namespace planish {
namespace {

RunRecord predicted(double bitsPerWeight, const Prediction& prediction) {
    RunRecord record;
    record.bitsPerWeight = bitsPerWeight;
    record.compression = 32 / bitsPerWeight;
    record.deltaPplPercent = prediction.deltaPplPercent;
    record.deltaStandardErrorPercent = prediction.deltaPplErrorPercent;
    record.kldMean = prediction.divergence;
    record.ppl = notMeasured;
    record.top1Agreement = notMeasured;
    return record;
}

void fillSizes(RunRecord& record, std::uint64_t bytes, std::uint64_t weights) {
    record.packedBytes = bytes;
    record.wholeModelCompressionFp32 = 4 * static_cast<double>(weights) / static_cast<double>(bytes);
    record.wholeModelCompressionBf16 = record.wholeModelCompressionFp32 / 2;
}

} // namespace

TargetMix::TargetMix(CostTable& costs, RecipeEditor& editor, RunCollection& runs, QObject* parent)
    : QObject(parent), costs_(costs), editor_(editor), runs_(runs) {
    constexpr int milliseconds = 60; // while the handle is dragged
    delay_.setSingleShot(true);
    delay_.setInterval(milliseconds);
    connect(&delay_, &QTimer::timeout, this, &TargetMix::start);
    connect(&costs_, &CostTable::changed, this, [this] {
        if (!correcting_) {
            delay_.start();
        }
    });
    connect(&runs_, &RunCollection::changed, &delay_, qOverload<>(&QTimer::start));
}

TargetMix::~TargetMix() = default;

void TargetMix::setTarget(std::optional<double> bitsPerWeight) {
    if (target_ != bitsPerWeight) {
        target_ = bitsPerWeight;
        emit targetChanged();
        delay_.start();
    }
}

std::vector<RunRecord> TargetMix::comparableRuns() const {
    std::vector<RunRecord> found;
    std::string key;
    // From the end: what was measured last is what one works on.
    for (int row = runs_.count() - 1; row >= 0 && costs_.study() != nullptr; --row) {
        const RunRecord& run = runs_.run(row);
        if (run.modelFingerprint != costs_.study()->modelFingerprint) {
            continue;
        }
        if (key.empty()) {
            key = comparisonKey(run);
        }
        constexpr std::size_t enough = 100;
        if (comparisonKey(run) == key && found.size() < enough) {
            found.push_back(run);
        }
    }
    return found;
}

void TargetMix::start() {
    if (costs_.study() == nullptr || costs_.study()->costs.empty()) {
        task_.start([](JobMonitor&) -> LatestTask::Completion { return nullptr; }, [](const QString&) {});
        mix_.reset();
        problem_.clear();
        frontier_.clear();
        emit changed();
        return;
    }
    task_.start(
        [this, study = *costs_.study(), runs = comparableRuns(), tensors = editor_.tensors(),
         tied = editor_.tiedEmbedding(), target = target_](JobMonitor&) -> LatestTask::Completion {
            const SensitivityRecord corrected = refined(study, runs);
            std::uint64_t weights = 0;
            for (const TensorInfo& tensor : tensors) {
                weights += tensor.count();
            }
            std::vector<RunRecord> frontier;
            for (const PredictedPoint& point : predictedFrontier(corrected, {}, tensors, tied)) {
                frontier.push_back(predicted(point.bitsPerWeight, point.prediction));
                fillSizes(frontier.back(), point.totalBytes, weights);
            }
            std::optional<Mix> mix;
            QString problem;
            if (target) {
                try {
                    MixSpec spec;
                    spec.budget = {MixBudget::Kind::bitsPerWeight, *target};
                    mix = bestMix(corrected, spec, tensors, tied);
                } catch (const InputError& error) {
                    problem = QString::fromUtf8(error.what());
                }
            }
            return [this, frontier, mix, problem, corrected] {
                {
                    const QScopedValueRollback<bool> guard(correcting_, true);
                    costs_.setCorrected(corrected); // so that all predictions are the same
                }
                frontier_ = frontier;
                mix_ = mix;
                problem_ = problem;
                emit changed();
            };
        },
        [this](const QString& error) {
            mix_.reset();
            problem_ = error;
            emit changed();
        });
}

const RunRecord* TargetMix::bestRecorded() const {
    const RunRecord* best = nullptr;
    const QString model = editor_.modelName();
    std::string key;
    for (int row = runs_.count() - 1; row >= 0 && target_; --row) {
        const RunRecord& run = runs_.run(row);
        if (QString::fromStdString(run.model) != model || (!key.empty() && comparisonKey(run) != key)) {
            continue;
        }
        key = comparisonKey(run);
        if (run.bitsPerWeight <= *target_ && std::isfinite(run.kldMean) &&
            (best == nullptr || run.kldMean < best->kldMean)) {
            best = &run;
        }
    }
    return best;
}

RunRecord TargetMix::asRecord(const Mix& mix) const {
    RunRecord record = predicted(mix.size.bitsPerWeight(), mix.prediction);
    record.name = mix.recipe.name;
    record.recipe = mix.recipe;
    fillSizes(record, mix.size.totalBytes, mix.size.totalWeights);
    return record;
}

RunRecord TargetMix::sizesAt(double bitsPerWeight) const {
    const RecipeSize size = editor_.size();
    RunRecord record;
    record.bitsPerWeight = bitsPerWeight;
    record.compression = 32 / bitsPerWeight;
    const double bytes = static_cast<double>(size.totalBytes - size.decoderBytes) +
                         bitsPerWeight * static_cast<double>(size.decoderWeights) / 8;
    fillSizes(record, static_cast<std::uint64_t>(bytes), size.totalWeights);
    return record;
}

} // namespace planish
