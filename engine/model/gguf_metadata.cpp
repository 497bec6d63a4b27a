// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/gguf_metadata.h"

#include <fmt/format.h>

#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace planish {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are little-endian");

template <typename Number>
Number numberAt(const GgufNumbers& numbers, std::size_t index) {
    Number number{};
    std::memcpy(&number, numbers.bytes.data() + index * sizeof(Number), sizeof(Number));
    return number;
}

std::size_t countOf(const GgufNumbers& numbers) {
    return numbers.bytes.size() / ggufValueBytes(numbers.type);
}

double valueAt(const GgufNumbers& numbers, std::size_t index) {
    switch (numbers.type) {
    case GgufValueType::uint8:
    case GgufValueType::boolean:
        return numberAt<std::uint8_t>(numbers, index);
    case GgufValueType::int8:
        return numberAt<std::int8_t>(numbers, index);
    case GgufValueType::uint16:
        return numberAt<std::uint16_t>(numbers, index);
    case GgufValueType::int16:
        return numberAt<std::int16_t>(numbers, index);
    case GgufValueType::uint32:
        return numberAt<std::uint32_t>(numbers, index);
    case GgufValueType::int32:
        return numberAt<std::int32_t>(numbers, index);
    case GgufValueType::float32:
        return numberAt<float>(numbers, index);
    case GgufValueType::uint64:
        return static_cast<double>(numberAt<std::uint64_t>(numbers, index));
    case GgufValueType::int64:
        return static_cast<double>(numberAt<std::int64_t>(numbers, index));
    case GgufValueType::float64:
        return numberAt<double>(numbers, index);
    default:
        return std::numeric_limits<double>::quiet_NaN();
    }
}

/// Whole numbers beyond those a double holds exactly mean nothing in any field we read.
std::optional<std::int64_t> wholeAt(const GgufNumbers& numbers, std::size_t index) {
    const double value = valueAt(numbers, index);
    const bool isWhole = numbers.type != GgufValueType::float32 && numbers.type != GgufValueType::float64 &&
                         numbers.type != GgufValueType::boolean && std::abs(value) <= 0x1p53;
    return isWhole ? std::optional(static_cast<std::int64_t>(value)) : std::nullopt;
}

std::string_view kindOf(const GgufMetadata::Entry& entry) {
    if (std::holds_alternative<std::string>(entry.value)) {
        return "a text";
    }
    if (std::holds_alternative<std::vector<std::string>>(entry.value)) {
        return "an array of texts";
    }
    return entry.isArray ? "an array of numbers" : "a number";
}

} // namespace

std::size_t ggufValueBytes(GgufValueType type) {
    switch (type) {
    case GgufValueType::uint8:
    case GgufValueType::int8:
    case GgufValueType::boolean:
        return 1;
    case GgufValueType::uint16:
    case GgufValueType::int16:
        return 2;
    case GgufValueType::uint32:
    case GgufValueType::int32:
    case GgufValueType::float32:
        return 4;
    case GgufValueType::uint64:
    case GgufValueType::int64:
    case GgufValueType::float64:
        return 8;
    default:
        return 0;
    }
}

void GgufMetadata::fail(const std::string& key, std::string_view expected, std::string_view found) const {
    throw InputError(source_, key, expected, found);
}

const GgufMetadata::Entry& GgufMetadata::at(const std::string& key, std::string_view expected) const {
    const auto found = entries_.find(key);
    if (found == entries_.end()) {
        fail(key, expected, "nothing");
    }
    return found->second;
}

const GgufNumbers& GgufMetadata::numbersOf(const std::string& key, bool array,
                                           std::string_view expected) const {
    const Entry& entry = at(key, expected);
    const auto* numbers = std::get_if<GgufNumbers>(&entry.value);
    if (numbers == nullptr || entry.isArray != array) {
        fail(key, expected, kindOf(entry));
    }
    return *numbers;
}

const std::string& GgufMetadata::string(const std::string& key) const {
    const Entry& entry = at(key, "a text");
    const auto* text = std::get_if<std::string>(&entry.value);
    if (text == nullptr) {
        fail(key, "a text", kindOf(entry));
    }
    return *text;
}

std::int64_t GgufMetadata::integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const {
    const std::string expected = fmt::format("a whole number from {} to {}", minimum, maximum);
    const GgufNumbers& number = numbersOf(key, false, expected);
    const auto value = wholeAt(number, 0);
    if (!value || *value < minimum || *value > maximum) {
        fail(key, expected, fmt::format("{}", valueAt(number, 0)));
    }
    return *value;
}

double GgufMetadata::number(const std::string& key) const {
    const GgufNumbers& number = numbersOf(key, false, "a number");
    if (number.type == GgufValueType::float32) {
        // The number that was meant: 1e-5 rather than the float nearest to it, which is what other files say.
        const std::string text = fmt::format("{}", numberAt<float>(number, 0));
        double meant = 0;
        std::from_chars(text.data(), text.data() + text.size(), meant); // whatever the locale
        return meant;
    }
    return valueAt(number, 0);
}

bool GgufMetadata::boolean(const std::string& key, bool fallback) const {
    if (!has(key)) {
        return fallback;
    }
    const GgufNumbers& number = numbersOf(key, false, "true or false");
    if (number.type != GgufValueType::boolean) {
        fail(key, "true or false", "a number");
    }
    return valueAt(number, 0) != 0;
}

const std::vector<std::string>& GgufMetadata::strings(const std::string& key) const {
    const Entry& entry = at(key, "an array of texts");
    const auto* texts = std::get_if<std::vector<std::string>>(&entry.value);
    if (texts == nullptr) {
        fail(key, "an array of texts", kindOf(entry));
    }
    return *texts;
}

std::vector<std::int64_t> GgufMetadata::integers(const std::string& key) const {
    const GgufNumbers& stored = numbersOf(key, true, "an array of whole numbers");
    std::vector<std::int64_t> values(countOf(stored));
    for (std::size_t i = 0; i < values.size(); ++i) {
        const auto value = wholeAt(stored, i);
        if (!value) {
            fail(fmt::format("{}[{}]", key, i), "a whole number", fmt::format("{}", valueAt(stored, i)));
        }
        values[i] = *value;
    }
    return values;
}

std::vector<double> GgufMetadata::numbers(const std::string& key) const {
    const GgufNumbers& stored = numbersOf(key, true, "an array of numbers");
    std::vector<double> values(countOf(stored));
    for (std::size_t i = 0; i < values.size(); ++i) {
        values[i] = valueAt(stored, i);
    }
    return values;
}

bool GgufMetadata::isArray(const std::string& key) const {
    const auto found = entries_.find(key);
    return found != entries_.end() && found->second.isArray;
}

} // namespace planish
