// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/gguf_header.h"

#include "support/error.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace planish {
namespace {

constexpr std::string_view magic = "GGUF";
constexpr std::uint64_t longestKey = 65535; // of the specification
constexpr std::uint64_t longestName = 1024; // llama.cpp takes 63
constexpr std::uint64_t mostTensors = 1'000'000;
constexpr std::uint64_t mostEntries = 1'000'000;
constexpr std::uint32_t mostDimensions = 4;
constexpr std::uint64_t largestDimension = std::uint64_t{1} << 40;
constexpr std::uint64_t largestAlignment = 1 << 20;

// The fewest bytes that one of each can take: a file of n bytes has at most n ÷ that many.
constexpr std::uint64_t leastString = 8;
constexpr std::uint64_t leastEntry = leastString + 4 + 1;
constexpr std::uint64_t leastTensor = leastString + 4 + 8 + 4 + 8;

/// More than vocabularies, merges and names of the largest models take; a file's size alone costs nothing.
constexpr std::uint64_t largestHeader = 256U << 20;

/// Reads a file from front to back; nothing is allocated that the rest of the header could not fill.
class Reader {
  public:
    explicit Reader(const ReadOnlyFile& file) : file_(file), name_(file.path().string()) {}

    const std::string& name() const { return name_; }
    std::uint64_t position() const { return position_; }
    std::uint64_t remaining() const { return std::min(file_.size(), largestHeader) - position_; }

    template <typename Number>
    Number number(std::string_view field) {
        Number value{};
        bytes(std::as_writable_bytes(std::span(&value, 1)), field);
        return value;
    }

    /// A count of things that take at least `least` bytes each.
    std::uint64_t count(std::string_view field, std::uint64_t least, std::uint64_t most) {
        const auto value = number<std::uint64_t>(field);
        const std::uint64_t limit = std::min(most, remaining() / least);
        if (value > limit) {
            throw InputError(name_, field, fmt::format("at most {}, for which there is room", limit),
                             fmt::format("{}", value));
        }
        return value;
    }

    std::string string(std::string_view field, std::uint64_t longest = ~std::uint64_t{0}) {
        return raw(count(fmt::format("{} length", field), 1, longest), field);
    }

    /// `size` bytes, which must have been compared with what is left.
    std::string raw(std::uint64_t size, std::string_view field) {
        std::string text(static_cast<std::size_t>(size), '\0');
        bytes(std::as_writable_bytes(std::span(text)), field);
        return text;
    }

  private:
    void bytes(std::span<std::byte> out, std::string_view field) {
        if (out.size() > remaining()) {
            throw InputError(name_, field, fmt::format("{} bytes", out.size()),
                             fmt::format("the end of the file after {}", remaining()));
        }
        for (std::size_t done = 0; done < out.size();) {
            if (position_ < bufferStart_ || position_ >= bufferStart_ + buffer_.size()) {
                bufferStart_ = position_;
                buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(bufferBytes, remaining())));
                file_.read(position_, buffer_);
            }
            const std::size_t at = static_cast<std::size_t>(position_ - bufferStart_);
            const std::size_t part = std::min(out.size() - done, buffer_.size() - at);
            std::memcpy(out.data() + done, buffer_.data() + at, part);
            done += part;
            position_ += part;
        }
    }

    static constexpr std::uint64_t bufferBytes = 1 << 16;

    const ReadOnlyFile& file_;
    std::string name_;
    std::uint64_t position_ = 0;
    std::uint64_t bufferStart_ = 0;
    std::vector<std::byte> buffer_;
};

void readPrefix(Reader& reader) {
    if (reader.remaining() < magic.size() || reader.raw(magic.size(), "magic") != magic) {
        throw InputError(reader.name(), "magic", "the letters GGUF", "something else");
    }
    const auto version = reader.number<std::uint32_t>("version");
    if (version != 2 && version != 3) {
        const bool swapped = version != 0 && (version & 0xffffU) == 0;
        throw InputError(reader.name(), "version", "2 or 3",
                         swapped ? std::string("a big-endian file") : fmt::format("{}", version));
    }
}

