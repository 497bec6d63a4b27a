// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/file_cache.h"
#include "training/model_in_training.h"

namespace planish {

/// Trainings on disk, unfinished and finished ones, so that one that was stopped goes on and what it gave is
/// not trained again for another text. Keys are digests of all that determines a training. A file, numbers in
/// the byte order of this machine:
///
///   bytes          content
///   8              "PlanishT"
///   8              version, 2
///   8              steps s
///   8 · s          losses, fp64
///   then of every tensor of the model, in their order:
///   8              bytes it is packed to; 0: it is not packed
///   those bytes
///   8              numbers in training: its values, or coordinates once it is packed, all of them or none
///   those numbers and both their moments, fp32
///   64             SHA-256 of the key and all bytes above
class TrainingCache : private FileCache {
  public:
    static constexpr std::uint64_t usualLimit = std::uint64_t{16} << 30;

    TrainingCache(std::filesystem::path folder, std::uint64_t limitBytes);
    /// FileCache::userFolder("trainings").
    static TrainingCache ofUser();

    using FileCache::bytes;
    using FileCache::clear;
    using FileCache::entries;
    using FileCache::folder;
    using FileCache::limitBytes;

    /// Makes `model` what was kept of it, if that is there and undamaged, and returns true. Otherwise the
    /// file is removed and the model is as it was.
    bool restore(const std::string& key, ModelInTraining& model, Workers& workers) const;
    /// Returns false when it is not kept: see FileCache::keep.
    bool keep(const std::string& key, const ModelInTraining& model);
};

} // namespace planish
