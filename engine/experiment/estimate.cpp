// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/estimate.h"

#include "evaluation/evaluate.h"
#include "inference/logits.h"
#include "recipe/recipe.h"
#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace planish {
namespace {

/// Shares of the measured rates that whole steps reach: products of tiles with norms, rotation and activation
/// between them; the triangle of attention; products of inputs with themselves; updates of error feedback.
constexpr double linearShare = 0.92;
constexpr double attentionShare = 0.75;
constexpr double momentShare = 0.65;
constexpr double feedbackShare = 0.5;
/// Weights a second and thread whose columns are rounded one after the other, their groups fitted before.
constexpr double columnRate = 7e6;
/// Weights a second and thread that are decoded and laid out for products.
constexpr double layoutRate = 1e9;
/// The program, its libraries, a tokenizer and a text.
constexpr double programBytes = 30e6;

double sum(const std::vector<EstimateTerm>& terms) {
    return std::accumulate(terms.begin(), terms.end(), 0.0,
                           [](double total, const EstimateTerm& term) { return total + term.value; });
}

class Estimator {
  public:
    Estimator(const EstimateInput& input, MachineSpeed& speed)
        : input_(input), speed_(speed), config_(input.model.config()), threads_(speed.threads()) {
        for (const TensorInfo& tensor : input.model.tensors()) {
            if (isDecoderLinear(tensor.role)) {
                linears_ += static_cast<double>(tensor.count());
            }
        }
    }

    RunEstimate run() {
        RunEstimate estimate;
        const auto tokens = static_cast<double>(input_.plan.tokens.size());
        const double blocks = blocksTime(tokens, static_cast<double>(input_.plan.context), parts());
        if (input_.codecs != nullptr) {
            if (input_.calibration != nullptr) {
                estimate.time.push_back({"calibrate", calibrationTime()});
            }
            estimate.time.push_back({"quantize", quantizationTime()});
            if (input_.training != nullptr) {
                estimate.time.push_back({"train", trainingTime()});
            }
            estimate.time.push_back({"baseline", blocks});
        }
        estimate.time.push_back({"evaluate", blocks + headTime()});
        estimate.memory = memory();
        return estimate;
    }

  private:
    bool compares() const { return input_.codecs != nullptr; }
    double models() const { return compares() ? 2 : 1; }
    double stateBytes(double tokens) const { return 4 * tokens * static_cast<double>(config_.hiddenSize); }
    double headWeights() const {
        return static_cast<double>(config_.vocabularySize) * static_cast<double>(config_.hiddenSize);
    }
    double wordBytes() const { return input_.arithmetic == Arithmetic::bfloat16 ? 2 : 4; }
    /// How many times the plan's windows are passed through all blocks in turn.
    double parts() const {
        const std::size_t each = windowsPerPart(input_.plan, config_, compares() ? 2 : 1);
        return std::ceil(static_cast<double>(input_.plan.windows) / static_cast<double>(each));
    }

    /// Tokens through all blocks once; weights are decoded `passes` times.
    double blocksTime(double tokens, double context, double passes) const {
        const double scores =
            tokens * static_cast<double>(config_.blocks * config_.heads) * (context / 2 + 32);
        const double flops = scores * 2 * static_cast<double>(config_.headSize);
        return 2 * tokens * linears_ / (speed_.products(input_.arithmetic) * linearShare) +
               flops / (speed_.products(Arithmetic::float32) * attentionShare) +
               flops / (speed_.products(input_.arithmetic) * attentionShare) +
               scores / speed_.exponentials() +
               tokens * static_cast<double>(config_.blocks * config_.mlpSize) / speed_.exponentials() +
               passes * linears_ / (layoutRate * threads_);
    }

    double headTime() const {
        const auto targets = static_cast<double>(input_.plan.tokensScored());
        const double logits = targets * static_cast<double>(config_.vocabularySize);
        const double passesOverLogits = compares() ? 3 : 1;
        return models() * (2 * targets * headWeights() / (speed_.products(input_.arithmetic) * linearShare) +
                           parts() * headWeights() / (layoutRate * threads_)) +
               passesOverLogits * logits / speed_.exponentials();
    }

