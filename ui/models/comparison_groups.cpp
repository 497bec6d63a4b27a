// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/comparison_groups.h"

#include <QCoreApplication>
#include <algorithm>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(Frontier)
};

} // namespace

std::string comparisonKey(const RunRecord& run) {
    std::string key = run.modelFingerprint + '|' + run.corpusSha256 + '|' + run.convention;
    for (const std::uint64_t number : {run.context, run.windows, run.stride}) {
        key += '|' + std::to_string(number);
    }
    return key;
}

bool mayCompare(const RunRecord& expected, const RunRecord& measured) {
    const auto mayBe = [](std::uint64_t wanted, std::uint64_t found) {
        return wanted == 0 || wanted == found;
    };
    return expected.model == measured.model && expected.corpus == measured.corpus &&
           expected.convention == measured.convention && mayBe(expected.context, measured.context) &&
           mayBe(expected.windows, measured.windows) && expected.stride == measured.stride;
}

QString comparisonTitle(const RunRecord& run) {
    QString setting = Text::tr("%1, context %2, %3 windows")
                          .arg(QString::fromStdString(run.convention))
                          .arg(run.context)
                          .arg(run.windows);
    if (run.stride > 0) {
        setting += Text::tr(", stride %1").arg(run.stride);
    }
    return QStringLiteral("%1 · %2 · %3")
        .arg(QString::fromStdString(run.model), QString::fromStdString(run.corpus), setting);
}

std::vector<ComparisonGroup> comparisonGroups(std::span<const RunRecord> runs) {
    std::vector<ComparisonGroup> groups;
    for (std::size_t i = 0; i < runs.size(); ++i) {
        const std::string key = comparisonKey(runs[i]);
        auto found = std::ranges::find(groups, key, &ComparisonGroup::key);
        if (found == groups.end()) {
            groups.push_back({key, comparisonTitle(runs[i]), {}});
            found = groups.end() - 1;
        }
        found->runs.push_back(i);
    }
    return groups;
}

} // namespace planish
