// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/sensitivity.h"

#include "allocation/noisy_weights.h"
#include "codec/split_mix.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace planish {
namespace {

double meanOf(const std::vector<double>& values) {
    return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Standard error of the mean; NaN of fewer than two values.
double standardErrorOf(const std::vector<double>& values) {
    const double mean = meanOf(values);
    double squares = 0;
    for (const double value : values) {
        squares += (value - mean) * (value - mean);
    }
    const auto n = static_cast<double>(values.size());
    return n < 2 ? std::numeric_limits<double>::quiet_NaN() : std::sqrt(squares / (n - 1) / n);
}

class Measurement {
  public:
    Measurement(const Model& model, const WindowPlan& plan, const SensitivitySettings& settings,
                const EvaluateOptions& options, Workers& workers, JobMonitor& monitor)
        : model_(model),
          original_(model),
          plan_(plan),
          settings_(settings),
          options_(options),
          workers_(workers),
          monitor_(monitor),
          windowLoss_(plan.windows) {
        for (const TensorInfo& tensor : model.tensors()) {
            if (!tensor.isVector) {
                tensors_.push_back(&tensor);
            }
        }
        divergences_.resize(tensors_.size());
    }

    Sensitivity run() {
        const std::size_t together = settings_.together.size();
        planned_ = settings_.leastRepeats * tensors_.size() + together;
        for (std::size_t repeat = 0; repeat < settings_.mostRepeats; ++repeat) {
            const std::vector<std::size_t> wanted = wantedIn(repeat);
            planned_ = std::max(planned_, done_ + wanted.size() + together);
            for (const std::size_t index : wanted) {
                inject(index, repeat);
            }
        }
        Sensitivity sensitivity = result();
        sensitivity.accumulation = accumulation(sensitivity);
        return sensitivity;
    }

  private:
    /// Tensors that are known too badly. Those of which the sum over all would hardly change need no more.
    std::vector<std::size_t> wantedIn(std::size_t repeat) const {
        std::vector<std::size_t> wanted;
        double all = 0;
        for (const auto& divergences : divergences_) {
            all += divergences.empty() ? 0 : meanOf(divergences);
        }
        constexpr double negligible = 0.002;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            const bool known = repeat >= settings_.leastRepeats &&
                               !(standardErrorOf(divergences_[i]) >
                                 std::max(settings_.precision * meanOf(divergences_[i]), negligible * all));
            if (!known) {
                wanted.push_back(i);
            }
        }
        return wanted;
    }

    ComparisonResult measure(const NoisyWeights& noisy, const std::string& detail) {
        const auto all = static_cast<double>(planned_);
        PartMonitor part(monitor_, static_cast<double>(done_) / all, static_cast<double>(done_ + 1) / all,
                         "noise", detail);
        ++done_;
        return evaluateAgainst(noisy, original_, plan_, workers_, part, options_);
    }

    std::uint64_t seedOf(std::size_t index, std::size_t repeat) const {
        return splitMix(splitMix(settings_.seed) ^ (index << 16U) ^ repeat);
    }

    void inject(std::size_t index, std::size_t repeat) {
        const TensorInfo& tensor = *tensors_[index];
        const NoisyWeights noisy(model_, tensor, settings_.relativeError, seedOf(index, repeat));
        const ComparisonResult result = measure(noisy, tensor.name);
        divergences_[index].push_back(result.divergence.mean);
        for (std::size_t window = 0; window < plan_.windows; ++window) {
            windowLoss_[window] += result.loss.windowNll[window] - result.baseline.windowNll[window];
        }
    }

    /// Least squares over what noise in all decoder linears measures relative to the sum of its costs.
    double accumulation(const Sensitivity& sensitivity) {
        constexpr double largestError = 0.2; // of a tensor; about what 2 bits leave
        double ofAll = 0;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            ofAll += isDecoderLinear(tensors_[i]->role) ? sensitivity.tensors[i].divergence : 0;
        }
        double excess = 0;
        double squares = 0;
        for (std::size_t level = 0; level < settings_.together.size(); ++level) {
            const double error = std::min(settings_.together[level] / ofAll, largestError);
            if (!(error > 0)) {
                continue; // a model that no noise changes
            }
            NoisyWeights noisy(model_);
            for (std::size_t i = 0; i < tensors_.size(); ++i) {
                if (isDecoderLinear(tensors_[i]->role)) {
                    noisy.add(*tensors_[i], error, seedOf(i, settings_.mostRepeats + level));
                }
            }
            const double sum = error * ofAll;
            excess += measure(noisy, "all tensors").divergence.mean - sum;
            squares += sum * sum;
        }
        return squares > 0 ? std::max(0.0, excess / squares) : 0;
    }

    Sensitivity result() const {
        Sensitivity sensitivity;
        double divergence = 0;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            const TensorInfo& tensor = *tensors_[i];
            const auto& measured = divergences_[i];
            sensitivity.tensors.push_back({tensor.name, std::string(roleName(tensor.role)), tensor.shape.rows,
                                           tensor.shape.columns, meanOf(measured) / settings_.relativeError,
                                           standardErrorOf(measured) / settings_.relativeError,
                                           measured.size()});
            divergence += std::accumulate(measured.begin(), measured.end(), 0.0);
        }
        if (divergence > 0) {
            const double tokens = static_cast<double>(plan_.targetsPerWindow()) * divergence;
            sensitivity.lossPerDivergence = meanOf(windowLoss_) / tokens;
            sensitivity.lossPerDivergenceError = standardErrorOf(windowLoss_) / tokens;
        }
        return sensitivity;
    }

    const Model& model_;
    OriginalWeights original_;
    const WindowPlan& plan_;
    const SensitivitySettings& settings_;
    const EvaluateOptions& options_;
    Workers& workers_;
    JobMonitor& monitor_;
    std::vector<const TensorInfo*> tensors_;
    std::vector<std::vector<double>> divergences_; ///< of each tensor's repeats, nats
    std::vector<double> windowLoss_; ///< nats more than the unquantized model's, all repeats together
    std::size_t planned_ = 0;
    std::size_t done_ = 0;
};

} // namespace

Sensitivity measureSensitivity(const Model& model, const WindowPlan& plan,
                               const SensitivitySettings& settings, const EvaluateOptions& options,
                               Workers& workers, JobMonitor& monitor) {
    return Measurement(model, plan, settings, options, workers, monitor).run();
}

} // namespace planish
