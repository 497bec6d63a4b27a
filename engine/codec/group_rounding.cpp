// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/input_statistics.h"
#include "codec/parameter_search.h"
#include "codec/rounding.h"
#include "codec/row_blocks.h"
#include "codec/search_kernel.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace planish {
namespace {

/// Leaves out some of the range that the covering grid has: at both ends alike, then at each.
void tryClipping(const GroupProblem& problem, ParameterSearch& search) {
    const ParameterSearch whole(problem, problem.format.cover(problem.weights, problem.storable));
    const double range = whole.high() - whole.low();
    // Coarse formats clip up to half of a Gaussian's range away, fine ones next to nothing.
    constexpr std::array fractions{0.0, 0.02, 0.04, 0.07, 0.10, 0.14, 0.19, 0.25};
    for (const double fraction : fractions) {
        search.tryBounds(whole.low() + fraction * range, whole.high() - fraction * range);
    }
    if (!problem.format.hasOffset()) {
        return;
    }
    for (const double fraction : fractions) {
        search.tryBounds(whole.low() + fraction * range, search.high());
    }
    for (const double fraction : fractions) {
        search.tryBounds(search.low(), whole.high() - fraction * range);
    }
}

/// Refits and moves both bounds in all directions, by less and less. Squared errors of small groups have many
/// local minima: the first steps are several errors wide.
void tryNeighbours(const GroupProblem& problem, ParameterSearch& search) {
    constexpr int iterations = 6;
    double step = 3.0 * search.typicalError();
    for (int i = 0; i < iterations; ++i) {
        bool moved = search.tryRefit();
        const double low = search.low();
        const double high = search.high();
        for (const double atLow : {-step, 0.0, step}) {
            for (const double atHigh : {-step, 0.0, step}) {
                if (problem.format.hasOffset() || atLow == 0) {
                    moved = search.tryBounds(low + atLow, high + atHigh) || moved;
                }
            }
        }
        step = moved ? step : step / 2;
    }
}

/// Whether searchGroups() can serve the row.
bool isSearchable(const RowProblem& problem) {
    constexpr float largest = 1e15F;
    return problem.format.grid().isUniform() && problem.storable.units[0].scale.isFp16() &&
           problem.storable.units[0].lastZeroPoint == 0 &&
           std::all_of(problem.weights.begin(), problem.weights.end(),
                       [](float weight) { return std::fabs(weight) <= largest; });
}

/// The whole groups of a row, a group in each lane of a vector; the last one by `choice` if it is shorter.
void searchRow(const RowProblem& problem, bool thorough, const GroupChoice& choice,
               std::span<GroupParameters> parameters) {
    const GridFormat& format = problem.format;
    const std::size_t size = format.groupSize(problem.weights.size());
    const std::size_t whole = problem.weights.size() / size;
    NearestChoice().chooseRow(problem, parameters);
    const bool hasOffset = problem.storable.units[0].offset.has_value();
    searchGroups({format.grid().first(), format.grid().last(), hasOffset, format.hasSignedScale(), thorough,
                  problem.weights.data(), size, whole},
                 parameters.data());
    if (whole < parameters.size()) {
        parameters[whole] =
            choice.choose({problem.weights.subspan(whole * size), {}, format, problem.storable.of(whole)});
    }
}

} // namespace

void DirectRounding::encode(const ScalarFormat& format, MatrixView weights, const EncodeContext& context,
                            std::span<std::byte> out) const {
    const auto columns = static_cast<std::size_t>(weights.cols());
    const std::size_t size = format.groupSize(columns);
    const std::size_t rowBytes = format.rowBytes(columns);
    const std::vector<float> importance =
        context.inputs != nullptr ? context.inputs->importance() : std::vector<float>();
    forEachRow(weights, context.workers, context.monitor, [&](std::size_t row) {
        const std::span<const float> values(weights.row(static_cast<Eigen::Index>(row)).data(), columns);
        const auto encoder = format.startRow(values, *choice_);
        encoder->roundRow(values, importance, size);
        encoder->write(out.subspan(row * rowBytes, rowBytes));
    });
}

void GroupChoice::chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const {
    const std::size_t size = problem.format.groupSize(problem.weights.size());
    for (std::size_t group = 0; group < parameters.size(); ++group) {
        const std::size_t count = std::min(size, problem.weights.size() - group * size);
        const auto importance =
            problem.importance.empty() ? problem.importance : problem.importance.subspan(group * size, count);
        parameters[group] = choose({problem.weights.subspan(group * size, count), importance, problem.format,
                                    problem.storable.of(group)});
    }
}

void NearestChoice::chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const {
    if (!problem.format.coverRow(problem.weights, problem.storable, parameters)) {
        GroupChoice::chooseRow(problem, parameters);
    }
}

GroupParameters NearestChoice::choose(const GroupProblem& problem) const {
    return problem.format.cover(problem.weights, problem.storable);
}

GroupParameters RefineChoice::choose(const GroupProblem& problem) const {
    constexpr int iterations = 3;
    const GroupProblem equal{problem.weights, {}, problem.format, problem.storable};
    ParameterSearch search(equal, problem.format.cover(problem.weights, problem.storable));
    for (int i = 0; i < iterations; ++i) {
        // A bound moved by about one typical error trades clipping at the ends for a finer step everywhere.
        const double move = std::copysign(search.typicalError(), search.high() - search.low());
        bool moved = search.tryBounds(search.low() + move, search.high() - move);
        if (problem.format.hasOffset() && !moved) {
            moved = search.tryBounds(search.low() + move, search.high());
            moved = search.tryBounds(search.low(), search.high() - move) || moved;
        }
        // The mean errors of low and high levels, in the least-squares sense, move the bounds once more.
        moved = search.tryRefit() || moved;
        if (!moved) {
            break;
        }
    }
    return search.best();
}

void RefineChoice::chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const {
    if (isSearchable(problem)) {
        searchRow(problem, false, *this, parameters);
    } else {
        GroupChoice::chooseRow(problem, parameters);
    }
}

void MseChoice::chooseRow(const RowProblem& problem, std::span<GroupParameters> parameters) const {
    if (problem.importance.empty() && isSearchable(problem)) {
        searchRow(problem, true, *this, parameters);
    } else {
        GroupChoice::chooseRow(problem, parameters);
    }
}

GroupParameters MseChoice::choose(const GroupProblem& problem) const {
    ParameterSearch search(problem, RefineChoice().choose(problem));
    tryClipping(problem, search);
    tryNeighbours(problem, search);
    return search.best();
}

} // namespace planish