    /// Samples through all blocks, and products of the inputs at every place with themselves.
    double calibrationTime() const {
        const WindowPlan& samples = input_.calibration->samples;
        const auto tokens = static_cast<double>(samples.tokens.size());
        double squares = 0;
        CodecDemands demands;
        forPlaces([&](double inputs, double, const CodecDemands& here) {
            squares += inputs * inputs;
            demands = demands | here;
        });
        const double products = demands.crossMoment ? 3 : 1; // H and the whole of the cross moment
        const double streams = demands.crossMoment ? 2 : 1;
        constexpr double gradientPasses = 4; // forward, computed anew and backward
        const double weighting =
            usesGradients(input_.calibration->tokens)
                ? gradientPasses * blocksTime(tokens, static_cast<double>(samples.context), 1) +
                      gradientPasses * 2 * tokens * headWeights() /
                          (speed_.products(input_.arithmetic) * linearShare)
                : 0;
        return weighting + streams * blocksTime(tokens, static_cast<double>(samples.context), 1) +
               tokens * (products * squares + relatedOutputs()) /
                   (speed_.products(Arithmetic::float32) * momentShare);
    }

    /// A pass of the unquantized model, one forward, one to compute activations anew, one backward and one to
    /// the weights that learn; and the samples' passes for each kind of tensor that is packed between.
    double trainingTime() const {
        // Measured, in forward passes: the four of activations, and the outer products of all weights.
        constexpr double activations = 5;
        constexpr double gradients = 2.5;
        constexpr double kinds = 6;
        const double passes = activations + gradients * learningShare();
        const TrainingPlan& plan = *input_.training;
        const auto tokens = static_cast<double>(plan.tokens());
        const auto context = static_cast<double>(plan.windows.context);
        const WindowPlan& samples = input_.calibration->samples;
        const double products = speed_.products(input_.arithmetic) * linearShare;
        return passes * (blocksTime(tokens, context, static_cast<double>(plan.steps)) +
                         2 * tokens * headWeights() / products) +
               4 * tokens * static_cast<double>(config_.vocabularySize) / speed_.exponentials() +
               kinds * blocksTime(static_cast<double>(samples.tokens.size()),
                                  static_cast<double>(samples.context), 1);
    }

    /// Of the linears in blocks, those whose weights have gradients in a step of a training, on average:
    /// those of +qat until they are packed, halfway.
    double learningShare() const {
        double all = 0;
        double learning = 0;
        for (std::size_t i = 0; i < input_.codecs->size(); ++i) {
            const TensorInfo& tensor = input_.model.tensors()[i];
            const Codec& codec = (*input_.codecs)[i];
            const auto place = placeOf(tensor, config_);
            if (place && place->site != Site::head) {
                const auto weights = static_cast<double>(tensor.count());
                const bool on = codec.demands().recovered && codec.coordinateShape(tensor.shape).count() > 0;
                all += weights;
                learning += on ? weights : codec.demands().trained ? weights / 2 : 0;
            }
        }
        return learning / all;
    }

    double quantizationTime() const {
        double seconds = 0;
        for (std::size_t i = 0; i < input_.codecs->size(); ++i) {
            const auto weights = static_cast<double>(input_.model.tensors()[i].count());
            const Codec& codec = (*input_.codecs)[i];
            // Where the codec's own rounding is known from calibration only, nearest rounding is measured,
            // which is done beside it: that takes long where a format searches.
            const double times = codec.calibration() == CalibrationUse::required ? 2 : 1;
            seconds += times * weights / (speed_.weights(codec) * threads_);
        }
        // Error feedback: a factorization a place, the updates, and the loss of outputs of what was wanted,
        // of what was stored and of nearest rounding.
        forPlaces([&](double inputs, double weights, const CodecDemands&) {
            const double factorization = inputs * inputs * inputs;
            const double updates = weights * inputs;
            const double losses = 3 * 2 * weights * inputs;
            seconds += weights / (columnRate * threads_) +
                       (factorization + updates) / (speed_.products(Arithmetic::float32) * feedbackShare) +
                       losses / speed_.products(Arithmetic::float32);
        });
        return seconds;
    }

