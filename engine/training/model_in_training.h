// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "inference/weight_source.h"
#include "training/adam.h"

#include <cstdint>
#include <optional>
#include <vector>

namespace planish {

/// A tensor of a model in training: floats, which may be trained, until it is packed. Its codes are frozen
/// then; coordinates (Format::coordinateShape) may go on.
struct TensorInTraining {
    Matrix values;                      ///< once packed: what is decoded
    std::optional<PackedTensor> packed; ///< with the coordinates nearest to those in training
    Matrix coordinates;                 ///< of the packed tensor, in training; empty when it stays as it is
    AdamMoments moments;                ///< of values or coordinates; empty before the first step

    bool inTraining() const { return !packed || coordinates.size() > 0; }
};

/// How far a training is: all that the rest of it depends on.
struct TrainingState {
    std::uint64_t steps = 0;    ///< done
    std::vector<double> losses; ///< of each
    std::vector<TensorInTraining> tensors;
};

/// A model whose tensors are trained and packed one after the other. Holds all of them as floats.
class ModelInTraining final : public WeightSource {
  public:
    /// Begins with the model's own weights; `codecs` follow model.tensors().
    ModelInTraining(Model model, std::vector<Codec> codecs, Workers& workers);

    const Model& model() const override { return model_; }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    /// No two moments of a training are alike: not to be kept by.
    std::string identity(const TensorInfo& tensor) const override;

    const std::vector<Codec>& codecs() const { return codecs_; }
    std::size_t indexOf(const TensorInfo& tensor) const;
    TrainingState& state() { return state_; }
    const TrainingState& state() const { return state_; }
    /// From now on the tensor is what these bytes are decoded to. With codecs that recover, its coordinates
    /// stay in training.
    void freeze(std::size_t index, PackedTensor packed, Workers& workers);
    /// Moves a tensor in training down its gradient (see adamStep): its values, or its coordinates and what
    /// they are decoded to. `size` is relative to `scale`, the root mean square of its weights.
    void descend(std::size_t index, const Matrix& gradient, double size, double scale, Workers& workers);
    /// Ends the training of coordinates.
    void finish();

  private:
    Model model_;
    std::vector<Codec> codecs_;
    TrainingState state_;
};

} // namespace planish
