// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_series.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <set>

namespace planish {

namespace {

/// The texts of this file, under one heading for translators.
struct Text {
    Q_DECLARE_TR_FUNCTIONS(Frontier)
};

/// "int4" of "int4:g16+refine".
std::string formatWord(const std::string& codec) {
    return codec.substr(0, codec.find_first_of(":+"));
}

QString familyTitle(const std::string& word) {
    const std::string family = word.substr(0, word.find_first_of("0123456789"));
    if (family == "int") {
        return Text::tr("integer");
    }
    if (family == "nf") {
        return Text::tr("NormalFloat");
    }
    if (family == "fp" || family == "bf") {
        return Text::tr("plain float");
    }
    return QString::fromStdString(family);
}

bool isDecoderRole(const std::string& role) {
    static const std::set<std::string, std::less<>> roles = {"q",    "k",  "v",       "qkv", "o",
                                                             "gate", "up", "gate_up", "down"};
    return roles.contains(role);
}

void addTo(std::vector<FrontierSeries>& series, const QString& title, std::size_t run) {
    const auto found = std::ranges::find(series, title, &FrontierSeries::title);
    if (found == series.end()) {
        series.push_back({title, {run}});
    } else {
        found->runs.push_back(run);
    }
}

/// Of a run that so many, itself included, were recorded since.
QString ageTitle(std::size_t since) {
    constexpr std::size_t few = 10;
    return since <= few       ? Text::tr("latest 10")
           : since <= 2 * few ? Text::tr("10 before")
                              : Text::tr("earlier");
}

} // namespace

QString codecFamily(const RunRecord& run) {
    std::set<std::string> words;
    for (const TensorResult& tensor : run.tensors) {
        if (isDecoderRole(tensor.role)) {
            words.insert(formatWord(tensor.codec));
        }
    }
    if (words.size() == 1) {
        return familyTitle(*words.begin());
    }
    return words.empty() ? Text::tr("unknown") : Text::tr("mixed");
}

std::vector<FrontierSeries> frontierSeries(const std::vector<ComparisonGroup>& groups,
                                           std::span<const RunRecord> runs, Colouring colouring) {
    std::vector<FrontierSeries> series;
    if (groups.size() > 1) {
        for (const ComparisonGroup& group : groups) {
            series.push_back({group.title, group.runs});
        }
        return series;
    }
    for (const ComparisonGroup& group : groups) {
        for (std::size_t place = 0; place < group.runs.size(); ++place) {
            const std::size_t run = group.runs[place];
            addTo(series,
                  colouring == Colouring::family ? codecFamily(runs[run])
                                                 : ageTitle(group.runs.size() - place),
                  run);
        }
    }
    return series;
}

std::vector<std::size_t> frontierOf(const ComparisonGroup& group, std::span<const RunRecord> runs,
                                    const FrontierAxes& axes) {
    std::vector<std::size_t> shown;
    std::vector<FrontierPoint> points;
    for (const std::size_t i : group.runs) {
        if (axes.canShow(runs[i])) {
            shown.push_back(i);
            points.push_back(axes.point(runs[i]));
        }
    }
    std::vector<std::size_t> front;
    for (const std::size_t i : paretoFront(points)) {
        front.push_back(shown[i]);
    }
    if (axes.size->largerIsBetter) {
        std::ranges::reverse(front);
    }
    return front;
}

} // namespace planish
