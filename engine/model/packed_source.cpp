// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/layout.h"
#include "model/model_source.h"
#include "model/safetensors.h"
#include "support/error.h"
#include "support/json.h"

#include <fmt/format.h>

#include <mutex>
#include <unordered_map>
#include <vector>

namespace planish {
namespace {

constexpr std::uint64_t largestDocument = 256 << 20; // bytes
constexpr std::size_t mostTensors = 1'000'000;

/// A packed tensor of any codec: its bytes are read whole when first asked for, and kept.
class StoredWhole final : public StoredTensor {
  public:
    StoredWhole(FileRange range, Codec codec, Shape shape)
        : range_(std::move(range)), codec_(std::move(codec)), shape_(shape) {}

    std::string type() const override { return codec_.name(); }
    std::uint64_t bytes() const override { return range_.bytes; }
    void readBytes(std::uint64_t first, std::span<std::byte> out) const override { range_.read(first, out); }
    void readRows(std::size_t firstRow, MutableMatrixView out) const override {
        codec_.decodeRows(packed(), shape_, firstRow, out);
    }

  private:
    std::span<const std::byte> packed() const {
        const std::scoped_lock lock(mutex_);
        if (packed_.empty()) {
            std::vector<std::byte> bytes(static_cast<std::size_t>(range_.bytes));
            range_.read(0, bytes);
            packed_ = std::move(bytes);
        }
        return packed_;
    }

    FileRange range_;
    Codec codec_;
    Shape shape_;
    mutable std::mutex mutex_;
    mutable std::vector<std::byte> packed_; ///< empty until read; then never changed
};

/// config.json, packed tensors in model.safetensors, and their codecs in planish.json.
class PackedSource final : public ModelSource {
  public:
    explicit PackedSource(const std::filesystem::path& folder)
        : name_(folder.filename().string()),
          config_(readModelConfig((folder / "config.json").string())),
          listing_((folder / packedModelFile).string()),
          file_(folder / "model.safetensors") {
        readCodecs();
    }

    const ModelConfig& config() const override { return config_; }
    std::string name() const override { return name_; }

    std::unique_ptr<const StoredTensor> locate(const TensorInfo& tensor) const override {
        const auto codec = codecs_.find(tensor.name);
        if (codec == codecs_.end()) {
            throw InputError(listing_, tensor.name, "the codec of this tensor, which config.json implies",
                             "none");
        }
        const SafetensorsEntry* entry = file_.find(storedName(tensor));
        if (entry == nullptr) {
            throw InputError(file_.path(), storedName(tensor), "this tensor, which config.json implies",
                             "none");
        }
        const std::uint64_t expected = packedBytes(codec->second, tensor);
        if (entry->type != "U8" || entry->shape != std::vector<std::uint64_t>{expected}) {
            throw InputError(file_.path(), entry->name,
                             fmt::format("U8 {} for {} × {} weights in {}",
                                         shapeText(std::vector<std::uint64_t>{expected}), tensor.shape.rows,
                                         tensor.shape.columns, codec->second.name()),
                             entry->type + " " + shapeText(entry->shape));
        }
        return std::make_unique<const StoredWhole>(file_.range(*entry), codec->second, tensor.shape);
    }

  private:
    void readCodecs() {
        const Json document = parseJsonFile(listing_, largestDocument);
        const JsonObject json(document, listing_);
        if (json.string("schema") != packedModelSchema) {
            throw InputError(listing_, "schema", packedModelSchema, json.string("schema"));
        }
        const Json& tensors = json.array("tensors");
        if (tensors.size() > mostTensors) {
            throw InputError(listing_, "tensors", fmt::format("at most {}", mostTensors), "more");
        }
        std::unordered_map<std::string, Codec> parsed; // most tensors share few codecs
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const JsonObject tensor(tensors[i], listing_, fmt::format("tensors[{}]", i));
            const std::string text = tensor.string("codec");
            auto known = parsed.find(text);
            if (known == parsed.end()) {
                try {
                    known = parsed.emplace(text, Codec::parse(text)).first;
                } catch (const InputError& error) {
                    throw InputError(listing_, tensor.fieldPath("codec"), "a codec", error.what());
                }
            }
            if (!codecs_.emplace(tensor.string("name"), known->second).second) {
                throw InputError(listing_, tensor.fieldPath("name"), "each tensor once",
                                 tensor.string("name"));
            }
        }
    }

    std::uint64_t packedBytes(const Codec& codec, const TensorInfo& tensor) const {
        try {
            return codec.packedBytes(tensor.shape);
        } catch (const Error& error) {
            throw InputError(listing_, "codec of " + tensor.name, "one that can store it", error.what());
        }
    }

    std::string name_;
    ModelConfig config_;
    std::string listing_;
    SafetensorsFile file_;
    std::unordered_map<std::string, Codec> codecs_;
};

} // namespace

std::unique_ptr<const ModelSource> openPackedFolder(const std::filesystem::path& folder) {
    return std::make_unique<const PackedSource>(folder);
}

} // namespace planish
