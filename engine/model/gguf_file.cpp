// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/gguf_file.h"

#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace planish {
namespace {

constexpr std::int64_t mostParts = 1000;

/// What llama.cpp's gguf-split appends to names.
std::string partSuffix(std::int64_t number, std::int64_t count) {
    return fmt::format("-{:05}-of-{:05}", number, count);
}

} // namespace

GgufFile::Part GgufFile::open(const std::filesystem::path& path) {
    auto file = std::make_shared<const ReadOnlyFile>(path);
    GgufHeader header = readGgufHeader(*file);
    return {std::move(file), std::move(header)};
}

GgufFile::GgufFile(const std::filesystem::path& path) {
    Part given = open(path);
    constexpr const char* countKey = "split.count";
    constexpr const char* numberKey = "split.no";
    const GgufMetadata& metadata = given.header.metadata;
    const std::int64_t count = metadata.has(countKey) ? metadata.integer(countKey, 0, mostParts) : 0;
    if (count <= 1) {
        parts_.push_back(std::move(given));
        return;
    }
    const std::int64_t number = metadata.integer(numberKey, 0, count - 1);
    const std::string stem = path.stem().string();
    const std::string suffix = partSuffix(number + 1, count);
    if (!stem.ends_with(suffix)) {
        throw InputError(path.string(), "file", fmt::format("a name that ends in {}.gguf", suffix),
                         "another");
    }
    const std::string base = stem.substr(0, stem.size() - suffix.size());
    std::set<std::string_view> names;
    for (std::int64_t i = 0; i < count; ++i) {
        parts_.push_back(open(path.parent_path() / (base + partSuffix(i + 1, count) + ".gguf")));
        const GgufHeader& header = parts_.back().header;
        if (header.metadata.integer(numberKey, 0, count - 1) != i ||
            header.metadata.integer(countKey, 0, mostParts) != count) {
            throw InputError(header.metadata.source(), numberKey, fmt::format("{} of {}", i, count),
                             "another");
        }
    }
    for (const Part& part : parts_) {
        for (const GgufTensor& tensor : part.header.tensors) {
            if (!names.insert(tensor.name).second) {
                throw InputError(part.header.metadata.source(), tensor.name, "each tensor in one file only",
                                 "it in another one too");
            }
        }
    }
}

GgufFile::Location GgufFile::find(std::string_view name) const {
    for (const Part& part : parts_) {
        const auto& tensors = part.header.tensors;
        const auto at = std::lower_bound(
            tensors.begin(), tensors.end(), name,
            [](const GgufTensor& tensor, std::string_view wanted) { return tensor.name < wanted; });
        if (at != tensors.end() && at->name == name) {
            return {part.file, &*at};
        }
    }
    return {};
}

std::string ggufModelName(const std::filesystem::path& path) {
    std::string name = path.stem().string();
    const std::size_t of = name.rfind("-of-");
    constexpr std::size_t digits = 5;
    if (of != std::string::npos && of > digits + 1 && name.size() == of + 4 + digits &&
        name[of - digits - 1] == '-') {
        name.resize(of - digits - 1);
    }
    return name;
}

} // namespace planish
