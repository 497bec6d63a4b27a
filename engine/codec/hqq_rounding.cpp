// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/rounding.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace planish {
namespace {

constexpr float norm = 0.7F;

/// What one pass over a group finds: its objective Σ|e|^p, and the parameters that fit the levels best, in
/// the least-squares sense, once the large errors are taken out.
struct Pass {
    double objective = 0;
    double scale = 0;
    double offset = 0;
};

/// Errors are measured in `unit`s, so that `beta` means the same for weights of any size.
Pass passOver(const GroupProblem& problem, GroupParameters parameters, double unit, double beta) {
    constexpr std::size_t block = 256;
    const Grid& grid = problem.format.grid();
    const auto weights = problem.weights;
    std::array<std::uint8_t, block> indices;
    double objective = 0;
    double taken = 0;         // Σ of what the fit shall repair, in units
    double levelsByTaken = 0; // the same, each times its level
    double levelsSquared = 0;
    for (std::size_t at = 0; at < weights.size(); at += block) {
        const auto part = weights.subspan(at, std::min(block, weights.size() - at));
        grid.nearest(parameters, part, std::span(indices).first(part.size()));
        for (std::size_t i = 0; i < part.size(); ++i) {
            const double level = grid.levels()[indices[i]];
            const double error = (part[i] - (parameters.offset + parameters.scale * level)) / unit;
            const double magnitude = std::fabs(error);
            // |e|^(p−1) is infinite for an error of 0, which costs nothing and needs no repair.
            const double slope = magnitude > 0 ? std::pow(static_cast<float>(magnitude), norm - 1) : 0.0F;
            objective += magnitude * slope;
            // e less its shrinkage, sign(e) · max(0, |e| − |e|^(p−1) ÷ β).
            const double repaired = std::copysign(std::min(magnitude, slope / beta), error);
            taken += repaired;
            levelsByTaken += level * repaired;
            levelsSquared += level * level;
        }
    }
    Pass pass{objective, parameters.scale, parameters.offset};
    if (problem.format.hasOffset()) {
        pass.offset += unit * taken / static_cast<double>(weights.size());
    } else if (levelsSquared > 0) {
        pass.scale += unit * levelsByTaken / levelsSquared;
    }
    return pass;
}

} // namespace

GroupParameters HqqChoice::choose(const GroupProblem& problem) const {
    constexpr int iterations = 20;
    constexpr double betaGrowth = 1.01;
    double beta = 10;
    const Grid& grid = problem.format.grid();
    const GroupParameters cover = problem.format.cover(problem.weights, problem.storable);
    const double steps = static_cast<double>(grid.levels().size() - 1);
    const double unit = std::fabs(double{cover.scale}) * (grid.last() - grid.first()) / steps;
    if (unit == 0) {
        return cover;
    }
    GroupParameters best = cover;
    GroupParameters current = cover;
    double least = std::numeric_limits<double>::infinity();
    for (int i = 0; i <= iterations; ++i) {
        const Pass pass = passOver(problem, current, unit, beta);
        if (pass.objective < least) {
            least = pass.objective;
            best = current;
        }
        const GroupParameters next = problem.storable.nearest(pass.scale, pass.offset);
        if (next == current) {
            break;
        }
        current = next;
        beta *= betaGrowth;
    }
    return best;
}

} // namespace planish
