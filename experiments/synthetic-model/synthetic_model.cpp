// SPDX-License-Identifier: GPL-3.0-or-later
#include "synthetic_model.h"

#include "model/config_document.h"
#include "model/find_model.h"
#include "model/layout.h"
#include "model_shape.h"
#include "random_weights.h"
#include "shards.h"
#include "support/file.h"
#include "support/text.h"
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <system_error>
#include <vector>

namespace planish {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t chunkNumbers = 1 << 19;       // 1 MiB at a time
constexpr std::uint64_t smallFileBytes = 64 << 20;  // headers, config and tokenizer, generously
constexpr std::uint64_t largestTokenizer = 1 << 30; // bytes
constexpr std::array tokenizerFiles{"tokenizer.json", "tokenizer_config.json", "special_tokens_map.json"};

/// A folder of files being made: all of them go when it is left unfinished.
class UnfinishedFolder {
  public:
    explicit UnfinishedFolder(const fs::path& folder) : folder_(folder) {
        std::error_code failure;
        const bool isFolder = fs::is_directory(folder, failure);
        if (isFolder ? !fs::is_empty(folder) : fs::exists(fs::symlink_status(folder, failure))) {
            throw InputError(folder.string(), "folder",
                             "a new or an empty folder (remove this one or give another name)",
                             isFolder ? "one with files" : "a file");
        }
        made_ = fs::create_directories(folder, failure);
        if (failure) {
            throw InputError(folder.string(), "folder", "a place where it can be made", failure.message());
        }
    }
    ~UnfinishedFolder() {
        std::error_code ignored;
        for (const fs::path& file : files_) {
            fs::remove(file, ignored);
        }
        if (made_) {
            fs::remove(folder_, ignored);
        }
    }
    UnfinishedFolder(const UnfinishedFolder&) = delete;
    UnfinishedFolder& operator=(const UnfinishedFolder&) = delete;

    /// The path of a file about to be written.
    fs::path add(const std::string& name) { return files_.emplace_back(folder_ / name); }
    void requireRoom(std::uint64_t bytes) const {
        const auto free = static_cast<std::uint64_t>(fs::space(folder_).available);
        if (free < bytes) {
            throw InputError(folder_.string(), "disk",
                             fmt::format("{} free for the weights", formatBytes(bytes)), formatBytes(free));
        }
    }
    void finish() {
        files_.clear();
        made_ = false;
    }

  private:
    fs::path folder_;
    std::vector<fs::path> files_;
    bool made_ = false;
};

/// Numbers of one tensor that are made and written together.
struct Chunk {
    const ShardTensor* tensor;
    std::size_t first;
    std::size_t count;
};

std::vector<Chunk> chunksOf(const Shard& shard) {
    std::vector<Chunk> chunks;
    for (const ShardTensor& tensor : shard.tensors) {
        for (std::size_t first = 0; first < tensor.info.count(); first += chunkNumbers) {
            chunks.push_back({&tensor, first, std::min(chunkNumbers, tensor.info.count() - first)});
        }
    }
    return chunks;
}

void writeShard(const Shard& shard, const fs::path& path, const RandomWeights& weights,
                FinishedWork& finished, Workers& workers, const JobMonitor& monitor) {
    const std::string start = shard.start();
    const std::vector<Chunk> chunks = chunksOf(shard);
    replaceFile(path, [&](const fs::path& temporary) {
        NewFile file(temporary, path, start.size() + shard.valueBytes);
        file.write(0, std::as_bytes(std::span(start)));
        const auto write = [&](std::size_t i) {
            const Chunk& chunk = chunks[i];
            std::vector<std::uint16_t> numbers(chunk.count);
            weights.fill(chunk.tensor->info, chunk.tensor->place, chunk.first, numbers);
            const auto bytes = std::as_bytes(std::span(numbers));
            file.write(start.size() + chunk.tensor->offset + chunk.first * sizeof numbers[0], bytes);
            finished.add(bytes.size(), chunk.tensor->info.name);
        };
        workers.forEach(chunks.size(), write, monitor);
        file.close();
    });
}

void copyTokenizer(const fs::path& from, UnfinishedFolder& to) {
    for (const char* name : tokenizerFiles) {
        if (fs::exists(from / name)) {
            replaceFile(to.add(name), readWholeFile(from / name, largestTokenizer));
        }
    }
}

} // namespace

SyntheticModelSize writeSyntheticModel(const SyntheticModelSettings& settings, Workers& workers,
                                       JobMonitor& monitor) {
    ModelConfig shape = settings.shape;
    const fs::path tokenizerFolder = findModel(settings.tokenizer);
    const Tokenizer tokenizer = Tokenizer::open(tokenizerFolder);
    if (tokenizer.vocabularySize() > shape.vocabularySize) {
        throw InputError("command line", "--vocab",
                         fmt::format("at least {}, the tokens of --tokenizer {}", tokenizer.vocabularySize(),
                                     settings.tokenizer),
                         fmt::format("{}", shape.vocabularySize));
    }
    shape.beginToken = tokenizer.beginToken();
    const std::vector<TensorInfo> tensors = tensorLayout(shape);
    const std::vector<Shard> shards = planShards(tensors, settings.shardBytes);
    const std::uint64_t bytes = valueBytes(shards);

    UnfinishedFolder folder(settings.folder);
    folder.requireRoom(bytes + smallFileBytes);
    const RandomWeights weights(shape, settings.seed);
    PartMonitor writing(monitor, 0, 1, "write");
    FinishedWork finished(writing, bytes);
    for (const Shard& shard : shards) {
        writeShard(shard, folder.add(shard.name), weights, finished, workers, monitor);
    }
    copyTokenizer(tokenizerFolder, folder);
    replaceFile(folder.add("model.safetensors.index.json"), indexDocument(shards).dump(2) + "\n");
    replaceFile(folder.add("config.json"), configDocument(shape, "bfloat16").dump(2) + "\n");
    folder.finish();
    return {bytes / sizeof(std::uint16_t), bytes, shards.size()};
}

} // namespace planish
