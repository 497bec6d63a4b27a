// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layout.h"
#include "model/model_files.h"
#include "model/model_source.h"
#include "model/quantized_tensors.h"
#include "support/error.h"

#include <optional>

namespace planish {
namespace {

/// config.json and safetensors files, of quantized checkpoints too.
class HuggingFaceSource final : public ModelSource {
  public:
    explicit HuggingFaceSource(const std::filesystem::path& folder)
        : name_(folder.filename().string()),
          config_(readModelConfig((folder / "config.json").string())),
          quantization_(readQuantization(folder / "config.json")),
          files_(folder) {}

    const ModelConfig& config() const override { return config_; }
    std::string name() const override { return name_; }

    std::unique_ptr<const StoredTensor> locate(const TensorInfo& tensor) const override {
        if (quantization_ && !tensor.isVector) {
            if (auto quantized = locateQuantized(files_, *quantization_, tensor)) {
                return quantized;
            }
        }
        const auto [file, entry] = files_.locate(storedName(tensor));
        if (const auto expected = storedShape(tensor); entry->shape != expected) {
            throw InputError(file->path(), entry->name + " shape",
                             shapeText(expected) + ", which config.json implies", shapeText(entry->shape));
        }
        return storedRows(file->range(*entry), numberCodec(file->path(), *entry), tensor.shape);
    }

  private:
    std::string name_;
    ModelConfig config_;
    std::optional<Quantization> quantization_;
    ModelFiles files_;
};

} // namespace

std::unique_ptr<const ModelSource> openHuggingFaceFolder(const std::filesystem::path& folder) {
    return std::make_unique<const HuggingFaceSource>(folder);
}

} // namespace planish
