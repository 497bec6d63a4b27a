// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/overlap.h"

#include <algorithm>
#include <cstdint>
#include <unordered_map>

namespace planish {
namespace {

/// A run in a text that outlives it. Equal hashes are not taken for equal runs: the tokens are compared.
struct Run {
    const TokenId* tokens = nullptr;
    std::uint64_t hash = 0;

    bool operator==(const Run& other) const {
        return hash == other.hash && std::equal(tokens, tokens + overlapRun, other.tokens);
    }
};

struct RunHash {
    std::size_t operator()(const Run& run) const { return run.hash; }
};

/// Σ tokenᵢ · base^(overlapRun − 1 − i) modulo 2^64 of every run of a window (Karp and Rabin 1987), each from
/// the one before it.
class RollingHash {
  public:
    void push(TokenId token) { hash_ = hash_ * base + static_cast<std::uint32_t>(token); }
    /// Takes out the token that was pushed overlapRun pushes before the last.
    void drop(TokenId token) { hash_ -= leavingPower * static_cast<std::uint32_t>(token); }
    std::uint64_t value() const { return hash_; }

  private:
    static constexpr std::uint64_t base =
        0x9E3779B97F4A7C15; // odd, its bits spread: 2^64 over the golden ratio
    static constexpr std::uint64_t leavingPower = [] {
        std::uint64_t power = 1;
        for (std::size_t i = 0; i < overlapRun; ++i) {
            power *= base;
        }
        return power;
    }();
    std::uint64_t hash_ = 0;
};

/// Calls `visit` with every run of every window and with the position in `tokens` where it begins.
template <typename Visit>
void forRuns(std::span<const TokenId> tokens, std::size_t context, Visit&& visit) {
    const std::size_t length = context > 0 ? context : tokens.size();
    for (std::size_t begin = 0; begin < tokens.size(); begin += length) {
        const std::span<const TokenId> window =
            tokens.subspan(begin, std::min(length, tokens.size() - begin));
        RollingHash hash;
        for (std::size_t i = 0; i < window.size(); ++i) {
            hash.push(window[i]);
            if (i >= overlapRun) {
                hash.drop(window[i - overlapRun]);
            }
            if (i + 1 >= overlapRun) {
                const std::size_t first = i + 1 - overlapRun;
                visit(Run{window.data() + first, hash.value()}, begin + first);
            }
        }
    }
}

} // namespace

double overlap(std::span<const TokenId> calibration, std::size_t calibrationContext,
               std::span<const TokenId> evaluation, std::size_t evaluationContext) {
    if (evaluation.empty()) {
        return 0;
    }
    // Of the evaluation text, as a calibration text may be hundreds of times as long.
    std::unordered_map<Run, bool, RunHash> shared;
    shared.reserve(evaluation.size());
    forRuns(evaluation, evaluationContext, [&](const Run& run, std::size_t) { shared.emplace(run, false); });
    forRuns(calibration, calibrationContext, [&](const Run& run, std::size_t) {
        if (const auto found = shared.find(run); found != shared.end()) {
            found->second = true;
        }
    });
    std::size_t covered = 0;
    std::size_t coveredUntil = 0; // positions before it are counted
    forRuns(evaluation, evaluationContext, [&](const Run& run, std::size_t begin) {
        if (shared.at(run)) {
            const std::size_t end = begin + overlapRun;
            covered += end - std::max(begin, coveredUntil);
            coveredUntil = end;
        }
    });
    return static_cast<double>(covered) / static_cast<double>(evaluation.size());
}

} // namespace planish
