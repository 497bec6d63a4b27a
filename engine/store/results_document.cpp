// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/results_document.h"

#include "store/document_file.h"
#include "store/journal.h"
#include "store/writer_lock.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <set>

namespace planish {
namespace {

bool fileExists(const std::filesystem::path& path) {
    std::error_code failure;
    return std::filesystem::exists(path, failure);
}

/// The document proper; nothing when there is only a journal, or not even that.
std::optional<hdf5::DocumentFile> openIfThere(const std::filesystem::path& path) {
    std::error_code failure;
    if (std::filesystem::status(path, failure).type() == std::filesystem::file_type::not_found) {
        return std::nullopt;
    }
    return std::optional<hdf5::DocumentFile>(std::in_place, path);
}

/// A journal file holds exactly the run it is named after.
RunRecord readEntry(const Journal::Entry& entry) {
    const hdf5::DocumentFile file(entry.path);
    if (file.runIds() != std::vector<std::string>{entry.runId}) {
        throw InputError(entry.path.string(), "/runs", "the run " + entry.runId, "others");
    }
    return file.readRun(entry.runId);
}

void warn(std::vector<std::string>* warnings, std::string message) {
    if (warnings != nullptr) {
        warnings->push_back(std::move(message));
    }
}

/// The runs of the journal. Damaged files are only reported, and left out.
std::vector<RunRecord> readJournal(const Journal& journal, std::vector<std::string>* warnings) {
    std::vector<RunRecord> runs;
    for (const Journal::Entry& entry : journal.entries()) {
        try {
            runs.push_back(readEntry(entry));
        } catch (const hdf5::NewerVersion&) {
            throw;
        } catch (const InputError& error) {
            if (fileExists(entry.path)) { // else a writer has folded it meanwhile: the document has the run
                warn(warnings, fmt::format("a recorded run is damaged and left out: {}", error.what()));
            }
        }
    }
    for (const std::filesystem::path& path : journal.damaged()) {
        warn(warnings, fmt::format("{}: a damaged run, kept aside", printable(path.string(), 400)));
    }
    return runs;
}

/// What sensitivity studies a document keeps; damaged ones are left out.
std::vector<SensitivityRecord> readStudies(const hdf5::DocumentFile& document,
                                           std::vector<std::string>* warnings) {
    std::vector<SensitivityRecord> studies;
    for (const std::string& id : document.sensitivityIds()) {
        try {
            studies.push_back(document.readSensitivity(id));
        } catch (const InputError& error) {
            warn(warnings, fmt::format("sensitivities are damaged and left out: {}", error.what()));
        }
    }
    return studies;
}

/// What a new document has other than document and journal before.
struct Changes {
    std::set<std::string> without{};          ///< ids
    std::map<std::string, RunNotes> notes{};  ///< by id
    const SensitivityRecord* study = nullptr; ///< in place of the one with its id
    const ResultsDocument* from = nullptr;    ///< another document whose runs and studies are added
};

/// Puts the runs of one document after another into a new one.
class Folding {
  public:
    Folding(hdf5::DocumentBuilder& builder, const Changes& changes)
        : builder_(builder), changes_(changes), present_(changes.without) {}

    void addDocument(const hdf5::DocumentFile& file) {
        for (const std::string& id : file.runIds()) {
            if (!present_.insert(id).second) {
                continue;
            }
            RunRecord scalars = file.readRunScalars(id);
            const bool noted = applyNotes(scalars);
            builder_.copy(file, scalars);
            if (noted) {
                builder_.annotate(id, notesOf(scalars));
            }
            ++count_;
        }
    }
    void addRun(RunRecord run) {
        if (present_.insert(run.id).second) {
            applyNotes(run);
            builder_.add(run);
            ++count_;
        }
    }
    /// Studies that are there already, by id, stay.
    void addStudies(const hdf5::DocumentFile& file) {
        for (const SensitivityRecord& study : readStudies(file, nullptr)) {
            addStudy(study);
        }
    }
    void addStudy(const SensitivityRecord& study) {
        if (studies_.insert(study.id).second) {
            builder_.add(study);
        }
    }
    std::size_t count() const { return count_; }

  private:
    bool applyNotes(RunRecord& run) const {
        const auto found = changes_.notes.find(run.id);
        if (found == changes_.notes.end()) {
            return false;
        }
        setNotes(run, found->second);
        return true;
    }

