// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/run.h"
#include "experiment/sensitivity_study.h"

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace planish {

/// A results document: one HDF5 file of any number of runs, with its journal folder "FILE.journal" of runs
/// that finished since it was last written (interfaces §6). Never held open: every call opens, works and
/// closes.
///
/// A killed process loses no recorded run: record() writes one small file aside, fsyncs and renames it into
/// the journal; fold() writes a whole new document, renames it over the old one and only then removes the
/// folded files.
class ResultsDocument {
  public:
    /// A document that may not exist yet (the first record() or fold() makes it). Nothing is read or written
    /// here.
    explicit ResultsDocument(std::filesystem::path path);

    const std::filesystem::path& path() const { return path_; }
    bool exists() const; ///< the file or its journal

    /// Every run of document and journal, in the order they were recorded; runs of both count once.
    /// Throws InputError naming file and field for a file that is no results document, is damaged, or has a
    /// newer schema version (both versions named). A damaged journal file is reported through `warnings`, not
    /// fatal.
    std::vector<RunRecord> read(std::vector<std::string>* warnings = nullptr) const;

    /// Every sensitivity study the document keeps. A damaged one is reported through `warnings` and left out:
    /// it can be measured again.
    std::vector<SensitivityRecord> readSensitivities(std::vector<std::string>* warnings = nullptr) const;

    /// Ids of the recorded runs, without reading their tables.
    std::vector<std::string> runIds() const;

  private:
    std::filesystem::path path_;
};

/// The right to write a document, held from construction to destruction; a second writer gets an Error that
/// names the process and host that holds it. The lock goes with the process, however it ends.
class ResultsWriter {
  public:
    /// Throws InputError when the file exists and is no results document, Error when another writer holds it.
    explicit ResultsWriter(const ResultsDocument& document);
    /// Folds the journal; a failure there is left for the next opening, as the journal is complete.
    ~ResultsWriter();
    ResultsWriter(const ResultsWriter&) = delete;
    ResultsWriter& operator=(const ResultsWriter&) = delete;

    /// Commits a finished run; when this returns the run survives a kill. A run whose id is already recorded
    /// is left as it is. Throws Error saying where and how many bytes are needed when the disk is full; the
    /// caller keeps the record and may try again.
    void record(const RunRecord& run);

    /// Puts a sensitivity study into the document, in place of one with its id, by writing a new document.
    /// Throws Error as fold() does.
    void keep(const SensitivityRecord& record);

    /// Removes runs from document and journal (an explicit act of the user).
    void remove(const std::vector<std::string>& ids);

    /// Replaces what people wrote on runs, by id; ids that are not recorded are passed over. Folds the
    /// journal.
    void annotate(const std::map<std::string, RunNotes>& notes);

    /// Adds the runs of another document, with its journal, that this one does not have, and returns how many
    /// those were. Folds the journal. Throws InputError when the other cannot be read, with this one as it
    /// was.
    std::size_t merge(const ResultsDocument& other);

    /// Puts the journal into the document. Throws Error on failure, with document and journal as they were.
    void fold();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Writes `runs` and sensitivity studies as a new document at `path`, replacing what is there ("save as").
void writeResultsDocument(const std::filesystem::path& path, const std::vector<RunRecord>& runs,
                          const std::vector<SensitivityRecord>& sensitivities = {});

} // namespace planish
