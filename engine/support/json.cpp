// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/json.h"

#include "support/file.h"
#include "support/text.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <vector>

namespace planish {
namespace {

// Bounds the memory a small hostile file can ask for; the largest tokenizers hold about two million values.
constexpr std::size_t mostValues = 10'000'000;

/// Place and reason, of "[json.exception.parse_error.101] parse error at line 1, column 1: syntax error while
/// parsing value - invalid literal; last read: 'h'".
std::string readable(std::string_view message) {
    const std::size_t line = message.find("line ");
    const std::size_t colon = message.find(": ", line);
    const std::size_t dash = message.find(" - ", colon);
    if (line == std::string_view::npos || colon == std::string_view::npos || dash == std::string_view::npos) {
        return std::string(message);
    }
    return fmt::format("{}: {}", message.substr(line, colon - line), message.substr(dash + 3));
}

/// Builds the document while refusing what nlohmann's own parser lets pass. Its own builder looks every key
/// of an ordered object up before adding it, which takes minutes for a vocabulary; this one appends.
class StrictHandler {
  public:
    StrictHandler(std::string_view source, int maximumDepth) : source_(source), maximumDepth_(maximumDepth) {}

    Json take() { return std::move(root_); }

    bool null() { return add(nullptr); }
    bool boolean(bool value) { return add(value); }
    bool number_integer(std::int64_t value) { return add(value); }
    bool number_unsigned(std::uint64_t value) { return add(value); }
    bool number_float(double value, const std::string&) { return add(value); }
    bool string(std::string& value) { return add(std::move(value)); }
    bool binary(Json::binary_t& value) { return add(std::move(value)); }

    bool start_object(std::size_t) {
        enter(Json::object());
        keys_.emplace_back();
        return true;
    }
    bool end_object() {
        open_.pop_back();
        keys_.pop_back();
        return true;
    }
    bool start_array(std::size_t) {
        enter(Json::array());
        return true;
    }
    bool end_array() {
        open_.pop_back();
        return true;
    }
    bool key(std::string& name) {
        if (!keys_.back().insert(name).second) {
            throw InputError(source_, name, "each key once", "a duplicate");
        }
        key_ = std::move(name);
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        throw InputError(source_, fmt::format("byte {}", position), "valid JSON", readable(error.what()));
    }

  private:
    bool add(Json value) {
        place(std::move(value));
        return true;
    }

    void enter(Json container) {
        if (open_.size() >= static_cast<std::size_t>(maximumDepth_)) {
            throw InputError(source_, "nesting", fmt::format("at most {} levels", maximumDepth_), "more");
        }
        open_.push_back(&place(std::move(container)));
    }

    /// Puts the value where the parser is. The address stays valid while the value is open, as nothing is
    /// added to the container around it meanwhile.
    Json& place(Json value) {
        if (++count_ > mostValues) {
            throw InputError(source_, "document", fmt::format("at most {} values", mostValues), "more");
        }
        if (open_.empty()) {
            return root_ = std::move(value);
        }
        if (open_.back()->is_array()) {
            auto& items = open_.back()->get_ref<Json::array_t&>();
            return items.emplace_back(std::move(value));
        }
        Json::object_t::Container& members = open_.back()->get_ref<Json::object_t&>();
        return members.emplace_back(std::move(key_), std::move(value)).second;
    }

    std::string source_;
    int maximumDepth_;
    Json root_;
    std::vector<Json*> open_;
    std::vector<std::set<std::string>> keys_;
    std::string key_;
    std::size_t count_ = 0;
};

std::string describe(const Json& value) {
    if (value.is_object()) {
        return "an object";
    }
    if (value.is_array()) {
        return fmt::format("an array of {}", value.size());
    }
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

} // namespace

Json parseJson(std::string_view text, std::string_view source, int maximumDepth) {
    if (!isUtf8(text)) {
        throw InputError(source, "text", "UTF-8", "other bytes");
    }
    StrictHandler handler(source, maximumDepth);
    if (!Json::sax_parse(text.begin(), text.end(), &handler)) {
        throw InputError(source, "text", "valid JSON", "something else");
    }
    return handler.take();
}

Json parseJsonFile(const std::string& path, std::uint64_t limit, int maximumDepth) {
    return parseJson(readWholeFile(path, limit), path, maximumDepth);
}

JsonObject::JsonObject(const Json& value, std::string source, std::string path)
    : value_(&value), source_(std::move(source)), path_(std::move(path)) {
    if (!value.is_object()) {
        throw InputError(source_, path_.empty() ? "document" : path_, "a JSON object", describe(value));
    }
}

std::string JsonObject::fieldPath(const std::string& key) const {
    return path_.empty() ? key : path_ + "." + key;
}

void JsonObject::fail(const std::string& key, std::string_view expected, const Json& found) const {
    throw InputError(source_, fieldPath(key), expected, describe(found));
}

const Json* JsonObject::find(const std::string& key) const {
    const auto it = value_->find(key);
    return it == value_->end() || it->is_null() ? nullptr : &*it;
}

bool JsonObject::has(const std::string& key) const {
    return find(key) != nullptr;
}

const Json& JsonObject::at(const std::string& key) const {
    const Json* value = find(key);
    if (value == nullptr) {
        throw InputError(source_, fieldPath(key), "a value", "nothing");
    }
    return *value;
}

JsonObject JsonObject::object(const std::string& key) const {
    return {at(key), source_, fieldPath(key)};
}

const Json& JsonObject::array(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_array()) {
        fail(key, "an array", value);
    }
    return value;
}

std::string JsonObject::string(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_string()) {
        fail(key, "a string", value);
    }
    return value.get<std::string>();
}

bool JsonObject::boolean(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_boolean()) {
        fail(key, "true or false", value);
    }
    return value.get<bool>();
}

double JsonObject::number(const std::string& key) const {
    const Json& value = at(key);
    if (!value.is_number() || !std::isfinite(value.get<double>())) {
        fail(key, "a finite number", value);
    }
    return value.get<double>();
}

std::int64_t JsonObject::integer(const std::string& key, std::int64_t minimum, std::int64_t maximum) const {
    const Json& value = at(key);
    const bool whole = value.is_number_unsigned()
                           ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(INT64_MAX)
                           : value.is_number_integer();
    if (!whole || value.get<std::int64_t>() < minimum || value.get<std::int64_t>() > maximum) {
        fail(key, fmt::format("a whole number from {} to {}", minimum, maximum), value);
    }
    return value.get<std::int64_t>();
}

std::string JsonObject::string(const std::string& key, const std::string& fallback) const {
    return has(key) ? string(key) : fallback;
}

bool JsonObject::boolean(const std::string& key, bool fallback) const {
    return has(key) ? boolean(key) : fallback;
}

double JsonObject::number(const std::string& key, double fallback) const {
    return has(key) ? number(key) : fallback;
}

std::int64_t JsonObject::integer(const std::string& key, std::int64_t minimum, std::int64_t maximum,
                                 std::int64_t fallback) const {
    return has(key) ? integer(key, minimum, maximum) : fallback;
}

void JsonObject::allowOnly(std::initializer_list<const char*> keys) const {
    const std::vector<std::string> allowed(keys.begin(), keys.end());
    for (const auto& item : value_->items()) {
        if (std::find(allowed.begin(), allowed.end(), item.key()) == allowed.end()) {
            const auto hints = nearest(item.key(), allowed);
            throw InputError(
                source_, fieldPath(item.key()), fmt::format("one of {}", fmt::join(allowed, ", ")),
                hints.empty() ? "an unknown key" : "an unknown key; did you mean " + hints.front());
        }
    }
}

} // namespace planish
