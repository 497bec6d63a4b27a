// SPDX-License-Identifier: GPL-3.0-or-later
#include "tokenizer/post_processor.h"

#include <fmt/format.h>

namespace planish {
namespace {

constexpr int deepestSequence = 4;
constexpr std::size_t mostTokens = 1000;

class Reader {
  public:
    explicit Reader(std::size_t vocabularySize) : largestId_(static_cast<std::int64_t>(vocabularySize) - 1) {}

    PostProcessor take() { return std::move(result_); }

    void read(const JsonObject& json, int depth) {
        const std::string type = json.string("type");
        if (type == "Sequence" && depth < deepestSequence) {
            const Json& items = json.array("processors");
            for (std::size_t i = 0; i < items.size(); ++i) {
                const std::string path = fmt::format("{}[{}]", json.fieldPath("processors"), i);
                read(JsonObject(items[i], json.source(), path), depth + 1);
            }
        } else if (type == "TemplateProcessing") {
            readTemplate(json);
        } else if (type != "ByteLevel") {
            throw InputError(json.source(), json.fieldPath("type"),
                             "TemplateProcessing, ByteLevel or Sequence", type);
        }
    }

  private:
    void readTemplate(const JsonObject& json) {
        const Json& items = json.array("single");
        std::vector<TokenId> before;
        std::vector<TokenId> after;
        bool seenText = false;
        for (std::size_t i = 0; i < items.size(); ++i) {
            const JsonObject item(items[i], json.source(),
                                  fmt::format("{}[{}]", json.fieldPath("single"), i));
            if (item.has("SpecialToken")) {
                addToken(json, item.object("SpecialToken").string("id"), seenText ? after : before);
            } else if (item.has("Sequence") && item.object("Sequence").string("id") == "A" && !seenText) {
                seenText = true;
            } else {
                throw InputError(json.source(), item.fieldPath("Sequence"),
                                 "special tokens around one sequence A", items[i].dump());
            }
        }
        if (!seenText) {
            throw InputError(json.source(), json.fieldPath("single"), "the sequence A", "none");
        }
        result_.before.insert(result_.before.begin(), before.begin(), before.end());
        result_.after.insert(result_.after.end(), after.begin(), after.end());
    }

    void addToken(const JsonObject& json, const std::string& name, std::vector<TokenId>& tokens) const {
        const JsonObject special = json.object("special_tokens").object(name);
        const Json& ids = special.array("ids");
        for (const Json& id : ids) {
            const Json single{{"ids", id}};
            const JsonObject checked(single, json.source(), json.fieldPath("special_tokens") + "." + name);
            tokens.push_back(static_cast<TokenId>(checked.integer("ids", 0, largestId_)));
        }
        if (tokens.size() > mostTokens) {
            throw InputError(json.source(), json.fieldPath("single"),
                             fmt::format("at most {} tokens", mostTokens), "more");
        }
    }

    std::int64_t largestId_;
    PostProcessor result_;
};

} // namespace

PostProcessor readPostProcessor(const TokenizerFile& file, std::size_t vocabularySize) {
    const JsonObject document(file.settings, file.path);
    Reader reader(vocabularySize);
    if (document.has("post_processor")) {
        reader.read(document.object("post_processor"), 0);
    }
    return reader.take();
}

} // namespace planish
