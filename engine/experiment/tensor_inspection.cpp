// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/tensor_inspection.h"

#include "codec/input_statistics.h"
#include "codec/registry.h"
#include "experiment/run.h"
#include "recipe/recipe.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace planish {
namespace {

constexpr std::size_t histogramBins = 128;
constexpr std::size_t mostBlocks = 96;
constexpr std::size_t mostWeightsToTry = std::size_t{1} << 20;

/// The value below which `fraction` of all magnitudes are, found on a histogram of them.
double magnitudeBelow(MatrixView values, double largest, double fraction) {
    if (largest <= 0) {
        return 0;
    }
    constexpr std::size_t bins = 2048;
    const Matrix magnitudes = values.cwiseAbs();
    const Histogram histogram = histogramOf(magnitudes, 0, largest, bins);
    double sum = 0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
        sum += histogram.share[bin];
        if (sum >= fraction) {
            return histogram.lower + static_cast<double>(bin + 1) * histogram.binWidth();
        }
    }
    return largest;
}

/// Whether a codec has a layout for the shape.
bool fits(const Codec& codec, Shape shape) {
    try {
        return codec.packedBytes(shape) > 0;
    } catch (const Error&) {
        return false;
    }
}

} // namespace

Histogram histogramOf(MatrixView values, double lower, double upper, std::size_t bins) {
    std::vector<std::size_t> counts(bins);
    const double scale = upper > lower ? static_cast<double>(bins) / (upper - lower) : 0;
    for (Eigen::Index row = 0; row < values.rows(); ++row) {
        for (Eigen::Index column = 0; column < values.cols(); ++column) {
            const double place = (static_cast<double>(values(row, column)) - lower) * scale;
            ++counts[static_cast<std::size_t>(std::clamp(place, 0.0, static_cast<double>(bins - 1)))];
        }
    }
    Histogram histogram{lower, upper, {}};
    for (const std::size_t count : counts) {
        histogram.share.push_back(static_cast<double>(count) / static_cast<double>(values.size()));
    }
    return histogram;
}

WeightSummary summarize(MatrixView weights) {
    WeightSummary summary;
    const auto count = static_cast<double>(weights.size());
    double sum = 0;
    summary.smallest = static_cast<double>(weights(0, 0));
    summary.largest = summary.smallest;
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index column = 0; column < weights.cols(); ++column) {
            const auto weight = static_cast<double>(weights(row, column));
            if (!std::isfinite(weight)) {
                throw Error("the tensor has weights that are NaN or infinite");
            }
            sum += weight;
            summary.smallest = std::min(summary.smallest, weight);
            summary.largest = std::max(summary.largest, weight);
        }
    }
    summary.mean = sum / count;
    double squares = 0;
    double fourth = 0;
    for (Eigen::Index row = 0; row < weights.rows(); ++row) {
        for (Eigen::Index column = 0; column < weights.cols(); ++column) {
            const double apart = static_cast<double>(weights(row, column)) - summary.mean;
            squares += apart * apart;
            fourth += apart * apart * apart * apart;
        }
    }
    const double variance = squares / count;
    summary.deviation = std::sqrt(variance);
    summary.excessKurtosis = variance > 0 ? fourth / count / (variance * variance) - 3 : 0;
    return summary;
}

ErrorMap errorMap(MatrixView original, MatrixView stored, std::size_t most) {
    const auto rows = static_cast<std::size_t>(original.rows());
    const auto columns = static_cast<std::size_t>(original.cols());
    ErrorMap map;
    map.blockRows = (rows + most - 1) / most;
    map.blockColumns = (columns + most - 1) / most;
    map.rows = (rows + map.blockRows - 1) / map.blockRows;
    map.columns = (columns + map.blockColumns - 1) / map.blockColumns;
    const double scale =
        std::sqrt(original.cast<double>().squaredNorm() / static_cast<double>(original.size()));
    for (std::size_t row = 0; row < map.rows; ++row) {
        for (std::size_t column = 0; column < map.columns; ++column) {
            const auto firstRow = static_cast<Eigen::Index>(row * map.blockRows);
            const auto firstColumn = static_cast<Eigen::Index>(column * map.blockColumns);
            const auto height =
                std::min(static_cast<Eigen::Index>(map.blockRows), original.rows() - firstRow);
            const auto width =
                std::min(static_cast<Eigen::Index>(map.blockColumns), original.cols() - firstColumn);
            const double squares = (original.block(firstRow, firstColumn, height, width) -
                                    stored.block(firstRow, firstColumn, height, width))
                                       .cast<double>()
                                       .squaredNorm();
            const double error = std::sqrt(squares / static_cast<double>(height * width));
            map.values.push_back(scale > 0 ? error / scale : 0);
        }
    }
    return map;
}

