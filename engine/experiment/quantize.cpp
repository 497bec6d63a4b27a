// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/quantize.h"

#include "calibration/norm_fit.h"
#include "codec/awq.h"
#include "codec/diagonal.h"
#include "codec/output_error.h"
#include "support/sha256.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <optional>

namespace planish {
namespace {

/// Tensors that read the same inputs, and what is known of these.
struct Readers {
    std::vector<std::size_t> tensors; ///< in the order of the model
    std::vector<Matrix> wanted;       ///< their weights, multiplied by the scales their norm has taken up
    std::vector<Matrix> stored;       ///< what they are decoded to
    std::optional<InputStatistics> inputs;
    std::vector<Matrix> related;        ///< Calibrator::outputsOf of each, or nothing
    std::optional<OutputError> outputs; ///< of `inputs`
};

class Quantizer {
  public:
    Quantizer(const Model& model, const QuantizeSettings& settings, Workers& workers, JobMonitor& monitor)
        : settings_(settings),
          workers_(workers),
          monitor_(monitor),
          quiet_(monitor),
          original_(model),
          packed_(model, settings.codecs),
          results_(settings.codecs.size()),
          keptNearest_(settings.codecs.size()),
          rescaled_(settings.codecs.size()) {
        const bool used = std::any_of(settings.codecs.begin(), settings.codecs.end(), [](const Codec& codec) {
            return codec.calibration() != CalibrationUse::none;
        });
        if ((used || settings.measureOutputs) && settings.calibration != nullptr) {
            fingerprint_ = model.fingerprint(workers, monitor);
            calibrator_.emplace(*settings.calibration, original_, packed_, settings.cache, workers,
                                settings.arithmetic, settings.states);
        }
    }

    QuantizedModel run() {
        std::map<Place, std::vector<std::size_t>> places;
        for (std::size_t i = 0; i < results_.size(); ++i) {
            if (const auto place = placeOf(tensor(i), model().config())) {
                places[*place].push_back(i);
            } else {
                packWithoutInputs(i);
            }
        }
        for (auto& [place, tensors] : places) {
            packPlace(place, std::move(tensors));
        }
        const double seconds = calibrator_ ? calibrator_->seconds() : 0;
        return {std::move(packed_), std::move(results_), warnings(), seconds};
    }

  private:
    const Model& model() const { return original_.model(); }
    const TensorInfo& tensor(std::size_t index) const { return model().tensors()[index]; }
    const Codec& codec(std::size_t index) const { return settings_.codecs[index]; }
    double fraction(std::size_t weights) const {
        return static_cast<double>(weights) / static_cast<double>(model().parameterCount());
    }

    void packWithoutInputs(std::size_t index) {
        monitor_.throwIfCancelled();
        monitor_.report({"quantize", done_, model().parameterCount(), tensor(index).name});
        const Matrix wanted = original_.matrix(tensor(index), workers_);
        PackedTensor packed = encodeTensor(tensor(index), codec(index), wanted, context());
        const StorageError error = storageError(wanted, codec(index), packed, workers_);
        keep(index, std::move(packed), error);
        done_ += tensor(index).count();
    }

