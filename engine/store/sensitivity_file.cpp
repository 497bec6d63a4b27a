// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/sensitivity_file.h"

#include "store/hdf5_write.h"
#include "store/run_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

namespace planish::hdf5 {
namespace {

template <typename Row, typename Value>
std::vector<Value> column(const std::vector<Row>& rows, Value Row::*member) {
    std::vector<Value> values;
    values.reserve(rows.size());
    for (const Row& row : rows) {
        values.push_back(row.*member);
    }
    return values;
}

/// Reads a column into a member of all rows, which it makes when it is the first.
template <typename Row, typename Value>
void fill(std::vector<Row>& rows, Value Row::*member, hid_t group, const Place& place, const char* name,
          bool first = false) {
    std::vector<Value> values;
    readColumn(group, place, name, values);
    if (first) {
        rows.resize(values.size());
    }
    if (values.size() != rows.size()) {
        throw InputError(place.file, place.path + "/" + name,
                         fmt::format("{} elements, as the columns beside it", rows.size()),
                         fmt::format("{}", values.size()));
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
        rows[i].*member = std::move(values[i]);
    }
}

template <typename Value>
void readRequired(hid_t group, const Place& place, const char* name, Value& value) {
    if (!readAttribute(group, place, name, value)) {
        throw InputError(place.file, place.path + "/" + name, "an attribute", "none");
    }
}

void requirePositive(const Place& place, const char* name, bool holds, double found) {
    if (!holds) {
        throw InputError(place.file, place.path + "/" + name, "finite numbers from 0",
                         fmt::format("{}", found));
    }
}

/// Numbers that predictions are computed from must be such that they can be.
void check(const SensitivityRecord& record, const Place& place) {
    const double growth = record.sensitivity.lossPerDivergence;
    requirePositive(place, "loss_per_kld", std::isfinite(growth) && growth != 0, growth);
    const double accumulation = record.sensitivity.accumulation;
    requirePositive(place, "kld_accumulation", std::isfinite(accumulation) && accumulation >= 0,
                    accumulation);
    std::set<std::string> names;
    for (const TensorSensitivity& tensor : record.sensitivity.tensors) {
        requirePositive(place, "tensors/kld_per_relative_error",
                        std::isfinite(tensor.divergence) && tensor.divergence >= 0, tensor.divergence);
        names.insert(tensor.name);
    }
    for (const CodecCost& cost : record.costs) {
        requirePositive(place, "costs/relative_error", std::isfinite(cost.error) && cost.error >= 0,
                        cost.error);
        if (!names.contains(cost.tensor)) {
            throw InputError(place.file, place.path + "/costs/tensor", "a name in tensors/name", cost.tensor);
        }
    }
}

} // namespace

void writeSensitivity(hid_t sensitivities, const SensitivityRecord& record) {
    if (!isGroupName(record.id)) {
        throw InputError("sensitivity", "id", "1 to 64 letters, digits, '-' and '_'", record.id);
    }
    Handle group = createGroup(sensitivities, record.id);
    const hid_t at = group.get();
    writeAttribute(at, "created", record.created);
    writeAttribute(at, "application", record.application);
    writeAttribute(at, "model", record.model);
    writeAttribute(at, "model_fingerprint", record.modelFingerprint);
    writeAttribute(at, "corpus", record.corpus);
    writeAttribute(at, "corpus_sha256", record.corpusSha256);
    writeAttribute(at, "context", record.context);
    writeAttribute(at, "windows", record.windows);
    writeAttribute(at, "seed", record.seed);
    writeAttribute(at, "arithmetic", record.arithmetic);
    writeAttribute(at, "noise_relative_error", record.noise);
    writeAttribute(at, "seconds", record.seconds);
    writeAttribute(at, "loss_per_kld", record.sensitivity.lossPerDivergence);
    writeAttribute(at, "loss_per_kld_standard_error", record.sensitivity.lossPerDivergenceError);
    writeAttribute(at, "kld_accumulation", record.sensitivity.accumulation);
    writeAttribute(at, "calibration", record.calibration);
    Handle tensors = createGroup(at, "tensors");
    const auto& rows = record.sensitivity.tensors;
    writeColumn(tensors.get(), "name", column(rows, &TensorSensitivity::name));
    writeColumn(tensors.get(), "role", column(rows, &TensorSensitivity::role));
    writeColumn(tensors.get(), "rows", column(rows, &TensorSensitivity::rows), "");
    writeColumn(tensors.get(), "columns", column(rows, &TensorSensitivity::columns), "");
    writeColumn(tensors.get(), "kld_per_relative_error", column(rows, &TensorSensitivity::divergence),
                "nats");
    writeColumn(tensors.get(), "standard_error", column(rows, &TensorSensitivity::standardError), "nats");
    writeColumn(tensors.get(), "repeats", column(rows, &TensorSensitivity::repeats), "");
    tensors.close();
    Handle costs = createGroup(at, "costs");
    writeColumn(costs.get(), "tensor", column(record.costs, &CodecCost::tensor));
    writeColumn(costs.get(), "codec", column(record.costs, &CodecCost::codec));
    writeColumn(costs.get(), "bytes", column(record.costs, &CodecCost::bytes), "bytes");
    writeColumn(costs.get(), "relative_error", column(record.costs, &CodecCost::error), "");
    costs.close();
    group.close();
}

SensitivityRecord readSensitivity(hid_t sensitivities, const Place& parent, const std::string& id) {
    if (!isGroupName(id)) {
        throw InputError(parent.file, parent.path, "ids of letters and digits", id);
    }
    const Handle group = openOwnGroup(sensitivities, parent, id);
    const Place place = parent / id;
    const hid_t at = group.get();
    SensitivityRecord record;
    record.id = id;
    readAttribute(at, place, "created", record.created);
    readAttribute(at, place, "application", record.application);
    readRequired(at, place, "model", record.model);
    readRequired(at, place, "model_fingerprint", record.modelFingerprint);
    readRequired(at, place, "corpus", record.corpus);
    readAttribute(at, place, "corpus_sha256", record.corpusSha256);
    readAttribute(at, place, "context", record.context);
    readAttribute(at, place, "windows", record.windows);
    readAttribute(at, place, "seed", record.seed);
    readAttribute(at, place, "arithmetic", record.arithmetic);
    readRequired(at, place, "noise_relative_error", record.noise);
    readAttribute(at, place, "seconds", record.seconds);
    readRequired(at, place, "loss_per_kld", record.sensitivity.lossPerDivergence);
    readAttribute(at, place, "loss_per_kld_standard_error", record.sensitivity.lossPerDivergenceError);
    readAttribute(at, place, "kld_accumulation", record.sensitivity.accumulation); // not in older ones
    readAttribute(at, place, "calibration", record.calibration);
    {
        const Handle tensors = openOwnGroup(at, place, "tensors");
        const Place inside = place / "tensors";
        auto& rows = record.sensitivity.tensors;
        fill(rows, &TensorSensitivity::name, tensors.get(), inside, "name", true);
        fill(rows, &TensorSensitivity::role, tensors.get(), inside, "role");
        fill(rows, &TensorSensitivity::rows, tensors.get(), inside, "rows");
        fill(rows, &TensorSensitivity::columns, tensors.get(), inside, "columns");
        fill(rows, &TensorSensitivity::divergence, tensors.get(), inside, "kld_per_relative_error");
        fill(rows, &TensorSensitivity::standardError, tensors.get(), inside, "standard_error");
        fill(rows, &TensorSensitivity::repeats, tensors.get(), inside, "repeats");
    }
    {
        const Handle costs = openOwnGroup(at, place, "costs");
        const Place inside = place / "costs";
        fill(record.costs, &CodecCost::tensor, costs.get(), inside, "tensor", true);
        fill(record.costs, &CodecCost::codec, costs.get(), inside, "codec");
        fill(record.costs, &CodecCost::bytes, costs.get(), inside, "bytes");
        fill(record.costs, &CodecCost::error, costs.get(), inside, "relative_error");
    }
    check(record, place);
    return record;
}

} // namespace planish::hdf5
