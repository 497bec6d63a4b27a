// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/block_attention.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::int64_t largestWindow = 1 << 30;
constexpr std::int64_t largestPattern = 1 << 20;

class Reader {
  public:
    Reader(const Json& document, const JsonObject& json, const ModelFamily& family, std::size_t blocks)
        : document_(document), json_(json), family_(family), result_(blocks) {}

    std::vector<BlockAttention> read() && {
        if (family_.unrotatedBlocks) {
            readUnrotated();
        }
        if (json_.has("layer_types")) {
            readLayerTypes();
        } else {
            applyRule();
        }
        const bool plain = std::all_of(result_.begin(), result_.end(), [](const BlockAttention& attention) {
            return attention == BlockAttention{};
        });
        return plain ? std::vector<BlockAttention>{} : std::move(result_);
    }

  private:
    const Json& list(const char* key) const {
        const Json& all = json_.array(key);
        if (all.size() != result_.size()) {
            throw InputError(json_.source(), json_.fieldPath(key),
                             fmt::format("{} of them, one for each block", result_.size()),
                             fmt::format("{}", all.size()));
        }
        return all;
    }

    [[noreturn]] void refuse(const char* key, std::size_t index, std::string_view expected,
                             const Json& found) const {
        throw InputError(json_.source(), fmt::format("{}[{}]", key, index), expected,
                         found.dump(-1, ' ', false, Json::error_handler_t::replace));
    }

    void readUnrotated() {
        constexpr const char* key = "no_rope_layers";
        const auto interval =
            static_cast<std::size_t>(json_.integer("no_rope_layer_interval", 1, largestPattern, 4));
        const Json* given = json_.has(key) ? &list(key) : nullptr;
        for (std::size_t i = 0; i < result_.size(); ++i) {
            if (given != nullptr && (*given)[i] != 0 && (*given)[i] != 1) {
                refuse(key, i, "1 (a block with rotary embedding) or 0", (*given)[i]);
            }
            result_[i].rotated = given != nullptr ? (*given)[i] == 1 : (i + 1) % interval != 0;
        }
    }

    /// Tokens of a window; 0 where there is none.
    std::size_t window() const {
        constexpr const char* key = "sliding_window";
        const bool usual = family_.windows == WindowRule::every || family_.windows == WindowRule::pattern;
        const bool isNull = document_.contains(key) && document_[key].is_null();
        if (isNull || !json_.boolean("use_sliding_window", usual)) {
            return 0;
        }
        return json_.has(key) ? static_cast<std::size_t>(json_.integer(key, 1, largestWindow))
                              : family_.window;
    }

    void readLayerTypes() {
        constexpr const char* key = "layer_types";
        const Json& types = list(key);
        for (std::size_t i = 0; i < types.size(); ++i) {
            if (types[i] == "full_attention") {
                continue;
            }
            if (types[i] != "sliding_attention" || family_.windows == WindowRule::none) {
                refuse(key, i,
                       family_.windows == WindowRule::none ? "full_attention"
                                                           : "full_attention or sliding_attention",
                       types[i]);
            }
            result_[i].window = window();
            if (result_[i].window == 0) {
                throw InputError(
                    json_.source(), "sliding_window",
                    fmt::format("the tokens that blocks with {} see", types[i].get<std::string>()), "none");
            }
        }
    }

    void applyRule() {
        if (family_.windows == WindowRule::none) {
            if (json_.has("sliding_window") && json_.boolean("use_sliding_window", true)) {
                throw InputError(json_.source(), "sliding_window",
                                 fmt::format("null for {}", family_.architecture), "a window");
            }
            return;
        }
        const std::size_t tokens = window();
        if (tokens == 0) {
            return;
        }
        const std::size_t pattern = windowPattern();
        const auto first =
            static_cast<std::size_t>(family_.windows == WindowRule::upperBlocks
                                         ? json_.integer("max_window_layers", 0, largestPattern, 28)
                                         : 0);
        for (std::size_t i = first; i < result_.size(); ++i) {
            const bool whole = family_.windows == WindowRule::pattern         ? (i + 1) % pattern == 0
                               : family_.windows == WindowRule::unrotatedOnly ? result_[i].rotated
                                                                              : false;
            result_[i].window = whole ? 0 : tokens;
        }
    }

    std::size_t windowPattern() const {
        const char* key =
            json_.has("_sliding_window_pattern") ? "_sliding_window_pattern" : "sliding_window_pattern";
        return static_cast<std::size_t>(
            json_.integer(key, 1, largestPattern,
                          static_cast<std::int64_t>(std::max<std::size_t>(1, family_.windowPattern))));
    }

    const Json& document_;
    const JsonObject& json_;
    const ModelFamily& family_;
    std::vector<BlockAttention> result_;
};

} // namespace

std::vector<BlockAttention> readBlockAttention(const Json& document, const JsonObject& json,
                                               const ModelFamily& family, std::size_t blocks) {
    return Reader(document, json, family, blocks).read();
}

} // namespace planish
