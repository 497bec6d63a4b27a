// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "recipe/rule_match.h"
#include "recipe/tensor_kind.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace planish {
namespace {

/// What a match that meets no tensor might have meant.
std::string hint(const std::string& match, std::span<const TensorInfo> tensors) {
    int blocks = 0;
    std::vector<std::string> words = roleWords();
    for (const TensorInfo& tensor : tensors) {
        blocks = std::max(blocks, tensor.block + 1);
        words.push_back(tensor.name);
    }
    if (match.starts_with("layers(")) {
        return fmt::format("; the model has blocks 0 to {}", blocks - 1);
    }
    const auto near = nearest(match, words);
    return near.empty() ? std::string() : fmt::format("; did you mean {}?", fmt::join(near, ", "));
}

/// Whether the inputs of a tensor come from a norm, which can be made to scale them.
bool readsNorm(const TensorInfo& tensor) {
    return tensor.readsNorm && tensor.role != Role::output && tensor.role != Role::down &&
           tensor.role != Role::embedding;
}

class Resolver {
  public:
    Resolver(const Recipe& recipe, std::span<const TensorInfo> tensors, bool tiedEmbedding)
        : tensors_(tensors), tied_(tiedEmbedding), source_(fmt::format("recipe \"{}\"", recipe.name)) {
        const Codec common = Codec::parse(recipe.defaultCodec);
        for (const TensorInfo& tensor : tensors) {
            const bool keep = isVector(tensor) && !common.isFloat();
            codecs_.push_back(keep ? Codec::parse(exactCodec(tensor)) : common);
        }
    }

    void apply(const RecipeRule& rule, std::size_t index) {
        const std::string field = fmt::format("rules[{}]", index);
        const RuleMatch match(rule.match, source_, field + ".match");
        const Codec codec = Codec::parse(rule.codec);
        bool applied = false;
        const TensorInfo* refused = nullptr;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (!match.matches(tensors_[i], tied_)) {
                continue;
            }
            if (isVector(tensors_[i]) && !codec.isFloat()) {
                refused = &tensors_[i];
                continue;
            }
            codecs_[i] = codec;
            applied = true;
        }
        if (refused != nullptr && (match.meansVectors() || !applied)) {
            throw InputError(source_, field + ".codec",
                             fmt::format("fp32, bf16 or fp16 for \"{}\", which matches norms or biases (such "
                                         "as {}): they are stored in float formats only",
                                         rule.match, refused->name),
                             codec.name());
        }
        if (!applied) {
            throw InputError(source_, field + ".match",
                             "a role, tensor name, glob or layers(A-B) that matches a tensor of this model",
                             fmt::format("\"{}\"{}", printable(rule.match), hint(rule.match, tensors_)));
        }
    }

    /// What the place of a tensor in the network rules out.
    std::vector<Codec> result() && {
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            if (tensors_[i].role == Role::embedding && codecs_[i].calibration() == CalibrationUse::required) {
                throw InputError(source_, "codec of " + tensors_[i].name,
                                 "one that needs no statistics: what an embedding reads are token ids",
                                 codecs_[i].name());
            }
            codecs_[i] = codecFor(codecs_[i], tensors_[i]);
        }
        return std::move(codecs_);
    }

  private:
    std::span<const TensorInfo> tensors_;
    bool tied_;
    std::string source_;
    std::vector<Codec> codecs_;
};

} // namespace

Codec codecFor(const Codec& codec, const TensorInfo& tensor) {
    return codec.demands().scaledInputs && !readsNorm(tensor) ? codec.withOwnScales() : codec;
}

std::vector<Codec> resolve(const Recipe& recipe, std::span<const TensorInfo> tensors, bool tiedEmbedding) {
    Resolver resolver(recipe, tensors, tiedEmbedding);
    for (std::size_t i = 0; i < recipe.rules.size(); ++i) {
        resolver.apply(recipe.rules[i], i);
    }
    return std::move(resolver).result();
}

} // namespace planish
