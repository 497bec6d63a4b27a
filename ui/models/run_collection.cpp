// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_collection.h"

#include "experiment/frontier.h"

#include <algorithm>

namespace planish {

int RunCollection::rowOf(const std::string& id) const {
    const auto found = std::ranges::find(*runs_, id, &RunRecord::id);
    return found == runs_->end() ? -1 : static_cast<int>(found - runs_->begin());
}

std::vector<RunRecord>& RunCollection::own() {
    if (runs_.use_count() > 1) { // else no other thread has them, nor can get them meanwhile
        runs_ = std::make_shared<std::vector<RunRecord>>(*runs_);
    }
    return *runs_;
}

void RunCollection::setRuns(std::vector<RunRecord> runs) {
    emit aboutToReset();
    runs_ = std::make_shared<std::vector<RunRecord>>(std::move(runs));
    updateFrontier();
    emit resetDone();
    emit changed();
}

void RunCollection::add(RunRecord run) {
    if (rowOf(run.id) >= 0) {
        return;
    }
    const int row = count();
    emit aboutToAdd(row);
    own().push_back(std::move(run));
    updateFrontier();
    emit added(row);
    emit changed();
}

void RunCollection::remove(const std::set<std::string>& ids) {
    for (int row = count() - 1; row >= 0; --row) {
        if (ids.contains(run(row).id)) {
            emit aboutToRemove(row);
            own().erase(own().begin() + row);
            updateFrontier();
            emit removed(row);
        }
    }
    emit changed();
}

void RunCollection::setNotes(const std::map<std::string, RunNotes>& notes) {
    for (const auto& [id, written] : notes) {
        if (const int row = rowOf(id); row >= 0) {
            planish::setNotes(own()[static_cast<std::size_t>(row)], written);
            emit notesChanged(row);
        }
    }
    emit changed();
}

QStringList RunCollection::folders() const {
    std::set<QString> found;
    for (const RunRecord& run : *runs_) {
        if (!run.folder.empty()) {
            found.insert(QString::fromStdString(run.folder));
        }
    }
    return {found.begin(), found.end()};
}

QStringList RunCollection::tags() const {
    std::set<QString> found;
    for (const RunRecord& run : *runs_) {
        for (const QString& tag :
             QString::fromStdString(run.tags).split(QStringLiteral(", "), Qt::SkipEmptyParts)) {
            found.insert(tag);
        }
    }
    return {found.begin(), found.end()};
}

void RunCollection::updateFrontier() {
    onFrontier_ = planish::onFrontier(*runs_);
}

} // namespace planish
