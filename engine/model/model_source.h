// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "model/stored_tensor.h"
#include "model/tensor_info.h"

#include <filesystem>
#include <memory>
#include <string>

namespace planish {

/// A kind of model file, as Model reads it: what the model is, and where each of its tensors lies.
/// Thread-safe after construction.
class ModelSource {
  public:
    ModelSource() = default;
    ModelSource(const ModelSource&) = delete;
    ModelSource& operator=(const ModelSource&) = delete;
    virtual ~ModelSource() = default;

    /// Opens what is at `path`: a GGUF file, a folder of packed tensors that Planish wrote, or a Hugging Face
    /// folder. Throws InputError naming file, field,
    /// expected and found.
    static std::unique_ptr<const ModelSource> open(const std::filesystem::path& path);

    virtual const ModelConfig& config() const = 0;
    /// What people call the model.
    virtual std::string name() const = 0;
    /// Where a tensor of tensorLayout(config()) is. Throws InputError when it is missing, has another shape
    /// or is stored in a way that is not read. What is returned may outlive this.
    virtual std::unique_ptr<const StoredTensor> locate(const TensorInfo& tensor) const = 0;
};

std::unique_ptr<const ModelSource> openHuggingFaceFolder(const std::filesystem::path& folder);
/// A folder with tensors as their codecs packed them: config.json, model.safetensors, in which every tensor
/// is so many U8, and planish.json, whose "tensors" say the codec of each.
std::unique_ptr<const ModelSource> openPackedFolder(const std::filesystem::path& folder);
inline constexpr const char* packedModelFile = "planish.json";
inline constexpr const char* packedModelSchema = "planish.model/2";
std::unique_ptr<const ModelSource> openGguf(const std::filesystem::path& path);

/// A tensor's shape as files have it: one number for a vector.
std::vector<std::uint64_t> storedShape(const TensorInfo& tensor);

} // namespace planish
