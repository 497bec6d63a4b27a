// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/file_writers.h"

#include "model/gguf_types.h"
#include "support/file.h"

#include <fmt/format.h>

#include <bit>
#include <cassert>
#include <cstring>

namespace planish {
namespace {

static_assert(std::endian::native == std::endian::little, "model files are little-endian");

constexpr std::uint64_t ggufAlignment = 32;

template <typename Number>
void append(std::string& bytes, Number number) {
    bytes.append(reinterpret_cast<const char*>(&number), sizeof number);
}

void appendText(std::string& bytes, const std::string& text) {
    append<std::uint64_t>(bytes, text.size());
    bytes += text;
}

void pad(std::string& bytes, std::uint64_t alignment, char with) {
    bytes.append((alignment - bytes.size() % alignment) % alignment, with);
}

std::uint64_t aligned(std::uint64_t size, std::uint64_t alignment) {
    return size + (alignment - size % alignment) % alignment;
}

template <typename Number>
GgufMetadata::Entry numbersEntry(bool isArray, GgufValueType type, std::span<const Number> values) {
    GgufNumbers numbers{type, std::string(values.size_bytes(), '\0')};
    std::memcpy(numbers.bytes.data(), values.data(), values.size_bytes());
    return {isArray, std::move(numbers)};
}

void appendEntry(std::string& bytes, const GgufMetadata::Entry& entry) {
    const auto typed = [&](GgufValueType type, std::uint64_t count) {
        if (entry.isArray) {
            append(bytes, static_cast<std::uint32_t>(GgufValueType::array));
        }
        append(bytes, static_cast<std::uint32_t>(type));
        if (entry.isArray) {
            append(bytes, count);
        }
    };
    if (const auto* numbers = std::get_if<GgufNumbers>(&entry.value)) {
        typed(numbers->type, numbers->bytes.size() / ggufValueBytes(numbers->type));
        bytes += numbers->bytes;
    } else if (const auto* text = std::get_if<std::string>(&entry.value)) {
        typed(GgufValueType::string, 1);
        appendText(bytes, *text);
    } else {
        const auto& texts = std::get<std::vector<std::string>>(entry.value);
        typed(GgufValueType::string, texts.size());
        for (const std::string& one : texts) {
            appendText(bytes, one);
        }
    }
}

/// Header, then the tensors, each at a multiple of `alignment` after it.
void writeFile(const std::filesystem::path& path, const std::string& header,
               std::span<const OutputTensor> tensors, std::uint64_t alignment, JobMonitor& monitor) {
    std::uint64_t values = 0;
    for (const OutputTensor& tensor : tensors) {
        values += aligned(tensor.bytes, alignment);
    }
    replaceFile(path, [&](const std::filesystem::path& temporary) {
        NewFile file(temporary, path, header.size() + values);
        file.write(0, std::as_bytes(std::span(header)));
        std::uint64_t at = 0;
        for (const OutputTensor& tensor : tensors) {
            monitor.throwIfCancelled();
            monitor.report({"write", at, values, tensor.name});
            std::vector<std::byte> content = tensor.content();
            if (content.size() != tensor.bytes) {
                throw Error(fmt::format("{}: {} bytes were made of {} that were planned", tensor.name,
                                        content.size(), tensor.bytes));
            }
            content.resize(static_cast<std::size_t>(aligned(tensor.bytes, alignment)));
            file.write(header.size() + at, content);
            at += content.size();
        }
        file.close();
    });
}

} // namespace

std::string safetensorsHeader(const Json& metadata, std::span<const OutputTensor> tensors) {
    Json document{{"__metadata__", metadata}};
    std::uint64_t at = 0;
    for (const OutputTensor& tensor : tensors) {
        document[tensor.name] = {
            {"dtype", tensor.type}, {"shape", tensor.shape}, {"data_offsets", {at, at + tensor.bytes}}};
        at += tensor.bytes;
    }
    std::string header = document.dump();
    pad(header, 8, ' '); // so that values are aligned where tensors are of whole words
    std::string start;
    append<std::uint64_t>(start, header.size());
    return start + header;
}

void writeSafetensors(const std::filesystem::path& path, const Json& metadata,
                      std::span<const OutputTensor> tensors, JobMonitor& monitor) {
    writeFile(path, safetensorsHeader(metadata, tensors), tensors, 1, monitor);
}

GgufMetadata::Entry ggufEntry(const std::string& text) {
    return {false, text};
}

GgufMetadata::Entry ggufEntry(const char* text) {
    return {false, std::string(text)};
}

GgufMetadata::Entry ggufEntry(bool value) {
    const std::uint8_t byte = value ? 1 : 0;
    return numbersEntry(false, GgufValueType::boolean, std::span(&byte, 1));
}

GgufMetadata::Entry ggufEntry(std::uint32_t value) {
    return numbersEntry(false, GgufValueType::uint32, std::span<const std::uint32_t>(&value, 1));
}

GgufMetadata::Entry ggufEntry(float value) {
    return numbersEntry(false, GgufValueType::float32, std::span<const float>(&value, 1));
}

GgufMetadata::Entry ggufEntry(std::vector<std::string> texts) {
    return {true, std::move(texts)};
}

GgufMetadata::Entry ggufEntry(const std::vector<std::int32_t>& values) {
    return numbersEntry(true, GgufValueType::int32, std::span<const std::int32_t>(values));
}

GgufMetadata::Entry ggufEntry(const std::vector<float>& values) {
    return numbersEntry(true, GgufValueType::float32, std::span<const float>(values));
}

std::string ggufHeader(const GgufEntries& metadata, std::span<const OutputTensor> tensors) {
    constexpr std::uint32_t version = 3;
    std::string bytes = "GGUF";
    append(bytes, version);
    append<std::uint64_t>(bytes, tensors.size());
    append<std::uint64_t>(bytes, metadata.size());
    for (const auto& [key, entry] : metadata) {
        appendText(bytes, key);
        appendEntry(bytes, entry);
    }
    std::uint64_t at = 0;
    for (const OutputTensor& tensor : tensors) {
        appendText(bytes, tensor.name);
        append(bytes, static_cast<std::uint32_t>(tensor.shape.size()));
        for (auto size = tensor.shape.rbegin(); size != tensor.shape.rend(); ++size) {
            append(bytes, *size);
        }
        for (const GgufType& type : ggufTypes()) {
            if (type.name == tensor.type) {
                append(bytes, type.code);
            }
        }
        append(bytes, at);
        at += aligned(tensor.bytes, ggufAlignment);
    }
    pad(bytes, ggufAlignment, '\0');
    return bytes;
}

void writeGguf(const std::filesystem::path& path, const GgufEntries& metadata,
               std::span<const OutputTensor> tensors, JobMonitor& monitor) {
    writeFile(path, ggufHeader(metadata, tensors), tensors, ggufAlignment, monitor);
}

} // namespace planish
