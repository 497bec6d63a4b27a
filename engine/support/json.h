// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <nlohmann/json.hpp>

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace planish {

/// Objects keep the order of their keys, so that what people wrote is written back in their order.
using Json = nlohmann::ordered_json;

/// Parses hostile JSON: UTF-8 only, no duplicate keys, no nesting deeper than `maximumDepth`, no comments.
/// Throws InputError naming `source` and the position or key.
Json parseJson(std::string_view text, std::string_view source, int maximumDepth = 32);

/// parseJson of a file of at most `limit` bytes.
Json parseJsonFile(const std::string& path, std::uint64_t limit, int maximumDepth = 32);

/// Reads the fields of one JSON object with the checks and messages all our files need: every mistake becomes
/// an InputError naming the file, the path of the field, what was expected and what was found.
class JsonObject {
  public:
    /// `value` must outlive this; throws when it is no object. `path` is "" for the document itself.
    JsonObject(const Json& value, std::string source, std::string path = "");

    bool has(const std::string& key) const;
    const Json& at(const std::string& key) const;
    JsonObject object(const std::string& key) const;
    const Json& array(const std::string& key) const;

    std::string string(const std::string& key) const;
    bool boolean(const std::string& key) const;
    double number(const std::string& key) const;
    /// A whole number in [minimum, maximum].
    std::int64_t integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const;

    std::string string(const std::string& key, const std::string& fallback) const;
    bool boolean(const std::string& key, bool fallback) const;
    double number(const std::string& key, double fallback) const;
    std::int64_t integer(const std::string& key, std::int64_t minimum, std::int64_t maximum,
                         std::int64_t fallback) const;

    /// Throws when the object has a key that is not listed, with the nearest listed ones as a hint.
    void allowOnly(std::initializer_list<const char*> keys) const;

    const std::string& source() const { return source_; }
    /// The path of a field for messages, such as "rules[2].match".
    std::string fieldPath(const std::string& key) const;

  private:
    [[noreturn]] void fail(const std::string& key, std::string_view expected, const Json& found) const;
    /// Null when absent or JSON null: both mean "not given" in the files of this field.
    const Json* find(const std::string& key) const;

    const Json* value_;
    std::string source_;
    std::string path_;
};

} // namespace planish