    void packPlace(Place place, std::vector<std::size_t> tensors) {
        Readers readers;
        readers.tensors = std::move(tensors);
        CodecDemands demands;
        auto use = CalibrationUse::none;
        std::size_t weights = 0;
        for (const std::size_t index : readers.tensors) {
            demands = demands | codec(index).demands();
            use = std::max(use, codec(index).calibration());
            weights += tensor(index).count();
            readers.wanted.push_back(original_.matrix(tensor(index), workers_));
        }
        readers.stored.resize(readers.tensors.size());
        readers.related.resize(readers.tensors.size());
        const double begin = fraction(done_);
        const double end = fraction(done_ + weights);
        const bool lossless = std::all_of(readers.tensors.begin(), readers.tensors.end(),
                                          [&](std::size_t index) { return codec(index).isFloat(); });
        const bool calibrated =
            calibrator_ && (use != CalibrationUse::none || (settings_.measureOutputs && !lossless));
        // Passing the samples through the block takes most of the time.
        const double middle = calibrated ? begin + 0.8 * (end - begin) : begin;
        if (calibrated) {
            PartMonitor part(monitor_, begin, middle, "calibrate", tensor(readers.tensors.front()).name);
            readers.inputs = calibrator_->at(place, demands.crossMoment, fingerprint_, prefix_, part);
            for (std::size_t i = 0; i < readers.tensors.size(); ++i) {
                if (codec(readers.tensors[i]).demands().relatedRows) {
                    readers.related[i] =
                        calibrator_->outputsOf(tensor(readers.tensors[i]), fingerprint_, quiet_);
                }
            }
            calibrated_.insert(calibrated_.end(), readers.tensors.begin(), readers.tensors.end());
            if (const auto norm = normIndex(place); norm && demands.scaledInputs) {
                foldScales(*norm, readers);
            }
            readers.outputs.emplace(*readers.inputs, workers_, quiet_);
        }
        PartMonitor part(monitor_, middle, end, "quantize");
        FinishedWork finished(part, weights);
        part.report({"", 0, weights, tensor(readers.tensors.front()).name});
        workers_.forEach(
            readers.tensors.size(),
            [&](std::size_t i) {
                packReader(readers, i);
                const TensorInfo& packed = tensor(readers.tensors[i]);
                finished.add(packed.count(), packed.name);
            },
            monitor_);
        if (const auto norm = normIndex(place); norm && calibrated && demands.fittedNorm) {
            fitNorm(*norm, readers);
        }
        for (const std::size_t index : readers.tensors) {
            extendPrefix(index);
        }
        done_ += weights;
    }

    EncodeContext context(const std::optional<InputStatistics>& inputs = std::nullopt) {
        return {workers_, quiet_, settings_.seed, inputs ? &*inputs : nullptr};
    }

    PackedTensor encode(const Readers& readers, std::size_t i, const Codec& with) {
        EncodeContext known = context(readers.inputs);
        known.outputs = readers.related[i].size() > 0 ? &readers.related[i] : nullptr;
        return encodeTensor(tensor(readers.tensors[i]), with, readers.wanted[i], known);
    }

    void packReader(Readers& readers, std::size_t i) {
        const std::size_t index = readers.tensors[i];
        const Matrix& wanted = readers.wanted[i];
        PackedTensor packed = encode(readers, i, codec(index));
        if (!readers.outputs) {
            const StorageError error = storageError(wanted, codec(index), packed, workers_);
            keep(index, std::move(packed), error);
            return;
        }
        Matrix stored = codec(index).decode(packed, workers_);
        const double whole = readers.outputs->of(wanted);
        const double noise = readers.inputs->hessian.cast<double>().trace() *
                             wanted.cast<double>().squaredNorm() / static_cast<double>(wanted.cols());
        const auto lossOf = [&](const Matrix& values) { return readers.outputs->of(wanted - values); };
        double loss = lossOf(stored);
        double plainProxy = notMeasured;
        const auto nearest = codec(index).calibration() != CalibrationUse::none
                                 ? codec(index).withNearestRounding()
                                 : std::nullopt;
        if (nearest) {
            PackedTensor plainPacked = encode(readers, i, *nearest);
            Matrix plain = nearest->decode(plainPacked, workers_);
            const double plainLoss = lossOf(plain);
            plainProxy = plainLoss / whole;
            if (!(loss + shiftOf(readers, i, stored) < plainLoss + shiftOf(readers, i, plain))) {
                keptNearest_[index] = true;
                packed = std::move(plainPacked);
                stored = std::move(plain);
                loss = plainLoss;
            }
        }
        keep(index, std::move(packed), storageError(wanted, stored));
        results_[index].proxyLoss = loss / whole;
        results_[index].plainProxyLoss = plainProxy;
        results_[index].noiseProxyLoss = noise / whole;
        readers.stored[i] = std::move(stored);
    }

