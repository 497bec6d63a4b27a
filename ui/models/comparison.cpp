// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/comparison.h"

#include <algorithm>

namespace planish {

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
    const QString name = QString::fromStdString(comparison.run(position).name);
    int same = 0;
    for (int other = 0; other < comparison.count(); ++other) {
        same += comparison.run(other).name == comparison.run(position).name ? 1 : 0;
    }
    return same > 1 ? QStringLiteral("%1 (%2)").arg(
                          name, QString::fromStdString(comparison.run(position).id.substr(0, 6)))
                    : name;
}

} // namespace planish
