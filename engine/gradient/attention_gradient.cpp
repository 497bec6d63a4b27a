// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/attention_gradient.h"

#include "algebra/gemm.h"
#include "gradient/gradient_kernels.h"
#include "inference/attention.h"
#include "inference/kernels.h"

#include <algorithm>
#include <cmath>

namespace planish {
namespace {

using Index = Eigen::Index;

/// One key/value head of one window with the query heads that read it.
class HeadGradient {
  public:
    HeadGradient(MatrixView keys, MatrixView values, Arithmetic arithmetic) : arithmetic_(arithmetic) {
        // Scores in fp32, as in the forward pass.
        keysTransposed_.packTransposed(keys);
        keys_.pack(keys, arithmetic);
        valuesTransposed_.packTransposed(values, arithmetic);
    }

    /// Adds to the derivatives of keys and values, sets those of the queries; all of one head and all tokens.
    void add(MatrixView queries, MatrixView gradient, MutableMatrixView queryGradient,
             MutableMatrixView keyGradient, MutableMatrixView valueGradient, const JobMonitor& monitor) {
        const Index tokens = queries.rows();
        const float scale = 1.0F / std::sqrt(static_cast<float>(queries.cols()));
        for (Index first = 0; first < tokens; first += static_cast<Index>(queriesPerTile)) {
            monitor.throwIfCancelled();
            const Index count = std::min<Index>(queriesPerTile, tokens - first);
            const Index visible = first + count;
            const Index columns =
                std::min(visible + visible % 2, tokens); // even, as products of pairs want it
            Matrix weights(count, columns);
            Matrix derivatives(count, columns);
            multiply(queries.middleRows(first, count), keysTransposed_, weights);
            multiply(gradient.middleRows(first, count), valuesTransposed_, derivatives);
            for (Index i = 0; i < count; ++i) {
                float* weight = weights.data() + i * columns;
                float* derivative = derivatives.data() + i * columns;
                const auto seen = static_cast<std::size_t>(first + i + 1);
                softmax({weight, seen}, scale);
                softmaxGradient({weight, seen}, scale, {derivative, seen});
                std::fill(weight + seen, weight + columns, 0.0F);
                std::fill(derivative + seen, derivative + columns, 0.0F);
            }
            multiply(derivatives, keys_, queryGradient.middleRows(first, count));
            addTransposed(derivatives, queries.middleRows(first, count), keyGradient.topRows(columns));
            addTransposed(weights, gradient.middleRows(first, count), valueGradient.topRows(columns));
        }
    }

  private:
    /// sum += leftᵀ · right, both of one tile of queries.
    void addTransposed(const Matrix& left, MatrixView right, MutableMatrixView sum) {
        transposed_ = left.transpose();
        tile_.pack(right, arithmetic_);
        multiply(transposed_, tile_, sum, true);
    }

    Arithmetic arithmetic_;
    PackedMatrix keysTransposed_;
    PackedMatrix keys_;
    PackedMatrix valuesTransposed_;
    PackedMatrix tile_;
    Matrix transposed_;
};

} // namespace

Projections attentionGradient(const ModelConfig& config, const Projections& projected, MatrixView gradient,
                              std::size_t context, Arithmetic arithmetic, Workers& workers,
                              const JobMonitor& monitor) {
    Projections result{Matrix(projected.queries.rows(), projected.queries.cols()),
                       Matrix::Zero(projected.keys.rows(), projected.keys.cols()),
                       Matrix::Zero(projected.values.rows(), projected.values.cols())};
    const auto rows = static_cast<Index>(context);
    const auto size = static_cast<Index>(config.headSize);
    const std::size_t sources = config.keyValueHeads;
    const auto headsPerSource = static_cast<Index>(config.heads / sources);
    const auto windows = static_cast<std::size_t>(gradient.rows()) / context;
    workers.forEach(
        windows * sources,
        [&](std::size_t index) {
            const Index row = static_cast<Index>(index / sources) * rows;
            const auto source = static_cast<Index>(index % sources);
            const Index column = source * size;
            HeadGradient head(projected.keys.block(row, column, rows, size),
                              projected.values.block(row, column, rows, size), arithmetic);
            for (Index query = source * headsPerSource; query < (source + 1) * headsPerSource; ++query) {
                head.add(projected.queries.block(row, query * size, rows, size),
                         gradient.block(row, query * size, rows, size),
                         result.queries.block(row, query * size, rows, size),
                         result.keys.block(row, column, rows, size),
                         result.values.block(row, column, rows, size), monitor);
            }
        },
        monitor);
    return result;
}

} // namespace planish