    hdf5::DocumentBuilder& builder_;
    const Changes& changes_;
    std::set<std::string> present_;
    std::set<std::string> studies_;
    std::size_t count_ = 0;
};

/// A new document of all runs of document and journal with some changes; nothing when there would be neither
/// a run nor a document before. Damaged journal files are set aside, readable ones put in `folded`.
struct FoldedDocument {
    std::optional<hdf5::FileImage> image;
    std::vector<Journal::Entry> folded;
    std::size_t merged = 0; ///< runs of the other document that were added
};

FoldedDocument foldDocument(const std::filesystem::path& path, const Journal& journal,
                            const Changes& changes) {
    const std::optional<hdf5::DocumentFile> old = openIfThere(path);
    hdf5::DocumentBuilder builder(old ? old->created() : "");
    Folding folding(builder, changes);
    FoldedDocument result;
    if (old) {
        folding.addDocument(*old);
    }
    for (const Journal::Entry& entry : journal.entries()) {
        try {
            folding.addRun(readEntry(entry));
            result.folded.push_back(entry);
        } catch (const hdf5::NewerVersion&) {
            throw;
        } catch (const InputError&) {
            Journal::setAside(entry);
        }
    }
    if (changes.study != nullptr) {
        folding.addStudy(*changes.study);
    }
    if (old) {
        folding.addStudies(*old);
    }
    if (changes.from != nullptr) {
        const std::size_t own = folding.count();
        if (const auto other = openIfThere(changes.from->path())) {
            for (const std::string& id : other->runIds()) {
                folding.addRun(other->readRun(id)); // not copied unread: what is damaged must not spread
            }
            folding.addStudies(*other);
        }
        for (RunRecord& run : readJournal(Journal(changes.from->path()), nullptr)) {
            folding.addRun(std::move(run));
        }
        result.merged = folding.count() - own;
    }
    if (old || !result.folded.empty() || result.merged > 0 || changes.study != nullptr) {
        result.image = builder.finish();
    }
    return result;
}

/// Temporary files of writers that were killed; only the holder of the lock may remove them.
void removeLeftovers(const std::filesystem::path& document) {
    const std::string start = document.filename().string() + ".";
    std::error_code failure;
    const auto folder = document.has_parent_path() ? document.parent_path() : std::filesystem::path(".");
    for (std::filesystem::directory_iterator it(folder, failure), end; !failure && it != end;
         it.increment(failure)) {
        const std::string name = it->path().filename().string();
        const bool ours = name.starts_with(start) && name.ends_with(".tmp") &&
                          name.find_first_not_of("0123456789", start.size()) == name.size() - 4;
        if (ours) {
            std::error_code ignored;
            std::filesystem::remove(it->path(), ignored);
        }
    }
}

} // namespace

ResultsDocument::ResultsDocument(std::filesystem::path path) : path_(std::move(path)) {}

bool ResultsDocument::exists() const {
    return fileExists(path_) || !Journal(path_).entries().empty();
}

std::vector<RunRecord> ResultsDocument::read(std::vector<std::string>* warnings) const {
    // The journal first: a run that a writer folds between the two steps is then seen twice, never missed.
    std::vector<RunRecord> recorded = readJournal(Journal(path_), warnings);
    std::vector<RunRecord> runs;
    std::set<std::string> present;
    if (const auto document = openIfThere(path_)) {
        for (const std::string& id : document->runIds()) {
            runs.push_back(document->readRun(id));
            present.insert(id);
        }
    }
    for (RunRecord& run : recorded) {
        if (present.insert(run.id).second) {
            runs.push_back(std::move(run));
        }
    }
    return runs;
}

std::vector<SensitivityRecord> ResultsDocument::readSensitivities(std::vector<std::string>* warnings) const {
    const auto document = openIfThere(path_);
    return document ? readStudies(*document, warnings) : std::vector<SensitivityRecord>();
}

std::vector<std::string> ResultsDocument::runIds() const {
    const std::vector<Journal::Entry> recorded = Journal(path_).entries();
    std::vector<std::string> ids;
    if (const auto document = openIfThere(path_)) {
        ids = document->runIds();
    }
    std::set<std::string> present(ids.begin(), ids.end());
    for (const Journal::Entry& entry : recorded) {
        try {
            if (!present.contains(entry.runId)) {
                readEntry(entry);
                present.insert(entry.runId);
                ids.push_back(entry.runId);
            }
        } catch (const hdf5::NewerVersion&) {
            throw;
        } catch (const InputError&) {
            continue; // a damaged run is not recorded, so that a sweep measures it again
        }
    }
    return ids;
}

struct ResultsWriter::State {
    explicit State(const std::filesystem::path& document)
        : path(document), lock(document), journal(document) {}