    double shiftOf(const Readers& readers, std::size_t i, const Matrix& stored) {
        return codec(readers.tensors[i]).demands().crossMoment
                   ? targetShift(readers.wanted[i], stored, *readers.inputs, workers_)
                   : 0;
    }

    void keep(std::size_t index, PackedTensor packed, StorageError error) {
        const TensorInfo& info = tensor(index);
        results_[index] = {info.name,
                           std::string(roleName(info.role)),
                           info.shape.rows,
                           info.shape.columns,
                           codec(index).name(),
                           packed.bytes.size(),
                           packed.bitsPerWeight(),
                           error.relative,
                           error.sqnrDecibel};
        packed_.put(index, std::move(packed), error.relative == 0 && !rescaled_[index]);
        if (!placeOf(info, model().config())) {
            extendPrefix(index);
        }
    }

    /// What the quantized model is up to here: names, codecs and bytes of all tensors that have been packed.
    void extendPrefix(std::size_t index) {
        if (calibrator_) {
            const auto& bytes = packed_.tensors()[index].bytes;
            prefix_ = sha256Hex(
                prefix_ + tensor(index).name + codec(index).name() +
                sha256Hex(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size())));
        }
    }

    std::optional<std::size_t> normIndex(Place place) const {
        const std::string name = normBefore(place, model().config());
        return name.empty() ? std::nullopt : std::optional(indexOf(name));
    }
    std::size_t indexOf(const std::string& name) const {
        return static_cast<std::size_t>(&model().tensor(name) - model().tensors().data());
    }

    /// Stores `wanted` as the gain of a norm and returns what is decoded.
    Vector putGain(std::size_t norm, const Vector& wanted) {
        rescaled_[norm] = true;
        const float kept = model().config().design.onePlusGain ? 1 : 0;
        const Matrix row = wanted.transpose().array() - kept;
        PackedTensor packed = encodeTensor(tensor(norm), codec(norm), row, context());
        const Matrix stored = codec(norm).decode(packed, workers_);
        keep(norm, std::move(packed), storageError(row, stored));
        return stored.row(0).transpose().array() + kept;
    }

    /// Divides the gain of the norm before by scales and multiplies the weights of all its readers by them,
    /// as exactly as the gain can be stored.
    void foldScales(std::size_t norm, Readers& readers) {
        std::vector<AwqConsumer> consumers;
        for (std::size_t i = 0; i < readers.tensors.size(); ++i) {
            if (codec(readers.tensors[i]).demands().scaledInputs) {
                consumers.push_back({readers.wanted[i], codec(readers.tensors[i])});
            }
        }
        const Vector scales = awqScales(consumers, *readers.inputs, context(readers.inputs));
        const Vector gain = normGain(packed_, tensor(norm));
        Vector smaller = gain.cwiseQuotient(scales);
        Vector stored = putGain(norm, smaller);
        // A gain too small to be stored would silence its column.
        smaller = (stored.array() == 0).select(gain, smaller);
        stored = putGain(norm, smaller);
        const Vector taken =
            (stored.array() == 0).select(Vector::Ones(gain.size()), gain.cwiseQuotient(stored));
        for (std::size_t i = 0; i < readers.tensors.size(); ++i) {
            readers.wanted[i] = readers.wanted[i] * taken.asDiagonal();
            rescaled_[readers.tensors[i]] = true;
        }
        readers.inputs = scaledInputs(*readers.inputs, taken.cwiseInverse());
    }