TensorInspection inspectTensor(MatrixView weights, const Codec& codec, const EncodeContext& context) {
    TensorInspection result;
    result.weights = summarize(weights);
    const PackedTensor packed = codec.encode(weights, context);
    const Matrix stored = codec.decode(packed, context.workers);
    const double largest = std::max(std::abs(result.weights.smallest), std::abs(result.weights.largest));
    // A few outliers must not squeeze the rest into one bin.
    constexpr double shown = 0.9995;
    const double range = 1.1 * magnitudeBelow(weights, largest, shown);
    result.original = histogramOf(weights, -range, range, histogramBins);
    result.stored = histogramOf(stored, -range, range, histogramBins);
    const Matrix error = stored - Matrix(weights);
    const double errorRange = magnitudeBelow(error, static_cast<double>(error.cwiseAbs().maxCoeff()), shown);
    result.error = histogramOf(error, -errorRange, errorRange, histogramBins);
    result.errors = errorMap(weights, stored, mostBlocks);
    result.levels = typicalLevels(codec, packed);
    result.cost = storageError(weights, stored);
    result.bitsPerWeight = packed.bitsPerWeight();
    return result;
}

Matrix rowsToTry(MatrixView weights) {
    const auto columns = static_cast<std::size_t>(weights.cols());
    const auto rows = static_cast<std::size_t>(weights.rows());
    const std::size_t tried = std::clamp<std::size_t>(mostWeightsToTry / columns, 1, rows);
    Matrix result(static_cast<Eigen::Index>(tried), weights.cols());
    for (std::size_t i = 0; i < tried; ++i) {
        result.row(static_cast<Eigen::Index>(i)) = weights.row(static_cast<Eigen::Index>(i * rows / tried));
    }
    return result;
}

CodecTrial costOf(const Codec& codec, MatrixView rows, Shape whole, const EncodeContext& context) {
    const Matrix stored = codec.decode(codec.encode(rows, context), context.workers);
    CodecTrial cost{codec.name(), 0, storageError(rows, stored).relative, notMeasured};
    cost.bitsPerWeight =
        8.0 * static_cast<double>(codec.packedBytes(whole)) / static_cast<double>(whole.count());
    if (context.inputs != nullptr) {
        cost.proxyLoss = proxyLoss(rows, stored, *context.inputs, context.workers);
    }
    return cost;
}

std::vector<Codec> codecsToTry(const TensorInfo& tensor, bool withStatistics) {
    std::map<std::string, Codec> byName;
    const auto add = [&](const std::string& text) {
        const Codec codec = codecFor(Codec::parse(text), tensor).withOwnScales();
        const CodecDemands demands = codec.demands();
        const bool needsMore = demands.crossMoment || demands.fittedNorm || demands.training();
        const bool possible = codec.calibration() != CalibrationUse::required || withStatistics;
        if (!needsMore && possible && (!tensor.isVector || codec.isFloat()) && fits(codec, tensor.shape)) {
            byName.emplace(codec.name(), codec);
        }
    };
    for (const std::string& codec : suggestedCodecs()) {
        add(codec);
    }
    for (const CodecMember& member : codecMembers()) {
        for (const std::string& example : member.examples) {
            add(example);
        }
    }
    for (const CodecAlias& alias : codecAliases()) {
        add(alias.codec);
    }
    std::vector<Codec> codecs;
    for (const auto& [name, codec] : byName) {
        codecs.push_back(codec);
    }
    std::stable_sort(codecs.begin(), codecs.end(), [&](const Codec& a, const Codec& b) {
        return a.packedBytes(tensor.shape) > b.packedBytes(tensor.shape);
    });
    return codecs;
}

} // namespace planish
