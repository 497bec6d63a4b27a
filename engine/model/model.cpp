// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model.h"

#include "model/find_model.h"
#include "model/fingerprint.h"
#include "model/layout.h"
#include "model/model_source.h"
#include "support/text.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>

namespace planish {
namespace {

std::string_view withoutSuffix(std::string_view name) {
    constexpr std::string_view suffix = ".weight";
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

} // namespace

struct Model::State {
    explicit State(const std::filesystem::path& found)
        : path(found), source(ModelSource::open(found)), name(source->name()) {}

    std::filesystem::path path;
    std::unique_ptr<const ModelSource> source;
    std::string name;
    std::vector<TensorInfo> tensors;
    std::vector<std::unique_ptr<const StoredTensor>> stored; ///< of `tensors`, in the same order
    std::unordered_map<std::string_view, std::size_t> indexOf;
    std::mutex fingerprintMutex;
    std::string fingerprint; ///< empty until computed; then never changed
};

Model Model::open(const std::string& nameOrPath) {
    Model model;
    model.state_ = std::make_shared<State>(findModel(nameOrPath));
    State& state = *model.state_;
    state.tensors = tensorLayout(state.source->config());
    for (TensorInfo& tensor : state.tensors) {
        state.stored.push_back(state.source->locate(tensor));
        tensor.type = state.stored.back()->type();
        tensor.bytes = state.stored.back()->bytes();
    }
    for (std::size_t i = 0; i < state.tensors.size(); ++i) {
        state.indexOf.emplace(state.tensors[i].name, i);
    }
    return model;
}

const std::string& Model::name() const {
    return state_->name;
}

const std::filesystem::path& Model::path() const {
    return state_->path;
}

const ModelConfig& Model::config() const {
    return state_->source->config();
}

const std::vector<TensorInfo>& Model::tensors() const {
    return state_->tensors;
}

const TensorInfo& Model::tensor(std::string_view name) const {
    const auto at = state_->indexOf.find(withoutSuffix(name));
    if (at == state_->indexOf.end()) {
        std::vector<std::string> names;
        for (const TensorInfo& tensor : state_->tensors) {
            names.push_back(tensor.name);
        }
        const auto hints = nearest(name, names);
        throw InputError(state_->path.string(), name,
                         hints.empty()
                             ? "the name of a tensor of this model"
                             : fmt::format("a tensor of this model, such as {}", fmt::join(hints, ", ")),
                         "none of that name");
    }
    return state_->tensors[at->second];
}

bool Model::hasTensor(std::string_view name) const {
    return state_->indexOf.contains(withoutSuffix(name));
}

std::size_t Model::parameterCount() const {
    std::size_t count = 0;
    for (const TensorInfo& tensor : state_->tensors) {
        count += tensor.count();
    }
    return count;
}

std::uint64_t Model::storedBytes() const {
    std::uint64_t bytes = 0;
    for (const TensorInfo& tensor : state_->tensors) {
        bytes += tensor.bytes;
    }
    return bytes;
}

void Model::readRows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const {
    const auto rows = static_cast<std::size_t>(out.rows());
    const TensorInfo& known = this->tensor(tensor.name);
    if (static_cast<std::size_t>(out.cols()) != known.shape.columns || firstRow > known.shape.rows ||
        rows > known.shape.rows - firstRow) {
        throw Error(fmt::format("{}: rows {} to {} of {} columns are not within its {} × {}", known.name,
                                firstRow, firstRow + rows, out.cols(), known.shape.rows,
                                known.shape.columns));
    }
    state_->stored[state_->indexOf.at(known.name)]->readRows(firstRow, out);
}

std::size_t Model::rowsTogether(const TensorInfo& tensor) const {
    return state_->stored[state_->indexOf.at(this->tensor(tensor.name).name)]->rowsTogether();
}

Matrix Model::read(const TensorInfo& tensor) const {
    Matrix values(static_cast<Eigen::Index>(tensor.shape.rows),
                  static_cast<Eigen::Index>(tensor.shape.columns));
    readRows(tensor, 0, values);
    return values;
}

Vector Model::readVector(const TensorInfo& tensor) const {
    if (tensor.shape.rows != 1) {
        throw Error(fmt::format("{}: a vector was expected, it has {} rows", tensor.name, tensor.shape.rows));
    }
    return read(tensor).row(0);
}

const std::string& Model::fingerprint(Workers& workers, const JobMonitor& monitor) const {
    {
        const std::scoped_lock lock(state_->fingerprintMutex);
        if (!state_->fingerprint.empty()) {
            return state_->fingerprint;
        }
    }
    // Computed without the lock: a thread that holds it must not be made to help with other work.
    std::vector<const StoredTensor*> stored;
    for (const auto& tensor : state_->stored) {
        stored.push_back(tensor.get());
    }
    std::string computed = modelFingerprint(config(), state_->tensors, stored, workers, monitor);
    const std::scoped_lock lock(state_->fingerprintMutex);
    if (state_->fingerprint.empty()) {
        state_->fingerprint = std::move(computed);
    }
    return state_->fingerprint;
}

} // namespace planish
