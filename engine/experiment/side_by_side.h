// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "inference/generator.h"
#include "support/job.h"

#include <string>
#include <vector>

namespace planish {

/// How a model is stored, of several that read and write the same text.
struct SideBySideModel {
    std::string name;
    Recipe recipe;
    std::uint64_t seed = 0;
    std::optional<CalibrationSettings> calibration;
    Arithmetic arithmetic = Arithmetic::float32; ///< of the calibration's way through the model

    /// The model of a recorded run; its calibration text must be bundled or a file of that name be there.
    static SideBySideModel of(const RunRecord& run);
};

struct SideBySideSpec {
    std::string model;       ///< folder or bundled name
    std::string fingerprint; ///< the model must have; empty: any
    std::vector<SideBySideModel> models;
    std::string passage;              ///< text whose tokens are scored; empty: none
    std::string prompt;               ///< text to continue; empty: none
    std::size_t continuationSize = 0; ///< tokens
    Sampling sampling{};              ///< the same for all
};

/// One token of the passage.
struct ScoredToken {
    /// What it shows: whole characters only, so that a token that ends inside one shows nothing and the one
    /// that completes it shows it.
    std::string text;
    std::vector<double> nll; ///< nats, one a model; NaN where there is none before it
};

/// What models made of the same text. The unquantized model comes first, then those of the specification.
struct SideBySide {
    std::vector<std::string> names;
    std::vector<ScoredToken> tokens;
    std::vector<std::string> continuations; ///< one a model, without the prompt; empty without a prompt
};

/// Packs one model after the other, lets each read the passage and continue the prompt. Peak memory is one
/// packed model and, with a prompt, its weights as floats. Throws InputError when the model is another one
/// than the fingerprint says, or the text does not fit into its context.
SideBySide lookSideBySide(const SideBySideSpec& spec, Workers& workers, JobMonitor& monitor);

} // namespace planish