    /// body(inputs, weights, demands) for each place that is calibrated.
    template <class Body>
    void forPlaces(const Body& body) const {
        if (input_.calibration == nullptr) {
            return;
        }
        struct Sum {
            double inputs = 0;
            double weights = 0;
            CodecDemands demands;
        };
        std::map<Place, Sum> places;
        for (std::size_t i = 0; i < input_.codecs->size(); ++i) {
            const TensorInfo& tensor = input_.model.tensors()[i];
            const Codec& codec = (*input_.codecs)[i];
            const auto place = placeOf(tensor, config_);
            if (place && codec.calibration() != CalibrationUse::none) {
                Sum& here = places[*place];
                here.inputs = static_cast<double>(tensor.shape.columns);
                here.weights += static_cast<double>(tensor.count());
                here.demands = here.demands | codec.demands();
            }
        }
        for (const auto& [place, here] : places) {
            body(here.inputs, here.weights, here.demands);
        }
    }

    /// The larger of packing's and evaluation's, beside what both hold.
    std::vector<EstimateTerm> memory() const {
        std::vector<EstimateTerm> held{{"program", programBytes}};
        if (compares()) {
            const RecipeSize size = recipeSize(*input_.codecs, input_.model.tensors());
            held.push_back({"packed weights", static_cast<double>(size.totalBytes)});
        }
        const auto evaluation = evaluationMemory();
        const auto packing = packingMemory();
        const auto& more = sum(packing) > sum(evaluation) ? packing : evaluation;
        held.insert(held.end(), more.begin(), more.end());
        return held;
    }

    std::vector<EstimateTerm> evaluationMemory() const {
        const auto tokens = static_cast<double>(input_.plan.tokens.size());
        const double states = models() * stateBytes(tokens) / parts();
        const double block = linears_ / static_cast<double>(config_.blocks) * wordBytes();
        const double heads = models() * headWeights() * wordBytes();
        const double reused = std::min(static_cast<double>(input_.reuseBytes), reusable(tokens));
        return {{"hidden states", states},
                {"one block or the head", std::max(block + blockBuffers(input_.plan), heads + logitTiles())},
                {"kept for reuse", reused}};
    }

    /// States at all boundaries of both models, and logits.
    double reusable(double tokens) const {
        const double boundaries = 2 * static_cast<double>(config_.blocks) * stateBytes(tokens);
        const double logits = 4 * static_cast<double>(input_.plan.tokensScored() * config_.vocabularySize);
        return boundaries + (input_.keepsLogits ? logits : 0);
    }

    /// Queries, keys, values and attention's outputs of the windows in work, and activations of a tile a
    /// thread.
    double blockBuffers(const WindowPlan& plan) const {
        const auto windows = static_cast<double>(
            std::min(plan.windows, ForwardPass::windowsAtOnce(plan.context, speed_.threads())));
        const auto width = static_cast<double>(2 * config_.querySize() + 3 * config_.keyValueSize());
        const auto tile = static_cast<double>(config_.hiddenSize + 2 * config_.mlpSize);
        return 4 * (windows * static_cast<double>(plan.context) * width + threads_ * tokensPerTile * tile);
    }

    double logitTiles() const {
        const std::size_t rows = LogitHead::rowsPerTile(config_.vocabularySize);
        return models() * threads_ * 4 * static_cast<double>(rows * config_.vocabularySize);
    }

    /// Hidden states of a backward pass at all boundaries, and what one block needs.
    double backwardBytes(double tokens) const {
        return (static_cast<double>(config_.blocks) + 2) * stateBytes(tokens) +
               12 * tokens * static_cast<double>(config_.mlpSize);
    }

    /// Of LossGradients: one number a token and place; floats of every linear's outputs among each other,
    /// twice as many bytes while they are collected.
    double gradientBytes(double momentBytes) const {
        if (input_.calibration == nullptr || !usesGradients(input_.calibration->tokens)) {
            return 0;
        }
        constexpr double places = 4; // of a block
        const double bytes = 4 * places * static_cast<double>(config_.blocks) *
                             static_cast<double>(input_.calibration->samples.tokens.size());
        return bytes + momentBytes * relatedOutputs();
    }

