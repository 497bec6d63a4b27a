// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "recipe/rule_match.h"
#include "recipe/tensor_kind.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace planish {
namespace {

using Indices = std::vector<std::size_t>;

/// Grows a recipe from coarse rules to fine ones. A coarse rule is taken when it settles more tensors than
/// it upsets by at least two, as each tensor left over costs one rule of its own.
class RecipeBuilder {
  public:
    RecipeBuilder(std::span<const Codec> codecs, std::span<const TensorInfo> tensors, bool tiedEmbedding)
        : tensors_(tensors), tied_(tiedEmbedding) {
        for (const Codec& codec : codecs) {
            wanted_.push_back(codec.name());
        }
        recipe_.defaultCodec = commonest(outside(), "bf16");
        const bool isFloat = Codec::parse(recipe_.defaultCodec).isFloat();
        for (const TensorInfo& tensor : tensors_) {
            const bool keep = isVector(tensor) && !isFloat;
            present_.push_back(keep ? exactCodec(tensor) : recipe_.defaultCodec);
        }
    }

    void addRoles() {
        // With a tied embedding "head" means it too, so the narrower word comes later and wins.
        for (const char* role : {"attention", "mlp", "head", "embedding", "norm", "bias", "q", "k", "v",
                                 "qkv", "o", "gate", "up", "gate_up", "down"}) {
            const Indices matched = matching(role);
            const bool named = std::any_of(matched.begin(), matched.end(), [&](std::size_t i) {
                return roleName(tensors_[i].role) == role || roleGroup(tensors_[i].role) == role;
            });
            if (named) {
                offer(role, matched, commonest(matched, ""));
            }
        }
    }

    /// A run of blocks that want the same codec is one rule.
    void addBlocks() {
        std::vector<std::string> codecs = codecsOfBlocks();
        for (std::size_t first = 0; first < codecs.size();) {
            std::size_t last = first;
            while (!codecs[first].empty() && last + 1 < codecs.size() && codecs[last + 1] == codecs[first]) {
                ++last;
            }
            const std::string rule = layersRule(first, last);
            if (const Indices matched = matching(rule); !matched.empty() && !codecs[first].empty()) {
                offer(rule, matched, codecs[first]);
            }
            first = last + 1;
        }
    }

    void addTensors() {
        for (std::size_t i = 0; i < wanted_.size(); ++i) {
            if (present_[i] != wanted_[i]) {
                take(tensors_[i].name, {i}, wanted_[i]);
            }
        }
    }

    Recipe result() && {
        const Indices linears = decoder();
        const std::string common = commonest(linears, recipe_.defaultCodec);
        const bool uniform = std::all_of(linears.begin(), linears.end(),
                                         [&](std::size_t i) { return wanted_[i] == asStored(common, i); });
        recipe_.name = uniform ? common : "mixed";
        return std::move(recipe_);
    }

  private:
    static std::string layersRule(std::size_t first, std::size_t last) {
        return first == last ? fmt::format("layers({})", first) : fmt::format("layers({}-{})", first, last);
    }

    /// The codec that most tensors of each block want, empty where one codec for all would upset more tensors
    /// than it settles.
    std::vector<std::string> codecsOfBlocks() const {
        int blocks = 0;
        for (const TensorInfo& tensor : tensors_) {
            blocks = std::max(blocks, tensor.block + 1);
        }
        std::vector<std::string> codecs(static_cast<std::size_t>(blocks));
        for (std::size_t block = 0; block < codecs.size(); ++block) {
            const Indices matched = matching(layersRule(block, block));
            const std::string codec = commonest(matched, "");
            codecs[block] = settledBy(matched, codec) < 0 ? "" : codec;
        }
        return codecs;
    }

    /// By how many the tensors with the codec they want grow when all of these get `codec`.
    std::ptrdiff_t settledBy(const Indices& matched, const std::string& codec) const {
        std::ptrdiff_t settled = 0;
        for (const std::size_t i : matched) {
            settled += (wanted_[i] == asStored(codec, i) ? 1 : 0) - (present_[i] == wanted_[i] ? 1 : 0);
        }
        return settled;
    }

    /// What a tensor has under a rule with this codec.
    const std::string& asStored(const std::string& codec, std::size_t index) const {
        auto [stored, isNew] = stored_.try_emplace({codec, tensors_[index].role});
        if (isNew) {
            stored->second = codecFor(Codec::parse(codec), tensors_[index]).name();
        }
        return stored->second;
    }

    Indices matching(const std::string& rule) const {
        const RuleMatch match(rule, "recipe", "match");
        return select([&](const TensorInfo& tensor) { return match.matches(tensor, tied_); });
    }

    Indices decoder() const {
        return select([](const TensorInfo& tensor) { return isDecoderLinear(tensor.role); });
    }

    Indices outside() const {
        return select([](const TensorInfo& tensor) { return !isDecoderLinear(tensor.role); });
    }

    template <typename Condition>
    Indices select(const Condition& condition) const {
        Indices indices;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (condition(tensors_[i])) {
                indices.push_back(i);
            }
        }
        return indices;
    }

    /// The codec most of these want; the alphabetically first of equals, so that the result is reproducible.
    std::string commonest(const Indices& indices, std::string fallback) const {
        std::map<std::string, std::size_t> counts;
        for (const std::size_t i : indices) {
            ++counts[wanted_[i]];
        }
        std::size_t most = 0;
        for (const auto& [codec, count] : counts) {
            if (count > most) {
                most = count;
                fallback = codec;
            }
        }
        return fallback;
    }

    void offer(const std::string& rule, const Indices& matched, const std::string& codec) {
        const std::ptrdiff_t settled = settledBy(matched, codec);
        const bool all = std::all_of(matched.begin(), matched.end(),
                                     [&](std::size_t i) { return wanted_[i] == asStored(codec, i); });
        // A single tensor of a role reads better by its role than by its name.
        if (settled >= 2 || (settled == 1 && all)) {
            take(rule, matched, codec);
        }
    }

    void take(const std::string& rule, const Indices& matched, const std::string& codec) {
        recipe_.rules.push_back({rule, codec});
        for (const std::size_t i : matched) {
            present_[i] = asStored(codec, i);
        }
    }

    std::span<const TensorInfo> tensors_;
    bool tied_;
    std::vector<std::string> wanted_;
    std::vector<std::string> present_;                                   ///< under the rules so far
    mutable std::map<std::pair<std::string, Role>, std::string> stored_; ///< asStored(), known so far
    Recipe recipe_;
};

} // namespace

Recipe recipeFor(std::span<const Codec> codecs, std::span<const TensorInfo> tensors, bool tiedEmbedding) {
    if (codecs.size() != tensors.size()) {
        throw Error("a recipe needs one codec a tensor");
    }
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (isVector(tensors[i]) && !codecs[i].isFloat()) {
            throw Error(fmt::format("{}: norms and biases are stored in float formats only, not {}",
                                    tensors[i].name, codecs[i].name()));
        }
    }
    RecipeBuilder builder(codecs, tensors, tiedEmbedding);
    builder.addRoles();
    builder.addBlocks();
    builder.addTensors();
    return std::move(builder).result();
}

} // namespace planish
