// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace planish {

/// Types of values in the metadata of a GGUF file, with their numbers there.
enum class GgufValueType : std::uint32_t {
    uint8 = 0,
    int8 = 1,
    uint16 = 2,
    int16 = 3,
    uint32 = 4,
    int32 = 5,
    float32 = 6,
    boolean = 7,
    string = 8,
    array = 9,
    uint64 = 10,
    int64 = 11,
    float64 = 12,
};

/// Bytes of a number or truth value; 0 for strings, arrays and what is no type.
std::size_t ggufValueBytes(GgufValueType type);

/// Numbers of one type after one another, as they are in the file.
struct GgufNumbers {
    GgufValueType type = GgufValueType::uint8;
    std::string bytes; ///< little-endian
};

/// The metadata of a GGUF file. Each access checks kind and range of a value; what is wrong becomes an
/// InputError naming file, key, expected and found.
class GgufMetadata {
  public:
    using Value =
        std::variant<GgufNumbers, std::string, std::vector<std::string>>; ///< a number is one number
    struct Entry {
        bool isArray = false;
        Value value;
    };

    explicit GgufMetadata(std::string source) : source_(std::move(source)) {}
    /// False when there is one of this key already.
    bool add(std::string key, Entry entry) {
        return entries_.emplace(std::move(key), std::move(entry)).second;
    }

    const std::string& source() const { return source_; }
    bool has(const std::string& key) const { return entries_.contains(key); }
    const std::unordered_map<std::string, Entry>& entries() const { return entries_; }

    const std::string& string(const std::string& key) const;
    /// A whole number in [minimum, maximum].
    std::int64_t integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const;
    double number(const std::string& key) const;
    bool boolean(const std::string& key, bool fallback) const;
    /// The elements of an array.
    const std::vector<std::string>& strings(const std::string& key) const;
    std::vector<std::int64_t> integers(const std::string& key) const;
    std::vector<double> numbers(const std::string& key) const;
    bool isArray(const std::string& key) const;

  private:
    const Entry& at(const std::string& key, std::string_view expected) const;
    const GgufNumbers& numbersOf(const std::string& key, bool array, std::string_view expected) const;
    [[noreturn]] void fail(const std::string& key, std::string_view expected, std::string_view found) const;

    std::string source_;
    std::unordered_map<std::string, Entry> entries_;
};

} // namespace planish