GgufMetadata::Entry readArray(Reader& reader, const std::string& key) {
    const auto type = static_cast<GgufValueType>(reader.number<std::uint32_t>(key + " element type"));
    if (type == GgufValueType::string) {
        std::vector<std::string> texts(
            static_cast<std::size_t>(reader.count(key + " count", leastString, ~std::uint64_t{0})));
        for (std::string& text : texts) {
            text = reader.string(key);
        }
        return {true, std::move(texts)};
    }
    const std::size_t size = ggufValueBytes(type);
    if (size == 0) {
        throw InputError(reader.name(), key + " element type", "numbers, truth values or texts",
                         fmt::format("type {}", static_cast<std::uint32_t>(type)));
    }
    const std::uint64_t count = reader.count(key + " count", size, ~std::uint64_t{0});
    return {true, GgufNumbers{type, reader.raw(count * size, key)}};
}

GgufMetadata::Entry readValue(Reader& reader, const std::string& key) {
    const auto type = static_cast<GgufValueType>(reader.number<std::uint32_t>(key + " type"));
    if (type == GgufValueType::string) {
        return {false, reader.string(key)};
    }
    if (type == GgufValueType::array) {
        return readArray(reader, key);
    }
    const std::size_t size = ggufValueBytes(type);
    if (size == 0) {
        throw InputError(reader.name(), key + " type", "a type from 0 to 12",
                         fmt::format("{}", static_cast<std::uint32_t>(type)));
    }
    return {false, GgufNumbers{type, reader.raw(size, key)}};
}

GgufMetadata readMetadata(Reader& reader, std::uint64_t count) {
    GgufMetadata metadata(reader.name());
    for (std::uint64_t i = 0; i < count; ++i) {
        const std::string key = reader.string(fmt::format("metadata[{}] key", i), longestKey);
        GgufMetadata::Entry entry = readValue(reader, printable(key));
        if (!metadata.add(key, std::move(entry))) {
            throw InputError(reader.name(), key, "each key once", "a duplicate");
        }
    }
    return metadata;
}

std::uint64_t alignmentOf(const GgufMetadata& metadata) {
    constexpr const char* key = "general.alignment";
    if (!metadata.has(key)) {
        return 32;
    }
    const auto alignment = static_cast<std::uint64_t>(metadata.integer(key, 8, largestAlignment));
    if (!std::has_single_bit(alignment)) {
        throw InputError(metadata.source(), key, "a power of two", fmt::format("{}", alignment));
    }
    return alignment;
}

/// Bytes of the values; throws when rows are not whole blocks or the product overflows.
std::uint64_t bytesOf(const GgufTensor& tensor, const std::string& file) {
    const std::uint64_t columns = tensor.shape.back();
    if (columns % tensor.type->weights != 0) {
        throw InputError(file, tensor.name + " shape",
                         fmt::format("rows of a multiple of {} values, as {} has blocks of that many",
                                     tensor.type->weights, tensor.type->name),
                         fmt::format("{}", columns));
    }
    std::uint64_t bytes = columns / tensor.type->weights;
    bool overflow = __builtin_mul_overflow(bytes, std::uint64_t{tensor.type->bytes}, &bytes);
    for (std::size_t i = 0; i + 1 < tensor.shape.size(); ++i) {
        overflow = overflow || __builtin_mul_overflow(bytes, tensor.shape[i], &bytes);
    }
    if (overflow) {
        throw InputError(file, tensor.name + " shape", "fewer than 2^64 bytes of values", "more");
    }
    return bytes;
}

