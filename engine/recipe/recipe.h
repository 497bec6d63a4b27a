// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "model/tensor_info.h"
#include "support/json.h"

#include <span>
#include <string>
#include <vector>

namespace planish {

/// "Tensors that match … are stored with this codec."
struct RecipeRule {
    std::string
        match; ///< a role, a tensor name, a glob over tensor names, or "layers(A-B)" (both ends included)
    std::string codec; ///< canonical codec string

    bool operator==(const RecipeRule&) const = default;
};

/// The assignment tensor → codec for a whole model, as rules (interfaces: planish.recipe/1). A later rule
/// wins.
struct Recipe {
    std::string name;
    std::string defaultCodec = "bf16"; ///< for tensors no rule matches
    std::vector<RecipeRule> rules;

    bool operator==(const Recipe&) const = default;

    /// All decoder linears in one codec, everything else in bf16; the name is the codec's.
    static Recipe uniform(std::string_view codec);
    /// Throws InputError naming `source` and the field; unknown keys are refused, codec strings checked and
    /// made canonical.
    static Recipe fromJson(const Json& document, const std::string& source);
    static Recipe fromFile(const std::string& path);
    Json toJson() const;
};

/// The codec of each tensor, in the order of `tensors`. Norms and biases are only ever stored in float
/// codecs: a rule that would give one another codec throws; a non-float default leaves them in the type the
/// model file has. Scales to be folded into a norm (+awq:folded) are stored by the tensors that read no norm,
/// o and down. A tied embedding answers to both roles `embedding` and `head`. Throws InputError for a rule
/// that matches no tensor, with near matches.
std::vector<Codec> resolve(const Recipe& recipe, std::span<const TensorInfo> tensors, bool tiedEmbedding);

/// What resolve() makes of a codec for a tensor that is to be stored in it: the codec, or the one that stores
/// its scales itself.
Codec codecFor(const Codec& codec, const TensorInfo& tensor);

/// The shortest recipe that resolves to `codecs`: one rule a role where a role agrees, then per block, then
/// per tensor.
Recipe recipeFor(std::span<const Codec> codecs, std::span<const TensorInfo> tensors, bool tiedEmbedding);

/// Exact packed size of a model under a recipe, before anything is encoded.
struct RecipeSize {
    std::uint64_t decoderBytes = 0; ///< packed bytes of the decoder linears
    std::uint64_t decoderWeights = 0;
    std::uint64_t totalBytes = 0; ///< of all tensors
    std::uint64_t totalWeights = 0;

    double bitsPerWeight() const;             ///< decoder linears
    double compression() const;               ///< 32 ÷ bitsPerWeight()
    double wholeModelCompressionFp32() const; ///< 32 bits a parameter against all bytes
    double wholeModelCompressionBf16() const; ///< 16 bits a parameter against all bytes
};
RecipeSize recipeSize(std::span<const Codec> codecs, std::span<const TensorInfo> tensors);

/// A recipe that ships with the program (resources/presets/*.json).
struct RecipePreset {
    Recipe recipe;
    std::string summary; ///< one sentence
};
std::vector<RecipePreset> recipePresets();

} // namespace planish