    /// Numbers in the moments of all linears' outputs, where they are collected.
    double relatedOutputs() const {
        double numbers = 0;
        if (input_.calibration->tokens == TokenWeighting::kronecker) {
            for (const TensorInfo& tensor : input_.model.tensors()) {
                const auto place = placeOf(tensor, config_);
                const auto outputs = static_cast<double>(tensor.shape.rows);
                numbers += place && place->site != Site::head ? outputs * outputs : 0;
            }
        }
        return numbers;
    }

    /// Floats of what is packed at a time. Where it is calibrated these are what is wanted, stored, stored by
    /// nearest rounding and the difference, beside samples and second moments.
    std::vector<EstimateTerm> packingMemory() const {
        if (!compares()) {
            return {};
        }
        if (input_.training != nullptr) {
            constexpr double copies = 3; // weights and what Adam remembers
            const auto tokens =
                static_cast<double>(input_.training->windowsAStep * input_.training->windows.context);
            return {
                {"weights being trained", copies * 4 * static_cast<double>(input_.model.parameterCount())},
                // Of both models.
                {"states of a step",
                 (static_cast<double>(config_.blocks) + 1) * stateBytes(tokens) + backwardBytes(tokens)},
                {"samples", sampleBytes() + gradientBytes(4)}};
        }
        std::vector<EstimateTerm> largest;
        const auto consider = [&](const std::vector<EstimateTerm>& terms) {
            largest = sum(terms) > sum(largest) ? terms : largest;
        };
        std::map<Place, double> places;
        for (std::size_t i = 0; i < input_.codecs->size(); ++i) {
            const TensorInfo& tensor = input_.model.tensors()[i];
            const auto place = placeOf(tensor, config_);
            const auto weights = static_cast<double>(tensor.count());
            const double together = place ? places[*place] += weights : weights;
            consider({{"weights being packed", 4 * together}});
        }
        if (gradientBytes(8) > 0) {
            consider(
                {{"gradients of the loss", gradientBytes(8) + backwardBytes(LossGradients::tokensAtOnce)}});
        }
        forPlaces([&](double inputs, double weights, const CodecDemands&) {
            constexpr double copies = 4;
            constexpr double momentBytes =
                20; // in double while collected; then floats, packed floats, factor
            consider({{"weights being packed", copies * 4 * weights},
                      {"samples", sampleBytes() + gradientBytes(4)},
                      {"second moments", momentBytes * inputs * inputs}});
        });
        return largest;
    }

    /// Hidden states of all samples, and attention's outputs or the activations of the MLP.
    double sampleBytes() const {
        const auto tokens = static_cast<double>(input_.calibration->samples.tokens.size());
        const double activations = 4 * tokens * static_cast<double>(config_.mlpSize);
        const double kept = activations <= static_cast<double>(hiddenStateBudget) ? activations : 0;
        return stateBytes(tokens) + std::max(kept, 4 * tokens * static_cast<double>(config_.querySize()));
    }

    const EstimateInput& input_;
    MachineSpeed& speed_;
    const ModelConfig& config_;
    double threads_;
    double linears_ = 0;
};

} // namespace

double RunEstimate::seconds() const {
    return sum(time);
}

double RunEstimate::bytes() const {
    return sum(memory);
}

std::string describe(const RunEstimate& estimate) {
    std::string terms;
    for (const EstimateTerm& term : estimate.time) {
        terms += fmt::format("{}{} {}", terms.empty() ? "" : ", ", term.name, formatSeconds(term.value));
    }
    return fmt::format("about {} ({}) and {} of memory", formatSeconds(estimate.seconds()), terms,
                       formatBytes(static_cast<std::uint64_t>(estimate.bytes())));
}

Json toJson(const RunEstimate& estimate) {
    Json json{{"seconds", estimate.seconds()},
              {"memory_bytes", static_cast<std::uint64_t>(estimate.bytes())}};
    for (const EstimateTerm& term : estimate.time) {
        json["time"][term.name] = term.value;
    }
    for (const EstimateTerm& term : estimate.memory) {
        json["memory"][term.name] = static_cast<std::uint64_t>(term.value);
    }
    return json;
}

RunEstimate estimateRun(const EstimateInput& input, MachineSpeed& speed) {
    return Estimator(input, speed).run();
}

} // namespace planish