    std::filesystem::path path;
    WriterLock lock;
    Journal journal;
    std::set<std::string> recorded;

    /// Returns how many runs of another document were added.
    std::size_t rewrite(const Changes& changes) {
        FoldedDocument document;
        try {
            document = foldDocument(path, journal, changes);
            if (document.image) {
                commitFile(path, document.image->bytes());
            }
        } catch (const hdf5::Failure& failure) {
            throw Error(
                fmt::format("{}: cannot be rewritten: {}", printable(path.string(), 400), failure.what()));
        }
        Journal::remove(document.folded);
        journal.tidy();
        return document.merged;
    }
};

ResultsWriter::ResultsWriter(const ResultsDocument& document)
    : state_(std::make_unique<State>(document.path())) {
    removeLeftovers(state_->path);
    state_->journal.tidy();
    const std::vector<std::string> ids = document.runIds();
    state_->recorded.insert(ids.begin(), ids.end());
}

ResultsWriter::~ResultsWriter() {
    try {
        if (!state_->journal.entries().empty()) {
            fold();
        }
    } catch (const std::exception&) {
        return; // the journal still has every run; the next writer folds it
    }
}

void ResultsWriter::record(const RunRecord& run) {
    if (state_->recorded.contains(run.id)) {
        return;
    }
    try {
        hdf5::DocumentBuilder builder;
        builder.add(run);
        state_->journal.add(run.id, builder.finish().bytes());
    } catch (const hdf5::Failure& failure) {
        throw Error(fmt::format("{}: the run {} cannot be recorded: {}",
                                printable(state_->path.string(), 400), run.id, failure.what()));
    }
    state_->recorded.insert(run.id);
}

void ResultsWriter::remove(const std::vector<std::string>& ids) {
    const std::set<std::string> unwanted(ids.begin(), ids.end());
    // Journal files first: were they folded or left by a kill, a removed run would come back.
    std::vector<Journal::Entry> entries = state_->journal.entries();
    std::erase_if(entries, [&](const auto& entry) { return !unwanted.contains(entry.runId); });
    Journal::remove(entries);
    state_->rewrite({.without = unwanted});
    for (const std::string& id : ids) {
        state_->recorded.erase(id);
    }
}

void ResultsWriter::keep(const SensitivityRecord& record) {
    state_->rewrite({.study = &record});
}

void ResultsWriter::annotate(const std::map<std::string, RunNotes>& notes) {
    state_->rewrite({.notes = notes});
}

std::size_t ResultsWriter::merge(const ResultsDocument& other) {
    if (!other.exists()) {
        throw InputError(other.path().string(), "file", "a results document", "nothing there");
    }
    const std::size_t merged = state_->rewrite({.from = &other});
    const std::vector<std::string> ids = ResultsDocument(state_->path).runIds();
    state_->recorded.insert(ids.begin(), ids.end());
    return merged;
}

void ResultsWriter::fold() {
    state_->rewrite({});
}

void writeResultsDocument(const std::filesystem::path& path, const std::vector<RunRecord>& runs,
                          const std::vector<SensitivityRecord>& sensitivities) {
    const WriterLock lock(path);
    const Journal journal(path);
    const std::vector<Journal::Entry> replaced = journal.entries();
    try {
        hdf5::DocumentBuilder builder;
        std::set<std::string> present;
        for (const RunRecord& run : runs) {
            if (present.insert(run.id).second) {
                builder.add(run);
            }
        }
        for (const SensitivityRecord& record : sensitivities) {
            builder.add(record);
        }
        commitFile(path, builder.finish().bytes());
    } catch (const hdf5::Failure& failure) {
        throw Error(fmt::format("{}: cannot be written: {}", printable(path.string(), 400), failure.what()));
    }
    Journal::remove(replaced);
    journal.tidy();
}

} // namespace planish