    void fitNorm(std::size_t norm, const Readers& readers) {
        std::vector<NormReader> all;
        for (std::size_t i = 0; i < readers.tensors.size(); ++i) {
            all.push_back({readers.wanted[i], readers.stored[i]});
        }
        const NormFit fit(all, *readers.inputs, context(readers.inputs));
        const PackedTensor before = packed_.tensors()[norm];
        const TensorResult resultBefore = results_[norm];
        const Vector gain = normGain(packed_, tensor(norm));
        const Eigen::VectorXd best = fit.best();
        const Vector wanted = gain.cwiseProduct(best.cast<float>());
        if (wanted.allFinite()) {
            const Vector stored = putGain(norm, wanted);
            const Eigen::VectorXd ones = Eigen::VectorXd::Ones(gain.size());
            const Eigen::VectorXd factors =
                (gain.array() == 0).select(ones, stored.cwiseQuotient(gain).cast<double>());
            if (!(fit.loss(factors) < fit.loss(ones))) {
                packed_.put(norm, before, false);
                results_[norm] = resultBefore;
            }
        }
    }

    std::vector<std::string> warnings() const {
        std::vector<std::string> all;
        if (auto few = warningOfFewTokens(model(), calibrated_, settings_.calibration)) {
            all.push_back(std::move(*few));
        }
        std::vector<std::string_view> names;
        for (std::size_t i = 0; i < keptNearest_.size(); ++i) {
            if (keptNearest_[i]) {
                names.push_back(tensor(i).name);
            }
        }
        if (!names.empty()) {
            constexpr std::size_t shown = 3;
            const std::size_t more = names.size() - std::min(shown, names.size());
            all.push_back(fmt::format(
                "nearest rounding was kept where the codec's own loses no less of the outputs: {}{}",
                fmt::join(names.begin(), names.end() - static_cast<std::ptrdiff_t>(more), ", "),
                more > 0 ? fmt::format(" and {} more tensors", more) : ""));
        }
        return all;
    }

    const QuantizeSettings& settings_;
    Workers& workers_;
    JobMonitor& monitor_;
    QuietMonitor quiet_;
    OriginalWeights original_;
    PackedModel packed_;
    std::vector<TensorResult> results_;
    std::vector<char> keptNearest_; ///< not bool: written by several threads
    std::vector<char> rescaled_;    ///< packed from other values than the model's
    std::optional<Calibrator> calibrator_;
    std::string fingerprint_;
    std::string prefix_;
    std::size_t done_ = 0;                ///< weights
    std::vector<std::size_t> calibrated_; ///< tensors whose inputs were looked at
};

} // namespace

PackedTensor encodeTensor(const TensorInfo& tensor, const Codec& codec, MatrixView weights,
                          const EncodeContext& context) {
    try {
        return codec.encode(weights, context);
    } catch (const Cancelled&) {
        throw;
    } catch (const Error& error) {
        throw Error(tensor.name + ": " + error.what());
    }
}

std::optional<std::string> warningOfFewTokens(const Model& model, const std::vector<std::size_t>& tensors,
                                              const CalibrationPlan* calibration) {
    const TensorInfo* widest = nullptr;
    for (const std::size_t index : tensors) {
        const TensorInfo& tensor = model.tensors()[index];
        if (widest == nullptr || tensor.shape.columns > widest->shape.columns) {
            widest = &tensor;
        }
    }
    if (widest == nullptr || calibration == nullptr) {
        return std::nullopt;
    }
    const std::size_t inputs = widest->shape.columns;
    const std::size_t context = calibration->samples.context;
    const std::size_t tokens = calibration->samples.windows * context;
    if (tokens >= 8 * inputs) {
        return std::nullopt;
    }
    return fmt::format("calibrated on {} tokens, fewer than 8 for each of the {} inputs of tensors such as "
                       "{}: statistics are mostly noise below that; take {} samples or more",
                       tokens, inputs, widest->name, (8 * inputs + context - 1) / context);
}

QuantizedModel quantizeModel(const Model& model, const QuantizeSettings& settings, Workers& workers,
                             JobMonitor& monitor) {
    return Quantizer(model, settings, workers, monitor).run();
}

} // namespace planish
