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

/// Builds the document while refusing what nlohmann's own parser lets pass.
class StrictHandler : public nlohmann::detail::json_sax_dom_parser<Json> {
    using Base = nlohmann::detail::json_sax_dom_parser<Json>;

  public:
    StrictHandler(Json& result, std::string_view source, int maximumDepth)
        : Base(result, false), source_(source), maximumDepth_(maximumDepth) {}

    bool start_object(std::size_t size) {
        deeper();
        keys_.emplace_back();
        return Base::start_object(size);
    }
    bool end_object() {
        --depth_;
        keys_.pop_back();
        return Base::end_object();
    }
    bool start_array(std::size_t size) {
        deeper();
        return Base::start_array(size);
    }
    bool end_array() {
        --depth_;
        return Base::end_array();
    }
    bool key(std::string& name) {
        if (!keys_.back().insert(name).second) {
            throw InputError(source_, name, "each key once", "a duplicate");
        }
        return Base::key(name);
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        throw InputError(source_, fmt::format("byte {}", position), "valid JSON", error.what());
    }

  private:
    void deeper() {
        if (++depth_ > maximumDepth_) {
            throw InputError(source_, "nesting", fmt::format("at most {} levels", maximumDepth_), "more");
        }
    }

    std::string source_;
    int maximumDepth_;
    int depth_ = 0;
    std::vector<std::set<std::string>> keys_;
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
    Json result;
    StrictHandler handler(result, source, maximumDepth);
    if (!Json::sax_parse(text.begin(), text.end(), &handler)) {
        throw InputError(source, "text", "valid JSON", "something else");
    }
    return result;
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
