// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/run_file.h"

#include "store/hdf5_write.h"

#include <fmt/format.h>

#include <algorithm>
#include <type_traits>

namespace planish::hdf5 {
namespace {

/// A column of the table of tensors, in the order they are written.
struct TensorColumn {
    using Member =
        std::variant<std::string TensorResult::*, std::uint64_t TensorResult::*, double TensorResult::*>;
    const char* name;
    const char* unit;
    Member member;
    bool required = true; ///< records of older versions lack the others, which keep their defaults
};

const TensorColumn tensorColumns[] = {
    {"name", "", &TensorResult::name},
    {"role", "", &TensorResult::role},
    {"rows", "", &TensorResult::rows},
    {"columns", "", &TensorResult::columns},
    {"codec", "", &TensorResult::codec},
    {"bytes", "bytes", &TensorResult::bytes},
    {"bits_per_weight", "bits", &TensorResult::bitsPerWeight},
    {"relative_error", "", &TensorResult::relativeError},
    {"sqnr_db", "dB", &TensorResult::sqnrDecibel},
    {"proxy_loss", "", &TensorResult::proxyLoss, false},
    {"plain_proxy_loss", "", &TensorResult::plainProxyLoss, false},
    {"noise_proxy_loss", "", &TensorResult::noiseProxyLoss, false},
};

/// What a record of any version must have; the rest defaults.
bool isRequired(std::string_view key) {
    static constexpr std::string_view required[] = {"model",         "parameters",        "corpus",
                                                    "convention",    "context",           "windows",
                                                    "tokens_scored", "nll_sum",           "ppl",
                                                    "baseline_ppl",  "delta_ppl_percent", "kld_mean",
                                                    "kld_p99",       "top1_agreement",    "bits_per_weight",
                                                    "compression"};
    return std::find(std::begin(required), std::end(required), key) != std::end(required);
}

template <typename Member>
using ValueOf = std::remove_cvref_t<decltype(std::declval<TensorResult>().*std::declval<Member>())>;

void writeTensors(hid_t run, const std::vector<TensorResult>& tensors) {
    Handle group = createGroup(run, "tensors");
    for (const TensorColumn& column : tensorColumns) {
        std::visit(
            [&](auto member) {
                std::vector<ValueOf<decltype(member)>> values;
                values.reserve(tensors.size());
                for (const TensorResult& tensor : tensors) {
                    values.push_back(tensor.*member);
                }
                if constexpr (std::is_same_v<ValueOf<decltype(member)>, std::string>) {
                    writeColumn(group.get(), column.name, values);
                } else {
                    writeColumn(group.get(), column.name, values, column.unit);
                }
            },
            column.member);
    }
    group.close();
}

std::vector<TensorResult> readTensors(hid_t run, const Place& runPlace) {
    const Place place = runPlace / "tensors";
    const Handle group = openOwnGroup(run, runPlace, "tensors");
    std::vector<TensorResult> tensors;
    const std::vector<std::string> present = linkNames(group.get(), place);
    for (const TensorColumn& column : tensorColumns) {
        if (!column.required && std::find(present.begin(), present.end(), column.name) == present.end()) {
            continue;
        }
        std::visit(
            [&](auto member) {
                std::vector<ValueOf<decltype(member)>> values;
                readColumn(group.get(), place, column.name, values);
                if (&column == tensorColumns) {
                    tensors.resize(values.size());
                }
                if (values.size() != tensors.size()) {
                    throw InputError(place.file, place.path + "/" + column.name,
                                     fmt::format("{} elements, as name has", tensors.size()),
                                     fmt::format("{}", values.size()));
                }
                for (std::size_t i = 0; i < values.size(); ++i) {
                    tensors[i].*member = std::move(values[i]);
                }
            },
            column.member);
    }
    return tensors;
}

Handle openRun(hid_t runs, const Place& place, const std::string& id) {
    if (!isGroupName(id)) {
        throw InputError(place.file, place.path, "ids of letters and digits", id);
    }
    return openOwnGroup(runs, place, id);
}

/// A JSON list of sentences; runs of older versions have none.
std::vector<std::string> readWarnings(hid_t run, const Place& place) {
    std::string text;
    if (!readAttribute(run, place, "warnings", text)) {
        return {};
    }
    const std::string source = place.file + ": " + place.path + "/warnings";
    const Json list = parseJson(text, source);
    std::vector<std::string> warnings;
    for (const Json& item : list) {
        if (!list.is_array() || !item.is_string()) {
            throw InputError(source, "", "a list of strings", text);
        }
        warnings.push_back(item.get<std::string>());
    }
    return warnings;
}

RunRecord readScalars(hid_t run, const Place& place, const std::string& id) {
    RunRecord record;
    record.id = id;
    record.name = id;
    for (const RunField& field : runFields()) {
        const bool found = std::visit(
            [&](auto member) { return readAttribute(run, place, field.key, record.*member); }, field.member);
        if (!found && isRequired(field.key)) {
            throw InputError(place.file, place.path + "/" + field.key, "an attribute", "none");
        }
    }
    std::string stored = id;
    readAttribute(run, place, "run", stored);
    if (stored != id) {
        throw InputError(place.file, place.path + "/run", "the name of the group", stored);
    }
    std::string recipe;
    if (!readAttribute(run, place, "recipe", recipe)) {
        throw InputError(place.file, place.path + "/recipe", "an attribute", "none");
    }
    const std::string source = place.file + ": " + place.path + "/recipe";
    record.recipe = Recipe::fromJson(parseJson(recipe, source), source);
    record.warnings = readWarnings(run, place);
    return record;
}

void readTables(hid_t run, const Place& place, RunRecord& record) {
    record.tensors = readTensors(run, place);
    readColumn(run, place, "window_nll", record.windowNll);
    readColumn(run, place, "baseline_window_nll", record.baselineWindowNll);
    const std::vector<std::string> present = linkNames(run, place);
    if (std::find(present.begin(), present.end(), "training_loss") != present.end()) {
        readColumn(run, place, "training_loss", record.trainingLoss);
    }
    if (record.windowNll.size() != record.baselineWindowNll.size()) {
        throw InputError(place.file, place.path + "/baseline_window_nll",
                         fmt::format("{} elements, as window_nll has", record.windowNll.size()),
                         fmt::format("{}", record.baselineWindowNll.size()));
    }
}

} // namespace

bool isGroupName(std::string_view id) {
    return !id.empty() && id.size() <= 64 && std::all_of(id.begin(), id.end(), [](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
               c == '_';
    });
}

void writeRun(hid_t runs, const RunRecord& run) {
    if (!isGroupName(run.id)) {
        throw InputError("run", "id", "1 to 64 letters, digits, '-' and '_'", run.id);
    }
    Handle group = createGroup(runs, run.id);
    writeAttribute(group.get(), "run", run.id);
    for (const RunField& field : runFields()) {
        std::visit([&](auto member) { writeAttribute(group.get(), field.key, run.*member); }, field.member);
    }
    writeAttribute(group.get(), "recipe",
                   run.recipe.toJson().dump(-1, ' ', false, Json::error_handler_t::replace));
    writeAttribute(group.get(), "warnings",
                   Json(run.warnings).dump(-1, ' ', false, Json::error_handler_t::replace));
    writeTensors(group.get(), run.tensors);
    writeColumn(group.get(), "window_nll", run.windowNll, "nats");
    writeColumn(group.get(), "baseline_window_nll", run.baselineWindowNll, "nats");
    if (!run.trainingLoss.empty()) {
        writeColumn(group.get(), "training_loss", run.trainingLoss, "nats");
    }
    group.close();
}

void writeScalarUnits(hid_t runs) {
    for (const RunField& field : runFields()) {
        if (*field.unit != '\0') {
            writeAttribute(runs, (std::string(field.key) + "_units").c_str(), std::string(field.unit));
        }
    }
}

RunRecord readRunScalars(hid_t runs, const Place& place, const std::string& id) {
    return readScalars(openRun(runs, place, id).get(), place / id, id);
}

RunRecord readRun(hid_t runs, const Place& place, const std::string& id) {
    const Handle run = openRun(runs, place, id);
    RunRecord record = readScalars(run.get(), place / id, id);
    readTables(run.get(), place / id, record);
    return record;
}

} // namespace planish::hdf5
