// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"

namespace planish {
namespace {

/// How many times `bytes` are smaller than `weights` of `bits` each; 0 when there is nothing to compare.
double timesSmaller(double bits, std::uint64_t weights, std::uint64_t bytes) {
    return bytes == 0 ? 0 : bits * static_cast<double>(weights) / (8.0 * static_cast<double>(bytes));
}

} // namespace

double RecipeSize::bitsPerWeight() const {
    return decoderWeights == 0
               ? 0
               : 8.0 * static_cast<double>(decoderBytes) / static_cast<double>(decoderWeights);
}

double RecipeSize::compression() const {
    return timesSmaller(32, decoderWeights, decoderBytes);
}

double RecipeSize::wholeModelCompressionFp32() const {
    return timesSmaller(32, totalWeights, totalBytes);
}

double RecipeSize::wholeModelCompressionBf16() const {
    return timesSmaller(16, totalWeights, totalBytes);
}

RecipeSize recipeSize(std::span<const Codec> codecs, std::span<const TensorInfo> tensors) {
    if (codecs.size() != tensors.size()) {
        throw Error("a recipe size needs one codec a tensor");
    }
    RecipeSize size;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        const std::uint64_t bytes = codecs[i].packedBytes(tensors[i].shape);
        size.totalBytes += bytes;
        size.totalWeights += tensors[i].count();
        if (isDecoderLinear(tensors[i].role)) {
            size.decoderBytes += bytes;
            size.decoderWeights += tensors[i].count();
        }
    }
    return size;
}

} // namespace planish
