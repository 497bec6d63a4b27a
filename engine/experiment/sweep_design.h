// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "experiment/run_executor.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// Which recipes a sweep should try, from codecs to choose between for each role.
struct SweepDesign {
    struct Choice {
        std::string role;                ///< "attention", "mlp", "embedding", "head"
        std::vector<std::string> codecs; ///< none: tensors of the role stay in bf16
    };
    enum class Method {
        grid,     ///< every combination of one codec a role
        random,   ///< each block draws its codec of each role: mixes that no grid has
        frontier, ///< the best recorded recipes with one role changed
    };
    Method method = Method::grid;
    std::vector<Choice> choices;
    std::size_t count = 20; ///< recipes at most, but for grids
    std::uint64_t seed = 0; ///< of random
    int blocks = 0;         ///< decoder blocks of the model, for random
};

inline constexpr std::size_t largestSweep = 10'000; ///< recipes

/// The recipes, all different. For frontier `recorded` are runs of the model; those whose recipes are
/// recorded already are left out, and the frontier's ends come last. Throws InputError for a codec that
/// cannot be parsed, for no codec at all, and for grids beyond `largestSweep`.
std::vector<Recipe> designRecipes(const SweepDesign& design, std::span<const RunRecord> recorded = {});

/// What a sweep will take, before it starts.
struct SweepEstimate {
    std::size_t runs = 0;
    double seconds = 0;          ///< without what runs that begin alike share, but each baseline once
    double memoryBytes = 0;      ///< of the run that takes most
    std::uint64_t diskBytes = 0; ///< of the results document
};

/// Sums the estimates of the runs. Above 50 runs, equally spaced ones stand for all. Throws as
/// RunExecutor::estimate() and Cancelled.
SweepEstimate estimateSweep(const std::vector<RunSpec>& runs, RunExecutor& executor,
                            const JobMonitor& monitor);

} // namespace planish