GgufTensor readTensor(Reader& reader, std::uint64_t index) {
    GgufTensor tensor;
    tensor.name = reader.string(fmt::format("tensors[{}] name", index), longestName);
    if (tensor.name.empty()) {
        throw InputError(reader.name(), fmt::format("tensors[{}] name", index), "a name", "none");
    }
    const std::string name = printable(tensor.name);
    const auto dimensions = reader.number<std::uint32_t>(name + " dimensions");
    if (dimensions == 0 || dimensions > mostDimensions) {
        throw InputError(reader.name(), name + " dimensions", fmt::format("1 to {}", mostDimensions),
                         fmt::format("{}", dimensions));
    }
    for (std::uint32_t i = 0; i < dimensions; ++i) {
        const auto size = reader.number<std::uint64_t>(name + " shape");
        if (size == 0 || size > largestDimension) {
            throw InputError(reader.name(), name + " shape",
                             fmt::format("sizes from 1 to {}", largestDimension), fmt::format("{}", size));
        }
        tensor.shape.insert(tensor.shape.begin(), size);
    }
    const auto code = reader.number<std::uint32_t>(name + " type");
    tensor.type = findGgufType(code);
    if (tensor.type == nullptr) {
        throw InputError(reader.name(), name + " type", "a type of ggml", fmt::format("number {}", code));
    }
    tensor.offset = reader.number<std::uint64_t>(name + " offset");
    tensor.bytes = bytesOf(tensor, reader.name());
    return tensor;
}

std::uint64_t aligned(std::uint64_t size, std::uint64_t alignment) {
    return size + (alignment - size % alignment) % alignment;
}

/// The values of all tensors must follow each other from `start` on, each aligned, and end with the file.
/// Makes their offsets those from the start of the file. All arithmetic stays below the file's size.
void checkCoverage(std::vector<GgufTensor>& tensors, std::uint64_t start, std::uint64_t alignment,
                   const ReadOnlyFile& file) {
    const std::string name = file.path().string();
    std::sort(tensors.begin(), tensors.end(),
              [](const GgufTensor& a, const GgufTensor& b) { return a.offset < b.offset; });
    std::uint64_t end = start;
    for (GgufTensor& tensor : tensors) {
        const std::uint64_t begin = std::min(aligned(end, alignment), file.size());
        if (tensor.offset != begin - start) {
            throw InputError(name, tensor.name + " offset",
                             fmt::format("{}, where the tensor before it ends", begin - start),
                             fmt::format("{}", tensor.offset));
        }
        if (tensor.bytes > file.size() - begin) {
            throw InputError(name, tensor.name + " size",
                             fmt::format("at most {} bytes, up to the end of the file", file.size() - begin),
                             fmt::format("{} bytes", tensor.bytes));
        }
        tensor.offset = begin;
        end = begin + tensor.bytes;
    }
    if (file.size() - end >= alignment) {
        throw InputError(name, "size", fmt::format("{} bytes", aligned(end, alignment)),
                         fmt::format("{} bytes", file.size()));
    }
}

void sortByName(std::vector<GgufTensor>& tensors, const std::string& file) {
    std::sort(tensors.begin(), tensors.end(),
              [](const GgufTensor& a, const GgufTensor& b) { return a.name < b.name; });
    const auto twice =
        std::adjacent_find(tensors.begin(), tensors.end(),
                           [](const GgufTensor& a, const GgufTensor& b) { return a.name == b.name; });
    if (twice != tensors.end()) {
        throw InputError(file, twice->name, "each tensor once", "a duplicate");
    }
}

} // namespace

GgufHeader readGgufHeader(const ReadOnlyFile& file) {
    Reader reader(file);
    readPrefix(reader);
    const std::uint64_t tensorCount = reader.count("tensor count", leastTensor, mostTensors);
    const std::uint64_t entryCount = reader.count("metadata count", leastEntry, mostEntries);
    GgufHeader header{readMetadata(reader, entryCount), {}};
    header.tensors.reserve(static_cast<std::size_t>(
        std::min(tensorCount, reader.remaining() / leastTensor))); // the metadata has taken its part
    for (std::uint64_t i = 0; i < tensorCount; ++i) {
        header.tensors.push_back(readTensor(reader, i));
    }
    const std::uint64_t alignment = alignmentOf(header.metadata);
    const std::uint64_t start =
        tensorCount == 0 ? reader.position() : std::min(aligned(reader.position(), alignment), file.size());
    checkCoverage(header.tensors, start, alignment, file);
    sortByName(header.tensors, reader.name());
    return header;
}

bool looksLikeGguf(const ReadOnlyFile& file) {
    std::string start(magic.size(), '\0');
    if (file.size() < start.size()) {
        return false;
    }
    file.read(0, std::as_writable_bytes(std::span(start)));
    return start == magic;
}

} // namespace planish
