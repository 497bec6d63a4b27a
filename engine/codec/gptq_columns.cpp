// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gptq_columns.h"

#include "codec/error_feedback.h"

#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;

class GptqColumns final : public ColumnRounding {
  public:
    GptqColumns(const GptqOptions& options, MatrixView weights, const EncodeContext& context)
        : context_(context), feedback_(*context.inputs, options, 1, context) {
        const Matrix targets = options.asymmetric ? feedback_.asymmetricTargets(weights, context) : Matrix();
        const MatrixView wanted = options.asymmetric ? MatrixView(targets) : weights;
        ordered_.resize(wanted.rows(), wanted.cols());
        for (Index i = 0; i < wanted.cols(); ++i) {
            ordered_.col(i) = wanted.col(feedback_.order()[static_cast<std::size_t>(i)]);
        }
    }

    std::span<const float> importance() const override { return feedback_.importance(); }

    void run(std::span<const std::size_t> tileBegins, ColumnQuantizer& quantizer) const override {
        context_.workers.forEach(
            tileBegins.size() - 1,
            [&](std::size_t tile) {
                const std::size_t rows = tileBegins[tile + 1] - tileBegins[tile];
                Matrix weights =
                    ordered_.middleRows(static_cast<Index>(tileBegins[tile]), static_cast<Index>(rows));
                roundTile(weights, *quantizer.tile(tileBegins[tile], rows));
            },
            context_.monitor);
    }

  private:
    void roundTile(Matrix& weights, TileQuantizer& tile) const {
        for (const ErrorFeedback::Block& block : feedback_.blocks()) {
            Matrix errors(weights.rows(), block.end - block.begin);
            roundBlock(block, weights, errors, tile);
            if (block.further.outputs() > 0) {
                multiply(errors, block.further, weights.rightCols(weights.cols() - block.end), true);
            }
        }
    }

    void roundBlock(const ErrorFeedback::Block& block, Matrix& weights, Matrix& errors,
                    TileQuantizer& tile) const {
        Vector wanted(weights.rows());
        Vector stored(weights.rows());
        const auto rows = static_cast<std::size_t>(weights.rows());
        for (Index j = block.begin; j < block.end; ++j) {
            context_.monitor.throwIfCancelled();
            wanted = weights.col(j);
            tile.round(static_cast<std::size_t>(feedback_.order()[static_cast<std::size_t>(j)]),
                       {wanted.data(), rows}, {stored.data(), rows});
            const float* u = feedback_.factor().row(j).data();
            for (Index row = 0; row < weights.rows(); ++row) {
                const float error = (stored[row] - wanted[row]) / u[j];
                errors(row, j - block.begin) = error;
                float* later = weights.row(row).data();
                for (Index k = j + 1; k < block.end; ++k) {
                    later[k] += error * u[k];
                }
            }
        }
    }

    const EncodeContext& context_;
    ErrorFeedback feedback_;
    Matrix ordered_; ///< the weights to store, columns in the order of rounding
};

} // namespace

std::unique_ptr<const ColumnRounding> makeGptqColumns(const GptqOptions& options, MatrixView weights,
                                                      const EncodeContext& context) {
    return std::make_unique<const GptqColumns>(options, weights, context);
}

} // namespace planish
