// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/token_weights.h"

#include "gradient/backward_pass.h"

#include <algorithm>
#include <numeric>

namespace planish {

class TokenWeights::Collector final : public GradientSink {
  public:
    Collector(std::map<Place, std::vector<float>>& weights, const ModelConfig& config, std::size_t tokens)
        : weights_(weights), config_(config), tokens_(tokens) {}

    void beginAt(std::size_t token) { begin_ = token; }
    bool wants(const TensorInfo&) const override { return false; }
    void take(const TensorInfo&, const Matrix&) override {}
    void takeOutputs(const TensorInfo& tensor, std::size_t firstToken, MatrixView gradient) override {
        std::vector<float>& sums = weights_[placeOf(tensor, config_).value()];
        sums.resize(tokens_);
        for (Eigen::Index i = 0; i < gradient.rows(); ++i) {
            sums[begin_ + firstToken + static_cast<std::size_t>(i)] += gradient.row(i).squaredNorm();
        }
    }

  private:
    std::map<Place, std::vector<float>>& weights_;
    const ModelConfig& config_;
    std::size_t tokens_;
    std::size_t begin_ = 0; ///< of the windows that are passed
};

TokenWeights::TokenWeights(const WeightSource& original, const WindowPlan& samples, Workers& workers,
                           Arithmetic arithmetic, JobMonitor& monitor) {
    const std::size_t context = samples.context;
    const std::span<const TokenId> tokens(samples.tokens.data(), samples.windows * context);
    const BackwardPass pass(original, context, workers, arithmetic);
    Collector collector(weights_, original.model().config(), tokens.size());
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
    for (auto& [place, weights] : weights_) {
        const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
        const double mean = sum / static_cast<double>(weights.size());
        for (float& weight : weights) {
            weight = mean > 0 ? static_cast<float>(static_cast<double>(weight) / mean) : 1;
        }
    }
}

const std::vector<float>& TokenWeights::at(Place place) const {
    static const std::vector<float> equal;
    const auto found = weights_.find(place);
    return found != weights_.end() ? found->second : equal;
}

} // namespace planish
