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
        planned_ = settings_.leastRepeats * tensors_.size();
        for (std::size_t repeat = 0; repeat < settings_.mostRepeats; ++repeat) {
            const std::vector<std::size_t> wanted = wantedIn(repeat);
            planned_ = std::max(planned_, done_ + wanted.size());
            for (const std::size_t index : wanted) {
                inject(index, repeat);
            }
        }
        return result();
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

    void inject(std::size_t index, std::size_t repeat) {
        const TensorInfo& tensor = *tensors_[index];
        const auto all = static_cast<double>(planned_);
        PartMonitor part(monitor_, static_cast<double>(done_) / all, static_cast<double>(done_ + 1) / all,
                         "noise", tensor.name);
        const std::uint64_t seed = splitMix(splitMix(settings_.seed) ^ (index << 16U) ^ repeat);
        const NoisyWeights noisy(model_, tensor, settings_.relativeError, seed);
        const ComparisonResult result = evaluateAgainst(noisy, original_, plan_, workers_, part, options_);
        divergences_[index].push_back(result.divergence.mean);
        for (std::size_t window = 0; window < plan_.windows; ++window) {
            windowLoss_[window] += result.loss.windowNll[window] - result.baseline.windowNll[window];
        }
        ++done_;
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
