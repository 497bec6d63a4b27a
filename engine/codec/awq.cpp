// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/awq.h"

#include "codec/codec_string.h"
#include "codec/codec_table.h"
#include "codec/diagonal.h"
#include "codec/output_error.h"
#include "codec/transform.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <vector>

namespace planish {
namespace {

/// Some rows of a tensor that are stored on trial.
struct Trial {
    Matrix rows;
    const Format* format;
    double rowsEach; ///< rows of the tensor that one of these stands for
};

Trial trialOf(MatrixView weights, const Format& format) {
    constexpr Eigen::Index most = 128;
    checkTransformable(weights, "+awq");
    const Eigen::Index count = std::min(most, weights.rows());
    Trial trial{Matrix(count, weights.cols()), &format,
                static_cast<double>(weights.rows()) / static_cast<double>(count)};
    for (Eigen::Index i = 0; i < count; ++i) {
        trial.rows.row(i) = weights.row(i * weights.rows() / count);
    }
    return trial;
}

/// magnitude^alpha ÷ √(greatest · least) over the columns that have input, 1 for the others.
Vector scalesFor(const Vector& magnitude, double alpha) {
    Eigen::VectorXd logarithms = Eigen::VectorXd::Zero(magnitude.size());
    double low = std::numeric_limits<double>::infinity();
    double high = -low;
    for (Eigen::Index i = 0; i < magnitude.size(); ++i) {
        if (magnitude[i] > 0) {
            logarithms[i] = alpha * std::log(double{magnitude[i]});
            low = std::min(low, logarithms[i]);
            high = std::max(high, logarithms[i]);
        }
    }
    Eigen::VectorXd scales = Eigen::VectorXd::Ones(magnitude.size());
    for (Eigen::Index i = 0; i < magnitude.size(); ++i) {
        if (magnitude[i] > 0) {
            scales[i] = std::exp(logarithms[i] - (low + high) / 2);
        }
    }
    return storableScales(scales);
}

/// What the rows lose when they are stored with these scales.
Matrix errorsOf(const Trial& trial, const Vector& scales, const EncodeContext& context) {
    const Shape shape{static_cast<std::size_t>(trial.rows.rows()),
                      static_cast<std::size_t>(trial.rows.cols())};
    const Matrix scaled = trial.rows * scales.asDiagonal();
    std::vector<std::byte> bytes(trial.format->packedBytes(shape));
    trial.format->encode(scaled, nullptr, context, bytes);
    Matrix stored(scaled.rows(), scaled.cols());
    trial.format->decodeRows(bytes, shape, 0, stored);
    return trial.rows - stored * scales.cwiseInverse().asDiagonal();
}

Vector bestScales(std::span<const Trial> trials, const InputStatistics& inputs,
                  const EncodeContext& context) {
    constexpr int steps = 20;
    // Nearest rounding is tried; statistics would only take time.
    const EncodeContext trialContext{context.workers, context.monitor, context.seed};
    const OutputError outputs(inputs, context.workers, context.monitor);
    Vector best;
    double least = std::numeric_limits<double>::infinity();
    for (int step = 0; step <= steps; ++step) {
        const Vector scales = scalesFor(inputs.meanMagnitude, step / static_cast<double>(steps));
        double loss = 0;
        for (const Trial& trial : trials) {
            loss += trial.rowsEach * outputs.of(errorsOf(trial, scales, trialContext));
        }
        if (step == 0 || loss < least) {
            least = loss;
            best = scales;
        }
    }
    return best;
}

} // namespace

Vector awqScales(MatrixView weights, const Format& format, const InputStatistics& inputs,
                 const EncodeContext& context) {
    const Trial trial = trialOf(weights, format);
    return bestScales({&trial, 1}, inputs, context);
}

Vector awqScales(std::span<const AwqConsumer> consumers, const InputStatistics& inputs,
                 const EncodeContext& context) {
    std::vector<std::shared_ptr<const Format>> formats;
    std::vector<Trial> trials;
    for (const AwqConsumer& consumer : consumers) {
        const FormatSpec spec = parseCodecString(consumer.codec.name()).format;
        formats.push_back(spec.entry->make(spec));
        trials.push_back(trialOf(consumer.weights, *formats.back()));
    }
    return bestScales(trials, inputs, context);
}

} // namespace planish
