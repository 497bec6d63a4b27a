// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"

#include <string>
#include <vector>

namespace planish::test {

/// A finished run of a made-up model with the values the views show.
inline RunRecord makeRun(const std::string& name, double bitsPerWeight, double deltaPercent,
                         double standardError = 0.1) {
    RunRecord run;
    run.id = "id-" + name;
    run.name = name;
    run.model = "small";
    run.modelFingerprint = "f0";
    run.corpus = "literature";
    run.corpusSha256 = "c0";
    run.convention = "standard";
    run.context = 512;
    run.windows = 32;
    run.baselinePpl = 20;
    run.deltaPplPercent = deltaPercent;
    run.deltaStandardErrorPercent = standardError;
    run.ppl = 20 * (1 + deltaPercent / 100);
    run.kldMean = deltaPercent / 1000;
    run.top1Agreement = 0.9;
    run.bitsPerWeight = bitsPerWeight;
    run.compression = 32 / bitsPerWeight;
    run.wholeModelCompressionFp32 = 20 / bitsPerWeight;
    run.wholeModelCompressionBf16 = 10 / bitsPerWeight;
    run.packedBytes = static_cast<std::uint64_t>(bitsPerWeight * 1e5);
    run.recipe = {name, "bf16", {}};
    run.tensors.push_back(
        {"model.layers.0.self_attn.q_proj", "q", 8, 8, "int4:g16", 48, bitsPerWeight, 0.01, 20});
    return run;
}

/// Four comparable runs; "wasteful" is beaten by "middle", the others are on the frontier.
inline std::vector<RunRecord> makeRuns() {
    return {makeRun("fine", 8, 0.5), makeRun("middle", 5, 2), makeRun("wasteful", 6, 3),
            makeRun("coarse", 3, 20, 1.5)};
}

} // namespace planish::test
