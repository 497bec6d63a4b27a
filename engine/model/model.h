// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/tensor_info.h"
#include "support/matrix.h"
#include "support/workers.h"

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace planish {

/// A model on disk: its shape, its tensors by name, and their values read on demand, whatever kind of file it
/// is in. Nothing but the part being read is in memory. Copies share the open files. All const calls are
/// thread-safe.
class Model {
  public:
    /// `nameOrPath` is a Hugging Face folder, a folder of packed tensors (see exportModel()), a GGUF file (of
    /// a split model any of its files) or the name of a bundled model; the bundled one wins only when no such
    /// folder exists. Every tensor the architecture needs is checked to be there with its shape. Throws
    /// InputError naming file, field, expected and found.
    static Model open(const std::string& nameOrPath);

    /// "folio-4m": the last component of the folder or file, without what says what kind of file it is.
    const std::string& name() const;
    /// The folder or file.
    const std::filesystem::path& path() const;
    const ModelConfig& config() const;
    /// In the order of the network: embedding, per block q k v o gate up down with their biases and norms,
    /// final norm, head (absent when tied).
    const std::vector<TensorInfo>& tensors() const;
    /// Throws InputError with near names when there is no such tensor; accepts the ".weight" suffix.
    const TensorInfo& tensor(std::string_view name) const;
    bool hasTensor(std::string_view name) const;
    /// All weights, a tied embedding counted once.
    std::size_t parameterCount() const;
    /// Bytes of all tensors as stored in the files.
    std::uint64_t storedBytes() const;

    /// Values of rows [firstRow, firstRow + out.rows()) as floats. `out` has the tensor's columns.
    /// Throws Error when the file has changed or the rows cannot be read.
    void readRows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const;
    /// How many rows are quickest read together, from a multiple of as many on; a power of two.
    std::size_t rowsTogether(const TensorInfo& tensor) const;
    /// The whole tensor as floats [rows, columns].
    Matrix read(const TensorInfo& tensor) const;
    /// A one-row tensor.
    Vector readVector(const TensorInfo& tensor) const;

    /// SHA-256 over the configuration fields that matter and every tensor's name, type, shape and bytes: the
    /// same for any sharding of the same model. Computed on first use (reads all files), then kept.
    const std::string& fingerprint(Workers& workers, const JobMonitor& monitor) const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

/// Names of the models bundled with the program.
std::vector<std::string> bundledModels();

} // namespace planish
