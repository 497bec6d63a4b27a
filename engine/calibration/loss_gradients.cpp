// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/loss_gradients.h"

#include "calibration/statistics_collector.h"
#include "gradient/backward_pass.h"

#include <algorithm>
#include <numeric>

namespace planish {

class LossGradients::Collector final : public GradientSink {
  public:
    Collector(std::map<Place, std::vector<float>>& weights, const ModelConfig& config, std::size_t tokens,
              bool withOutputs, Workers& workers)
        : weights_(weights), config_(config), tokens_(tokens), withOutputs_(withOutputs), workers_(workers) {}

    void beginAt(std::size_t token) { begin_ = token; }
    bool wants(const TensorInfo&) const override { return false; }
    void take(const TensorInfo&, const Matrix&) override {}
    void takeOutputs(const TensorInfo& tensor, std::size_t firstToken, MatrixView gradient) override {
        std::vector<float>& sums = weights_[placeOf(tensor, config_).value()];
        sums.resize(tokens_);
        for (Eigen::Index i = 0; i < gradient.rows(); ++i) {
            sums[begin_ + firstToken + static_cast<std::size_t>(i)] += gradient.row(i).squaredNorm();
        }
        if (withOutputs_) {
            const auto found = outputs_.try_emplace(tensor.name, tensor.shape.rows, false, workers_).first;
            found->second.add(gradient, Matrix(), {}, SilentMonitor());
        }
    }

    std::map<std::string, InputStatistics> outputs() {
        std::map<std::string, InputStatistics> all;
        while (!outputs_.empty()) { // one after the other: they are large
            all.emplace(outputs_.begin()->first, outputs_.begin()->second.result());
            outputs_.erase(outputs_.begin());
        }
        return all;
    }

  private:
    std::map<Place, std::vector<float>>& weights_;
    const ModelConfig& config_;
    std::size_t tokens_;
    bool withOutputs_;
    Workers& workers_;
    std::map<std::string, StatisticsCollector> outputs_;
    std::size_t begin_ = 0; ///< of the windows that are passed
};

LossGradients::LossGradients(const WeightSource& original, const WindowPlan& samples, bool withOutputs,
                             Workers& workers, Arithmetic arithmetic, JobMonitor& monitor) {
    const std::size_t context = samples.context;
    const std::span<const TokenId> tokens(samples.tokens.data(), samples.windows * context);
    const BackwardPass pass(original, context, workers, arithmetic);
    Collector collector(weights_, original.model().config(), tokens.size(), withOutputs, workers);
    const std::size_t together = std::max<std::size_t>(1, tokensAtOnce / context);
    for (std::size_t window = 0; window < samples.windows; window += together) {
        const std::size_t count = std::min(together, samples.windows - window);
        const auto part = tokens.subspan(window * context, count * context);
        const auto all = static_cast<double>(samples.windows);
        PartMonitor passing(monitor, static_cast<double>(window) / all,
                            static_cast<double>(window + count) / all);
        collector.beginAt(window * context);
        pass.run(part, count, NextTokenLoss(part, context), collector, passing);
    }
    outputs_ = collector.outputs();
    for (auto& [place, weights] : weights_) {
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        const double mean = sum / static_cast<double>(weights.size());
        for (float& weight : weights) {
            weight = mean > 0 ? static_cast<float>(static_cast<double>(weight) / mean) : 1;
        }
    }
}

const std::vector<float>& LossGradients::tokenWeights(Place place) const {
    static const std::vector<float> equal;
    const auto found = weights_.find(place);
    return found != weights_.end() ? found->second : equal;
}

} // namespace planish
