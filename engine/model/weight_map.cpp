// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/weight_map.h"

#include "support/file.h"
#include "support/json.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::uint64_t largestIndex = 100'000'000;
constexpr std::size_t mostTensors = 1'000'000;
constexpr std::size_t deepestNesting = 8;

/// Collects the strings of the top-level object "weight_map" and passes over everything else.
class WeightMapHandler {
  public:
    explicit WeightMapHandler(const std::string& source) : source_(source) {}

    std::vector<std::pair<std::string, std::string>> take() {
        if (!found_) {
            throw InputError(source_, "weight_map", "an object", "nothing");
        }
        return std::move(map_);
    }

    bool null() { return value("null"); }
    bool boolean(bool) { return value("true or false"); }
    bool number_integer(std::int64_t) { return value("a number"); }
    bool number_unsigned(std::uint64_t) { return value("a number"); }
    bool number_float(double, const std::string&) { return value("a number"); }
    bool binary(std::vector<std::uint8_t>&) { return value("binary data"); }
    bool string(std::string& text) {
        if (!inMap_) {
            return value("a string");
        }
        map_.back().second = std::move(text);
        return true;
    }

    bool start_object(std::size_t) {
        if (depth_ == 1 && key_ == mapKey) {
            if (std::exchange(found_, true)) {
                throw InputError(source_, std::string(mapKey), "each key once", "a duplicate");
            }
            inMap_ = true;
            return enter();
        }
        if (depth_ > 0) {
            value("an object");
        }
        return enter();
    }
    bool end_object() {
        inMap_ = false;
        --depth_;
        return true;
    }
    bool start_array(std::size_t) {
        value("an array");
        return enter();
    }
    bool end_array() {
        --depth_;
        return true;
    }
    bool key(std::string& name) {
        if (inMap_) {
            if (map_.size() == mostTensors) {
                throw InputError(source_, std::string(mapKey), fmt::format("at most {} tensors", mostTensors),
                                 "more");
            }
            map_.emplace_back(std::move(name), "");
        } else if (depth_ == 1) {
            key_ = std::move(name);
        }
        return true;
    }
    bool parse_error(std::size_t position, const std::string&, const nlohmann::detail::exception& error) {
        throw InputError(source_, fmt::format("byte {}", position), "valid JSON", error.what());
    }

  private:
    static constexpr std::string_view mapKey = "weight_map";

    bool enter() {
        if (++depth_ > deepestNesting) {
            throw InputError(source_, "nesting", fmt::format("at most {} levels", deepestNesting), "more");
        }
        return true;
    }

    /// Anything but the map itself and the strings in it: fine unless it stands in the place of one of them.
    bool value(std::string_view found) {
        if (depth_ == 0) {
            throw InputError(source_, "document", "an object", found);
        }
        if (inMap_) {
            throw InputError(source_, fmt::format("{}.{}", mapKey, map_.back().first), "a file name", found);
        }
        if (depth_ == 1 && key_ == mapKey) {
            throw InputError(source_, std::string(mapKey), "an object", found);
        }
        return true;
    }

    const std::string& source_;
    std::vector<std::pair<std::string, std::string>> map_;
    std::string key_; ///< the last key of the document itself
    std::size_t depth_ = 0;
    bool inMap_ = false;
    bool found_ = false;
};

} // namespace

std::vector<std::pair<std::string, std::string>> readWeightMap(const std::string& path) {
    const std::string text = readWholeFile(path, largestIndex);
    if (!isUtf8(text)) {
        throw InputError(path, "text", "UTF-8", "other bytes");
    }
    WeightMapHandler handler(path);
    Json::sax_parse(text, &handler);
    auto map = handler.take();
    std::sort(map.begin(), map.end());
    const auto twice = std::adjacent_find(map.begin(), map.end(),
                                          [](const auto& a, const auto& b) { return a.first == b.first; });
    if (twice != map.end()) {
        throw InputError(path, "weight_map." + twice->first, "each tensor once", "a duplicate");
    }
    return map;
}

} // namespace planish
