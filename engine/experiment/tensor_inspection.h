// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/representable.h"
#include "model/tensor_info.h"

#include <optional>
#include <string>
#include <vector>

namespace planish {

/// What one tensor's weights are like, what a codec makes of them, and what each codec would cost there.

/// Equal bins from `lower` to `upper`; what lies outside is in the outermost ones.
struct Histogram {
    double lower = 0;
    double upper = 0;
    std::vector<double> share; ///< of all weights, one a bin; sums to 1

    double binWidth() const { return (upper - lower) / static_cast<double>(share.size()); }
    double center(std::size_t bin) const { return lower + (static_cast<double>(bin) + 0.5) * binWidth(); }
};
Histogram histogramOf(MatrixView values, double lower, double upper, std::size_t bins);

struct WeightSummary {
    double mean = 0;
    double deviation = 0;
    double smallest = 0;
    double largest = 0;
    double excessKurtosis = 0; ///< 0 for a normal distribution; larger with heavier tails
};
/// Throws Error when a weight is NaN or infinite.
WeightSummary summarize(MatrixView weights);

/// Root mean square errors of blocks of a tensor, over the root mean square of all its weights.
struct ErrorMap {
    std::size_t rows = 0;      ///< blocks from top to bottom
    std::size_t columns = 0;   ///< and from left to right
    std::size_t blockRows = 0; ///< rows of a block; those of the last may be fewer
    std::size_t blockColumns = 0;
    std::vector<double> values; ///< [rows × columns]
};
/// At most `most` blocks in either direction.
ErrorMap errorMap(MatrixView original, MatrixView stored, std::size_t most);

/// A tensor beside what a codec makes of it.
struct TensorInspection {
    WeightSummary weights;
    Histogram original;
    Histogram stored; ///< the same bins
    Histogram error;  ///< stored − original
    ErrorMap errors;
    std::optional<GroupLevels> levels;
    StorageError cost;
    double bitsPerWeight = 0;
};
/// Encodes and decodes the tensor. Throws what Codec::encode() does.
TensorInspection inspectTensor(MatrixView weights, const Codec& codec, const EncodeContext& context);

/// What a codec costs on a tensor.
struct CodecTrial {
    std::string codec;
    double bitsPerWeight = 0; ///< exact, of the whole tensor
    double relativeError = 0; ///< ‖W−Ŵ‖² ÷ ‖W‖², measured on the rows that are tried
    double proxyLoss = 0;     ///< see planish::proxyLoss(); NaN without statistics of the inputs
};

/// Rows of a tensor that codecs are tried on: all of them up to a million weights, else as many of them,
/// evenly spread.
Matrix rowsToTry(MatrixView weights);
/// Packs and decodes `rows` of a tensor of this shape.
CodecTrial costOf(const Codec& codec, MatrixView rows, Shape whole, const EncodeContext& context);
/// Every codec that the registry knows an example of and that can store the tensor, from the finest to the
/// coarsest, each as recipes store it there. Those that need statistics only `withStatistics`.
std::vector<Codec> codecsToTry(const TensorInfo& tensor, bool withStatistics);

} // namespace planish
