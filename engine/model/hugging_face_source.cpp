// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layout.h"
#include "model/model_files.h"
#include "model/model_source.h"
#include "support/error.h"

namespace planish {
namespace {

/// The codec of numbers as safetensors files call them.
Codec codecOf(const std::string& file, const SafetensorsEntry& entry) {
    for (const auto& [type, codec] :
         {std::pair("BF16", "bf16"), std::pair("F16", "fp16"), std::pair("F32", "fp32")}) {
        if (entry.type == type) {
            return Codec::parse(codec);
        }
    }
    throw InputError(file, entry.name + " dtype", "BF16, F16 or F32", entry.type);
}

/// config.json and safetensors files.
class HuggingFaceSource final : public ModelSource {
  public:
    explicit HuggingFaceSource(const std::filesystem::path& folder)
        : name_(folder.filename().string()),
          config_(readModelConfig((folder / "config.json").string())),
          files_(folder) {}

    const ModelConfig& config() const override { return config_; }
    std::string name() const override { return name_; }

    std::unique_ptr<const StoredTensor> locate(const TensorInfo& tensor) const override {
        const auto [file, entry] = files_.locate(storedName(tensor));
        if (const auto expected = storedShape(tensor); entry->shape != expected) {
            throw InputError(file->path(), entry->name + " shape",
                             shapeText(expected) + ", which config.json implies", shapeText(entry->shape));
        }
        return storedRows(file->range(*entry), codecOf(file->path(), *entry), tensor.shape);
    }

  private:
    std::string name_;
    ModelConfig config_;
    ModelFiles files_;
};

} // namespace

std::unique_ptr<const ModelSource> openHuggingFaceFolder(const std::filesystem::path& folder) {
    return std::make_unique<const HuggingFaceSource>(folder);
}

} // namespace planish
