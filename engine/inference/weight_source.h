// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/packed_matrix.h"
#include "model/model.h"
#include "support/matrix.h"
#include "support/workers.h"

#include <utility>

namespace planish {

/// Where the forward pass gets a model's weights from, as floats and on demand: the model file itself, or
/// packed tensors that are decoded. Thread-safe.
class WeightSource {
  public:
    virtual ~WeightSource() = default;
    virtual const Model& model() const = 0;
    /// Rows [firstRow, firstRow + out.rows()) of a tensor, on the calling thread.
    virtual void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const = 0;

    /// How many rows are quickest read together, from a multiple of as many on; a power of two.
    virtual std::size_t rowsTogether([[maybe_unused]] const TensorInfo& tensor) const { return 1; }

    /// What a tensor's values are: of one model, equal names mean equal values. "" for those of the model
    /// file. Not thread-safe.
    virtual std::string identity(const TensorInfo& tensor) const = 0;

    /// A whole tensor, its rows in parallel.
    Matrix matrix(const TensorInfo& tensor, Workers& workers) const;
    /// The same laid out for products with its transpose; floats of a few rows only are in memory.
    PackedMatrix packed(const TensorInfo& tensor, Workers& workers, Arithmetic arithmetic) const;
    /// The same of some of its rows, for tensors that are several linears one below the other.
    PackedMatrix packed(const TensorInfo& tensor, std::size_t firstRow, std::size_t count, Workers& workers,
                        Arithmetic arithmetic) const;
    Vector vector(const TensorInfo& tensor) const;
};

/// The weights as the model file has them.
class OriginalWeights final : public WeightSource {
  public:
    explicit OriginalWeights(Model model) : model_(std::move(model)) {}
    const Model& model() const override { return model_; }
    void rows(const TensorInfo& tensor, std::size_t firstRow, MutableMatrixView out) const override;
    std::size_t rowsTogether(const TensorInfo& tensor) const override { return model_.rowsTogether(tensor); }
    std::string identity(const TensorInfo&) const override { return ""; }

  private:
    Model model_;
};

} // namespace planish
