// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/comparison.h"

#include <algorithm>

namespace planish {

namespace {

/// What one run was given and none of the others was, in the fewest words; its id where no setting says it.
QString distinction(const RunRecord& run, const std::vector<const RunRecord*>& others) {
    const std::pair<std::string RunRecord::*, QString> texts[] = {
        {&RunRecord::model, QStringLiteral("%1")},
        {&RunRecord::corpus, QStringLiteral("%1")},
        {&RunRecord::convention, QStringLiteral("%1")},
        {&RunRecord::calibration, Comparison::tr("calibrated on %1")},
        {&RunRecord::tokenWeights, Comparison::tr("%1 tokens")},
        {&RunRecord::training, Comparison::tr("trained on %1")},
        {&RunRecord::arithmetic, QStringLiteral("%1")},
    };
    const std::pair<std::uint64_t RunRecord::*, QString> numbers[] = {
        {&RunRecord::windows, Comparison::tr("%1 windows")},
        {&RunRecord::context, Comparison::tr("context %1")},
        {&RunRecord::stride, Comparison::tr("stride %1")},
        {&RunRecord::calibrationSamples, Comparison::tr("%1 samples")},
        {&RunRecord::trainingTokens, Comparison::tr("%1 training tokens")},
        {&RunRecord::seed, Comparison::tr("seed %1")},
    };
    const auto isOwn = [&](auto member) {
        return std::ranges::none_of(others,
                                    [&](const RunRecord* other) { return other->*member == run.*member; });
    };
    for (const auto& [member, words] : texts) {
        if (isOwn(member) && !(run.*member).empty()) {
            return words.arg(QString::fromStdString(run.*member));
        }
    }
    for (const auto& [member, words] : numbers) {
        if (isOwn(member)) {
            return words.arg(run.*member);
        }
    }
    return QString::fromStdString(run.id.substr(0, 6));
}

} // namespace

Comparison::Comparison(RunCollection& runs, RunSelection& selection, QObject* parent)
    : QObject(parent), runs_(runs), selection_(selection) {
    connect(&runs_, &RunCollection::changed, this, &Comparison::update);
    connect(&selection_, &RunSelection::changed, this, &Comparison::update);
    update();
}

void Comparison::setReference(const std::string& id) {
    if (id != reference_) {
        reference_ = id;
        update();
    }
}

void Comparison::update() {
    rows_.clear();
    values_ = {};
    const RunSelection::Ids& ids = selection_.ids();
    if (ids.size() >= fewest && ids.size() <= most) {
        for (const std::string& id : ids) {
            if (const int row = runs_.rowOf(id); row >= 0) {
                rows_.push_back(row);
            }
        }
        std::ranges::sort(rows_);
        const auto reference =
            std::ranges::find(rows_, reference_, [this](int row) { return runs_.run(row).id; });
        if (reference != rows_.end()) {
            std::rotate(rows_.begin(), reference, reference + 1);
        }
    }
    if (rows_.size() < fewest) {
        rows_.clear();
    } else {
        std::vector<RunRecord> compared;
        for (const int row : rows_) {
            compared.push_back(runs_.run(row));
        }
        values_ = compareRuns(compared);
    }
    emit changed();
}

QString comparedName(const Comparison& comparison, int position) {
    const RunRecord& run = comparison.run(position);
    std::vector<const RunRecord*> alike;
    for (int other = 0; other < comparison.count(); ++other) {
        if (other != position && comparison.run(other).name == run.name) {
            alike.push_back(&comparison.run(other));
        }
    }
    const QString name = QString::fromStdString(run.name);
    return alike.empty() ? name : QStringLiteral("%1 (%2)").arg(name, distinction(run, alike));
}

} // namespace planish
