// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "experiment/sensitivity_study.h"
#include "store/hdf5_read.h"
#include "store/memory_file.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace planish::hdf5 {

/// The version this program writes; older ones are read, newer ones refused.
inline constexpr std::uint64_t schemaVersion = 1;

/// A results document (or a journal file: a document of one run) is of a later program.
class NewerVersion : public InputError {
  public:
    NewerVersion(const std::string& file, std::uint64_t found);
};

/// An HDF5 file of schema "planish.results", open for reading.
class DocumentFile {
  public:
    /// Throws InputError naming file and field when it is none, NewerVersion when it is of a later program.
    explicit DocumentFile(const std::filesystem::path& path);

    std::vector<std::string> runIds() const;
    RunRecord readRun(const std::string& id) const;
    RunRecord readRunScalars(const std::string& id) const;

    /// None in documents from before there were any.
    std::vector<std::string> sensitivityIds() const;
    SensitivityRecord readSensitivity(const std::string& id) const;

    hid_t runs() const { return runs_.get(); }
    const std::string& created() const { return created_; }

  private:
    Place place_;
    Handle file_;
    Handle runs_;
    std::string created_;
};

/// Builds a document in memory. Only whole files are ever written to disk, by the support library: so HDF5
/// itself never meets a full disk, and the size is known before the first byte is written.
class DocumentBuilder {
  public:
    /// `created` is the time kept from the document this one replaces; "" means now.
    explicit DocumentBuilder(std::string created = "");

    void add(const RunRecord& run);
    /// Copies a run as it is, with whatever others added to its group. `scalars` are those of the run.
    void copy(const DocumentFile& from, const RunRecord& scalars);
    void add(const SensitivityRecord& record);

    /// Replaces what people wrote on a run that was copied.
    void annotate(const std::string& id, const RunNotes& notes);

    /// Completes the document and returns the bytes of the file.
    FileImage finish();

  private:
    struct Point {
        std::string id;
        double bitsPerWeight;
        double deltaPplPercent;
        double standardErrorPercent;
    };
    struct ModelEntry {
        std::string name;
        std::uint64_t parameters;
    };
    void remember(const RunRecord& run);
    void writeModelsAndCorpora();
    void writeFrontier();

    MemoryFile file_;
    Handle runs_;
    std::vector<Point> points_;
    std::map<std::string, ModelEntry> models_;   ///< by fingerprint
    std::map<std::string, std::string> corpora_; ///< name by SHA-256
    std::optional<Handle> sensitivities_;        ///< made when there is one
};

} // namespace planish::hdf5
