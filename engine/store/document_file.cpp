// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/document_file.h"

#include "store/global_heap_check.h"
#include "store/hdf5_write.h"
#include "store/run_file.h"
#include "store/sensitivity_file.h"
#include "support/system.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace planish::hdf5 {
namespace {

constexpr const char* schemaName = "planish.results";

Handle openChecked(const std::filesystem::path& path) {
    checkGlobalHeaps(path);
    try {
        return openFile(path.string());
    } catch (const Failure& failure) {
        throw InputError(path.string(), "file", "a whole HDF5 file", failure.what());
    }
}

/// Opens /runs after the attributes of the root have shown that the file is one of ours.
Handle openRuns(const Handle& file, const Place& place) {
    try {
        const Handle root = openGroup(file.get(), "/");
        std::string schema;
        std::uint64_t version = 0;
        if (!readAttribute(root.get(), place, "schema", schema) || schema != schemaName) {
            throw InputError(place.file, "schema", schemaName, schema.empty() ? "none" : schema);
        }
        if (!readAttribute(root.get(), place, "schema_version", version) || version == 0) {
            throw InputError(place.file, "schema_version", "a whole number from 1", "none");
        }
        if (version > schemaVersion) {
            throw NewerVersion(place.file, version);
        }
        return openOwnGroup(root.get(), place, "runs");
    } catch (const Failure& failure) {
        throw InputError(place.file, "/", "a readable group", failure.what());
    }
}

std::string readCreated(const Handle& file, const Place& place) {
    std::string created;
    readAttribute(openGroup(file.get(), "/").get(), place, "created", created);
    return created;
}

} // namespace

NewerVersion::NewerVersion(const std::string& file, std::uint64_t found)
    : InputError(file, "schema_version",
                 fmt::format("at most {}, the newest this program reads", schemaVersion),
                 fmt::format("{}; a newer planish wrote it", found)) {}

DocumentFile::DocumentFile(const std::filesystem::path& path)
    : place_{path.string(), "/runs"},
      file_(openChecked(path)),
      runs_(openRuns(file_, {path.string(), ""})),
      created_(readCreated(file_, {path.string(), ""})) {}

std::vector<std::string> DocumentFile::runIds() const {
    return linkNames(runs_.get(), place_);
}

RunRecord DocumentFile::readRun(const std::string& id) const {
    return hdf5::readRun(runs_.get(), place_, id);
}

RunRecord DocumentFile::readRunScalars(const std::string& id) const {
    return hdf5::readRunScalars(runs_.get(), place_, id);
}

std::vector<std::string> DocumentFile::sensitivityIds() const {
    const Place root{place_.file, ""};
    const std::vector<std::string> names = linkNames(openGroup(file_.get(), "/").get(), root);
    if (std::find(names.begin(), names.end(), "sensitivities") == names.end()) {
        return {};
    }
    return linkNames(openOwnGroup(file_.get(), root, "sensitivities").get(), root / "sensitivities");
}

SensitivityRecord DocumentFile::readSensitivity(const std::string& id) const {
    const Place root{place_.file, ""};
    return hdf5::readSensitivity(openOwnGroup(file_.get(), root, "sensitivities").get(),
                                 root / "sensitivities", id);
}

DocumentBuilder::DocumentBuilder(std::string created) : runs_(createGroup(file_.get(), "runs")) {
    const Handle root = openGroup(file_.get(), "/");
    writeAttribute(root.get(), "schema", std::string(schemaName));
    writeAttribute(root.get(), "schema_version", schemaVersion);
    writeAttribute(root.get(), "created", created.empty() ? currentTime() : created);
    writeAttribute(root.get(), "application", applicationVersion());
    // NeXus: which group and dataset a viewer plots on opening.
    writeAttribute(root.get(), "NX_class", std::string("NXroot"));
    writeAttribute(root.get(), "default", std::string("frontier"));
    writeScalarUnits(runs_.get());
}

void DocumentBuilder::add(const RunRecord& run) {
    writeRun(runs_.get(), run);
    remember(run);
}

void DocumentBuilder::copy(const DocumentFile& from, const RunRecord& scalars) {
    check(H5Ocopy(from.runs(), scalars.id.c_str(), runs_.get(), scalars.id.c_str(), H5P_DEFAULT, H5P_DEFAULT),
          "copy the run " + scalars.id);
    remember(scalars);
}

void DocumentBuilder::add(const SensitivityRecord& record) {
    if (!sensitivities_) {
        sensitivities_.emplace(createGroup(file_.get(), "sensitivities"));
    }
    writeSensitivity(sensitivities_->get(), record);
}

void DocumentBuilder::annotate(const std::string& id, const RunNotes& notes) {
    const Handle run = openGroup(runs_.get(), id.c_str());
    const auto replace = [&](const char* name, const std::string& value) {
        if (check(H5Aexists(run.get(), name), name) > 0) {
            check(H5Adelete(run.get(), name), name);
        }
        writeAttribute(run.get(), name, value);
    };
    replace("name", notes.name);
    replace("tags", notes.tags);
    replace("folder", notes.folder);
    replace("notes", notes.notes);
}

void DocumentBuilder::remember(const RunRecord& run) {
    points_.push_back({run.id, run.bitsPerWeight, run.deltaPplPercent, run.deltaStandardErrorPercent});
    models_.try_emplace(run.modelFingerprint, ModelEntry{run.model, run.parameters});
    corpora_.try_emplace(run.corpusSha256, run.corpus);
}

FileImage DocumentBuilder::finish() {
    writeModelsAndCorpora();
    writeFrontier();
    if (sensitivities_) {
        sensitivities_->close();
    }
    runs_.close();
    return file_.close();
}

void DocumentBuilder::writeModelsAndCorpora() {
    const Handle models = createGroup(file_.get(), "models");
    for (const auto& [fingerprint, model] : models_) {
        if (isGroupName(fingerprint)) {
            const Handle group = createGroup(models.get(), fingerprint);
            writeAttribute(group.get(), "name", model.name);
            writeAttribute(group.get(), "parameters", model.parameters);
        }
    }
    const Handle corpora = createGroup(file_.get(), "corpora");
    for (const auto& [sha256, name] : corpora_) {
        if (isGroupName(sha256)) {
            const Handle group = createGroup(corpora.get(), sha256);
            writeAttribute(group.get(), "name", name);
        }
    }
}

void DocumentBuilder::writeFrontier() {
    std::sort(points_.begin(), points_.end(), [](const Point& a, const Point& b) {
        return std::tie(a.bitsPerWeight, a.id) < std::tie(b.bitsPerWeight, b.id);
    });
    std::vector<std::string> ids;
    std::vector<double> bits;
    std::vector<double> deltas;
    std::vector<double> errors;
    for (const Point& point : points_) {
        ids.push_back(point.id);
        bits.push_back(point.bitsPerWeight);
        deltas.push_back(point.deltaPplPercent);
        errors.push_back(point.standardErrorPercent);
    }
    const Handle group = createGroup(file_.get(), "frontier");
    writeAttribute(group.get(), "NX_class", std::string("NXdata"));
    writeAttribute(group.get(), "signal", std::string("delta_ppl_percent"));
    writeAttribute(group.get(), "axes", std::string("bits_per_weight"));
    writeAttribute(group.get(), "title", std::string("PPL increase over bits per weight"));
    writeColumn(group.get(), "bits_per_weight", bits, "bits");
    writeColumn(group.get(), "delta_ppl_percent", deltas, "%");
    writeColumn(group.get(), "delta_ppl_percent_errors", errors, "%");
    writeColumn(group.get(), "run", ids);
}

} // namespace planish::hdf5
