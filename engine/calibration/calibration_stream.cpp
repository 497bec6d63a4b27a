// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/calibration_stream.h"

#include "evaluation/evaluate.h"
#include "model/layout.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace planish {

std::optional<Site> siteOf(Role role) {
    switch (role) {
    case Role::query:
    case Role::key:
    case Role::value:
    case Role::queryKeyValue:
        return Site::queryKeyValue;
    case Role::output:
        return Site::output;
    case Role::gate:
    case Role::up:
    case Role::gateUp:
        return Site::gateUp;
    case Role::down:
        return Site::down;
    case Role::head:
        return Site::head;
    case Role::embedding:
    case Role::norm:
    case Role::bias:
        break;
    }
    return std::nullopt;
}

std::optional<Place> placeOf(const TensorInfo& tensor, const ModelConfig& config) {
    const auto site = siteOf(tensor.role);
    if (!site) {
        return std::nullopt;
    }
    return Place{site == Site::head ? config.blocks : static_cast<std::size_t>(tensor.block), *site};
}

std::size_t inputsAt(Site site, const ModelConfig& config) {
    return site == Site::output ? config.querySize()
           : site == Site::down ? config.mlpSize
                                : config.hiddenSize;
}

std::string normBefore(Place place, const ModelConfig& config) {
    if (place.site == Site::head) {
        return "model.norm";
    }
    const BlockNorms norms = blockNorms(config.design.norms);
    const char* norm = place.site == Site::queryKeyValue ? norms.beforeAttention
                       : place.site == Site::gateUp      ? norms.beforeMlp
                                                         : nullptr;
    return norm == nullptr ? "" : fmt::format("model.layers.{}.{}", place.block, norm);
}

namespace {

Place behindBlock(std::size_t block, const ModelConfig& config) {
    return {block + 1, block + 1 == config.blocks ? Site::head : Site::queryKeyValue};
}

} // namespace

CalibrationStream::CalibrationStream(const WeightSource& weights, const WindowPlan& samples, Workers& workers,
                                     Arithmetic arithmetic, StateCache* cache, std::size_t block)
    : weights_(weights),
      config_(weights.model().config()),
      workers_(workers),
      samples_(samples),
      cache_(cache),
      pass_(weights, samples.context, workers, arithmetic) {
    block_.arithmetic = arithmetic;
    begin(block);
}

void CalibrationStream::begin(std::size_t block) {
    if (cache_ != nullptr) {
        const std::vector<Boundary> boundaries = pass_.boundaries(samples_.tokens, samples_.windows);
        for (std::size_t passed = block; passed > 0; --passed) {
            if (const auto known = cache_->find(boundaries[passed].key)) {
                states_ = *known;
                place_ = behindBlock(passed - 1, config_);
                cache_->count().blocksReused += passed;
                return;
            }
        }
    }
    states_ = pass_.embed(samples_.tokens, samples_.windows);
}

void CalibrationStream::keepBoundary() {
    if (cache_ == nullptr) {
        return;
    }
    ++cache_->count().blocksComputed;
    const Boundary boundary = pass_.boundaries(samples_.tokens, samples_.windows)[place_.block];
    if (cache_->hasRoom(HiddenStates::bytes(states_.windows, states_.context, config_.hiddenSize),
                        boundary.ofUnquantized)) {
        cache_->keep(boundary.key, std::make_shared<const HiddenStates>(states_), boundary.ofUnquantized);
    }
}

template <typename Body>
void CalibrationStream::forEachTile(Eigen::Index rows, JobMonitor& monitor, const Body& body) const {
    constexpr auto tile = static_cast<Eigen::Index>(tokensPerTile);
    const auto tiles = static_cast<std::size_t>((rows + tile - 1) / tile);
    FinishedWork finished(monitor, tiles);
    workers_.forEach(
        tiles,
        [&](std::size_t index) {
            const Eigen::Index first = static_cast<Eigen::Index>(index) * tile;
            body(first, std::min(tile, rows - first));
            finished.add(1);
        },
        monitor);
}

void CalibrationStream::advanceTo(Place place, JobMonitor& monitor) {
    assert(place >= place_);
    const auto position = [](Place at) {
        return 4.0 * static_cast<double>(at.block) + static_cast<int>(at.site);
    };
    const double begin = position(place_);
    const double whole = position(place) - begin;
    while (place_ < place) {
        monitor.throwIfCancelled();
        const double here = position(place_) - begin;
        PartMonitor part(monitor, here / whole, (here + 1) / whole);
        step(part);
    }
}

