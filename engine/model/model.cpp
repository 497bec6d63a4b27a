// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model.h"

#include "model/fingerprint.h"
#include "model/layout.h"
#include "model/model_files.h"
#include "model/model_folder.h"
#include "model/number_conversion.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace planish {
namespace {

constexpr std::size_t readBytes = 1 << 20; ///< raw bytes held at a time while converting

std::optional<NumberType> numberTypeOf(std::string_view stored) {
    if (stored == "BF16") {
        return NumberType::bf16;
    }
    if (stored == "F16") {
        return NumberType::fp16;
    }
    if (stored == "F32") {
        return NumberType::fp32;
    }
    return {};
}

/// Completes `tensor` with its number type after comparing the file's shape with the expected one.
void check(TensorInfo& tensor, const ModelFiles::Location& location) {
    const SafetensorsEntry& entry = *location.entry;
    std::vector<std::uint64_t> expected{tensor.shape.columns};
    if (!tensor.isVector) {
        expected.insert(expected.begin(), tensor.shape.rows);
    }
    if (entry.shape != expected) {
        throw InputError(location.file->path(), entry.name + " shape",
                         shapeText(expected) + ", which config.json implies", shapeText(entry.shape));
    }
    const auto type = numberTypeOf(entry.type);
    if (!type) {
        throw InputError(location.file->path(), entry.name + " dtype", "BF16, F16 or F32", entry.type);
    }
    tensor.type = *type;
}

std::string_view withoutSuffix(std::string_view name) {
    constexpr std::string_view suffix = ".weight";
    return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

} // namespace

struct Model::State {
    State(const std::filesystem::path& path) : folder(path), files(path) {}

    std::filesystem::path folder;
    std::string name;
    ModelConfig config;
    ModelFiles files;
    std::vector<TensorInfo> tensors;
    std::vector<ModelFiles::Location> locations; ///< of `tensors`, in the same order
    std::unordered_map<std::string_view, std::size_t> indexOf;
    std::mutex fingerprintMutex;
    std::string fingerprint; ///< empty until computed; then never changed
};

Model Model::open(const std::string& nameOrPath) {
    const std::filesystem::path folder = findModelFolder(nameOrPath);
    const ModelConfig config = readModelConfig((folder / "config.json").string());
    Model model;
    model.state_ = std::make_shared<State>(folder);
    State& state = *model.state_;
    state.name = folder.filename().string();
    state.config = config;
    state.tensors = tensorLayout(config);
    for (TensorInfo& tensor : state.tensors) {
        state.locations.push_back(state.files.locate(storedName(tensor)));
        check(tensor, state.locations.back());
    }
    for (std::size_t i = 0; i < state.tensors.size(); ++i) {
        state.indexOf.emplace(state.tensors[i].name, i);
    }
    return model;
}

const std::string& Model::name() const {
    return state_->name;
}

const std::filesystem::path& Model::folder() const {
    return state_->folder;
}

const ModelConfig& Model::config() const {
    return state_->config;
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
        throw InputError(state_->folder.string(), name,
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
        bytes += tensor.count() * bytesPerNumber(tensor.type);
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
    const ModelFiles::Location& location = state_->locations[state_->indexOf.at(known.name)];
    const std::size_t rowBytes = known.shape.columns * bytesPerNumber(known.type);
    const std::size_t rowsAtOnce =
        std::clamp<std::size_t>(readBytes / rowBytes, 1, std::max<std::size_t>(rows, 1));
    std::vector<std::byte> stored(rowsAtOnce * rowBytes);
    for (std::size_t row = 0; row < rows; row += rowsAtOnce) {
        const std::size_t count = std::min(rowsAtOnce, rows - row);
        const auto part = std::span(stored).first(count * rowBytes);
        location.file->read(*location.entry, (firstRow + row) * rowBytes, part);
        for (std::size_t i = 0; i < count; ++i) {
            float* values = out.data() + static_cast<Eigen::Index>(row + i) * out.outerStride();
            convertToFloat(known.type, part.subspan(i * rowBytes, rowBytes),
                           std::span(values, known.shape.columns));
        }
    }
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
    const auto read = [this](std::size_t i, std::uint64_t first, std::span<std::byte> out) {
        state_->locations[i].file->read(*state_->locations[i].entry, first, out);
    };
    std::string computed = modelFingerprint(state_->config, state_->tensors, read, workers, monitor);
    const std::scoped_lock lock(state_->fingerprintMutex);
    if (state_->fingerprint.empty()) {
        state_->fingerprint = std::move(computed);
    }
    return state_->fingerprint;
}

} // namespace planish
