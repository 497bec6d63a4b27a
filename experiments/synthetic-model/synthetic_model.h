// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "support/job.h"
#include "support/workers.h"

#include <cstdint>
#include <filesystem>
#include <string>

namespace planish {

struct SyntheticModelSettings {
    std::filesystem::path folder;                ///< to make; may be there when it is empty
    ModelConfig shape;                           ///< from withHeadSize
    std::string tokenizer = "folio-4m";          ///< model folder, or bundled model, to take the tokenizer of
    std::uint64_t seed = 0;                      ///< of the weights
    std::uint64_t shardBytes = 2'000'000'000ULL; ///< of values in a file, unless one tensor has more
};

struct SyntheticModelSize {
    std::uint64_t parameters = 0;
    std::uint64_t bytes = 0; ///< of all weights
    std::size_t shards = 0;
};

/// Writes a Hugging Face folder of RandomWeights in BF16, the same bytes for every number of threads, with
/// about 1 MiB in memory a thread. Each file is written aside and renamed, config.json last; nothing is left
/// behind when a step throws. Throws InputError when the folder has files, the tokenizer has more tokens than
/// the shape, or the disk lacks the room; Error when writing fails; Cancelled.
SyntheticModelSize writeSyntheticModel(const SyntheticModelSettings& settings, Workers& workers,
                                       JobMonitor& monitor);

} // namespace planish