void CalibrationStream::attendAll(JobMonitor& monitor) {
    attended_.resize(states_.values.rows(), static_cast<Eigen::Index>(config_.querySize()));
    const std::size_t batch = ForwardPass::windowsAtOnce(states_.context, workers_.threads());
    for (std::size_t begin = 0; begin < states_.windows; begin += batch) {
        const std::size_t count = std::min(batch, states_.windows - begin);
        pass_.attendWindows(block_, states_, begin, count,
                            attended_.middleRows(static_cast<Eigen::Index>(begin * states_.context),
                                                 static_cast<Eigen::Index>(count * states_.context)),
                            monitor);
        monitor.report({"", begin + count, states_.windows, ""});
    }
}

/// Passes the tensors of the present site.
void CalibrationStream::step(JobMonitor& monitor) {
    const Eigen::Index rows = states_.values.rows();
    const std::size_t block = place_.block;
    switch (place_.site) {
    case Site::queryKeyValue:
        block_.readQueryKeyValue(weights_, block, workers_);
        attendAll(monitor);
        place_.site = Site::output;
        break;
    case Site::output:
        block_.readOutput(weights_, block, workers_);
        forEachTile(rows, monitor, [&](Eigen::Index first, Eigen::Index count) {
            addAttention(block_, config_, attended_.middleRows(first, count),
                         states_.values.middleRows(first, count));
        });
        attended_.resize(0, 0);
        place_.site = Site::gateUp;
        break;
    case Site::gateUp:
        block_.readGateUp(weights_, block, workers_);
        if (HiddenStates::bytes(states_.windows, states_.context, config_.mlpSize) <= hiddenStateBudget) {
            Matrix kept(rows, static_cast<Eigen::Index>(config_.mlpSize));
            forEachTile(rows, monitor, [&](Eigen::Index first, Eigen::Index count) {
                kept.middleRows(first, count) = activations(first, count);
            });
            activations_ = std::move(kept);
        }
        place_.site = Site::down;
        break;
    case Site::down:
        block_.readDown(weights_, block, workers_);
        forEachTile(rows, monitor, [&](Eigen::Index first, Eigen::Index count) {
            addMlp(block_, config_, activations(first, count), states_.values.middleRows(first, count));
        });
        activations_.resize(0, 0);
        place_ = behindBlock(block, config_);
        keepBoundary();
        break;
    case Site::head:
        break;
    }
}

Matrix CalibrationStream::normalized(Eigen::Index first, Eigen::Index count) const {
    const Model& model = weights_.model();
    const std::string norm = normBefore(place_, config_);
    Matrix out(count, states_.values.cols());
    normalizeRows(states_.values.middleRows(first, count),
                  norm.empty() ? Vector() : normGain(weights_, model.tensor(norm)), config_.normEpsilon, out);
    return out;
}

Matrix CalibrationStream::activations(Eigen::Index first, Eigen::Index count) const {
    if (activations_.size() > 0) {
        return activations_.middleRows(first, count);
    }
    return mlpActivations(block_, config_, states_.values.middleRows(first, count));
}

std::size_t CalibrationStream::chunks() const {
    return (static_cast<std::size_t>(states_.values.rows()) + tokensPerChunk - 1) / tokensPerChunk;
}

Matrix CalibrationStream::inputs(std::size_t chunk, const JobMonitor& monitor) const {
    const auto start = static_cast<Eigen::Index>(chunk * tokensPerChunk);
    const Eigen::Index rows =
        std::min(static_cast<Eigen::Index>(tokensPerChunk), states_.values.rows() - start);
    const auto tileInputs = [&](Eigen::Index first, Eigen::Index count) -> Matrix {
        switch (place_.site) {
        case Site::output:
            return attended_.middleRows(first, count);
        case Site::down:
            return activations(first, count);
        case Site::queryKeyValue:
        case Site::gateUp:
        case Site::head:
            break;
        }
        return normalized(first, count);
    };
    Matrix out(rows, static_cast<Eigen::Index>(planish::inputsAt(place_.site, config_)));
    constexpr auto tile = static_cast<Eigen::Index>(tokensPerTile);
    workers_.forEach(
        static_cast<std::size_t>((rows + tile - 1) / tile),
        [&](std::size_t index) {
            const Eigen::Index first = static_cast<Eigen::Index>(index) * tile;
            const Eigen::Index count = std::min(tile, rows - first);
            out.middleRows(first, count) = tileInputs(start + first, count);
        },
        monitor);
    return out;
}

} // namespace planish
