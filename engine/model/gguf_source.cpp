// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/gguf_config.h"
#include "model/gguf_file.h"
#include "model/layout.h"
#include "model/model_source.h"
#include "model/safetensors.h"
#include "support/error.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

namespace planish {
namespace {

std::string readableTypes() {
    std::vector<std::string_view> names;
    for (const GgufType& type : ggufTypes()) {
        if (!type.codec.empty()) {
            names.push_back(type.name);
        }
    }
    return fmt::format("one of {}", fmt::join(names, ", "));
}

/// A file of llama.cpp: metadata and tensors in one.
class GgufSource final : public ModelSource {
  public:
    explicit GgufSource(const std::filesystem::path& path)
        : name_(ggufModelName(path)),
          file_(path),
          config_(ggufConfig(file_)),
          architecture_(file_.metadata().string("general.architecture")) {
        refuseUnknown();
    }

    const ModelConfig& config() const override { return config_; }
    std::string name() const override { return name_; }

    std::unique_ptr<const StoredTensor> locate(const TensorInfo& tensor) const override {
        const std::string name = ggufName(tensor);
        const auto [file, stored] = file_.find(name);
        if (stored == nullptr) {
            throw InputError(file_.path(), name, "this tensor, which the metadata imply", "none");
        }
        const std::string path = file->path().string();
        if (const auto expected = storedShape(tensor); stored->shape != expected) {
            throw InputError(path, name + " shape", shapeText(expected) + ", which the metadata imply",
                             shapeText(stored->shape));
        }
        if (stored->type->codec.empty()) {
            throw InputError(path, name + " type", readableTypes(),
                             fmt::format("{}, which is not read yet", stored->type->name));
        }
        return storedRows({file, stored->offset, stored->bytes}, Codec::parse(stored->type->codec),
                          tensor.shape, ggufInterleavedHeads(tensor, config_, architecture_));
    }

  private:
    /// What the forward pass would leave out would make another model of it.
    void refuseUnknown() const {
        std::set<std::string> known{ggufRopeFactors};
        for (const TensorInfo& tensor : tensorLayout(config_)) {
            known.insert(ggufName(tensor));
            if (file_.find(ggufName(tensor)).tensor == nullptr) {
                return; // which says more, and is said when it is looked for
            }
        }
        file_.forEach([&](const ReadOnlyFile& file, const GgufTensor& tensor) {
            if (!known.contains(tensor.name)) {
                throw InputError(file.path().string(), tensor.name, "a tensor that the metadata imply",
                                 "one that would be ignored");
            }
        });
    }

    std::string name_;
    GgufFile file_;
    ModelConfig config_;
    std::string architecture_;
};

} // namespace

std::unique_ptr<const ModelSource> openGguf(const std::filesystem::path& path) {
    return std::make_unique<const GgufSource>(path);
}

} // namespace planish
