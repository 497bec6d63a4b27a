// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/safetensors.h"

#include "model/safetensors_header.h"
#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <utility>

namespace planish {
namespace {

constexpr std::uint64_t lengthBytes = 8;
constexpr std::uint64_t longestHeader = 100'000'000;

std::string readHeader(const ReadOnlyFile& file) {
    const std::string name = file.path().string();
    if (file.size() < lengthBytes) {
        throw InputError(name, "size", "at least 8 bytes, the length of the header",
                         fmt::format("{} bytes", file.size()));
    }
    std::uint64_t length = 0;
    file.read(0, std::as_writable_bytes(std::span(&length, 1)));
    const std::uint64_t rest = file.size() - lengthBytes;
    if (length < 2 || length > std::min(rest, longestHeader)) {
        throw InputError(
            name, "header length",
            fmt::format("2 to {} bytes", std::max<std::uint64_t>(2, std::min(rest, longestHeader))),
            fmt::format("{}", length));
    }
    std::string header(static_cast<std::size_t>(length), '\0');
    file.read(lengthBytes, std::as_writable_bytes(std::span(header)));
    return header;
}

/// The values of all tensors must follow each other from 0 to `size` without gap or overlap.
void checkCoverage(const std::vector<SafetensorsEntry>& entries, std::uint64_t size,
                   const std::string& file) {
    std::vector<std::size_t> order(entries.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return entries[a].offset < entries[b].offset; });
    std::uint64_t end = 0;
    for (const std::size_t index : order) {
        const SafetensorsEntry& entry = entries[index];
        if (entry.offset != end) {
            throw InputError(
                file, entry.name + " data_offsets",
                fmt::format("a begin of {}, where the tensor before it ends", end),
                fmt::format("{} ({})", entry.offset, entry.offset < end ? "an overlap" : "a hole"));
        }
        if (entry.bytes > size - end) {
            throw InputError(file, entry.name + " data_offsets",
                             fmt::format("an end of at most {}, the end of the file", size),
                             fmt::format("begin {} and {} bytes", entry.offset, entry.bytes));
        }
        end += entry.bytes;
    }
    if (end != size) {
        throw InputError(file, "size", fmt::format("{} bytes of values", end), fmt::format("{} bytes", size));
    }
}

} // namespace

SafetensorsFile::SafetensorsFile(const std::filesystem::path& path)
    : file_(std::make_shared<const ReadOnlyFile>(path)) {
    const std::string header = readHeader(*file_);
    entries_ = parseSafetensorsHeader(header, this->path());
    const std::uint64_t start = lengthBytes + header.size();
    checkCoverage(entries_, file_->size() - start, this->path());
    for (SafetensorsEntry& entry : entries_) {
        entry.offset += start;
    }
}

Codec numberCodec(const std::string& file, const SafetensorsEntry& entry) {
    for (const auto& [type, codec] :
         {std::pair("BF16", "bf16"), std::pair("F16", "fp16"), std::pair("F32", "fp32")}) {
        if (entry.type == type) {
            return Codec::parse(codec);
        }
    }
    throw InputError(file, entry.name + " dtype", "BF16, F16 or F32", entry.type);
}

const SafetensorsEntry* SafetensorsFile::find(std::string_view name) const {
    const auto at = std::lower_bound(
        entries_.begin(), entries_.end(), name,
        [](const SafetensorsEntry& entry, std::string_view wanted) { return entry.name < wanted; });
    return at == entries_.end() || at->name != name ? nullptr : &*at;
}

} // namespace planish
