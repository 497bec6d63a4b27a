// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/windows.h"
#include "inference/forward_pass.h"

#include <compare>
#include <optional>

namespace planish {

/// Where tensors read their inputs, in the order of the network: q, k and v; o; gate and up; down; the head.
enum class Site { queryKeyValue, output, gateUp, down, head };

/// The site at which tensors of a role read; none for embedding, norms and biases.
std::optional<Site> siteOf(Role role);

/// A site of a model: of one of its blocks, or the head's, in block `ModelConfig::blocks`.
struct Place {
    std::size_t block = 0;
    Site site = Site::queryKeyValue;

    auto operator<=>(const Place&) const = default;
};
/// The place whose inputs a tensor reads; none for embedding, norms and biases.
std::optional<Place> placeOf(const TensorInfo& tensor, const ModelConfig& config);

/// The tensor of the norm that produces what is read at a place; "" where there is none.
std::string normBefore(Place place, const ModelConfig& config);

/// How many inputs tensors read at a site.
std::size_t inputsAt(Site site, const ModelConfig& config);

/// The activations of all calibration samples on their way through a model, site after site: the block stream
/// of the forward pass, stopped where tensors read. Weights are taken from the source when the stream passes
/// them, so that tensors after the present place may still change. Memory: hidden states, and of the present
/// block the attention's outputs, or the MLP's activations where they take no more than hiddenStateBudget
/// (otherwise these are computed once more when the stream goes on).
class CalibrationStream {
  public:
    /// `weights`, `samples` and `workers` must outlive this.
    /// It begins at block 0, or with a cache at the last boundary known there up to `block`, and keeps the
    /// boundaries it passes.
    CalibrationStream(const WeightSource& weights, const WindowPlan& samples, Workers& workers,
                      Arithmetic arithmetic = Arithmetic::float32, StateCache* cache = nullptr,
                      std::size_t block = 0);

    Place place() const { return place_; }
    /// Goes on to a place that is not before the present one. Reports its progress; throws Cancelled.
    void advanceTo(Place place, JobMonitor& monitor);

    /// Inputs are handed out in chunks of at most so many tokens.
    static constexpr std::size_t tokensPerChunk = 4096;
    std::size_t chunks() const;
    /// What the tensors at the present place read, [tokens, inputs].
    Matrix inputs(std::size_t chunk, const JobMonitor& monitor) const;

  private:
    void begin(std::size_t block);
    void keepBoundary();
    void step(JobMonitor& monitor);
    void attendAll(JobMonitor& monitor);
    Matrix normalized(Eigen::Index first, Eigen::Index count) const;
    Matrix activations(Eigen::Index first, Eigen::Index count) const;
    /// body(first row, rows) for tiles that cover `rows` rows.
    template <typename Body>
    void forEachTile(Eigen::Index rows, JobMonitor& monitor, const Body& body) const;

    const WeightSource& weights_;
    const ModelConfig& config_;
    Workers& workers_;
    const WindowPlan& samples_;
    StateCache* cache_;
    ForwardPass pass_;
    HiddenStates states_;
    Place place_;
    BlockWeights block_; ///< what has been read of the present block
    Matrix attended_;    ///< at Site::output
    Matrix activations_; ///< at Site::down, empty when over the budget
};

} // namespace planish
