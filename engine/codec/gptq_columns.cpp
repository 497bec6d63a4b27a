// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gptq_columns.h"

#include "codec/error_feedback.h"
#include "codec/output_feedback.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;

class GptqColumns final : public ColumnRounding {
  public:
    GptqColumns(const GptqOptions& options, MatrixView weights, const EncodeContext& context)
        : context_(context),
          feedback_(*context.inputs, options, 1, context),
          outputFactor_(OutputFeedback::factorOf(options.diagonal ? nullptr : context.outputs, context)) {
        const Matrix targets = options.asymmetric ? feedback_.asymmetricTargets(weights, context) : Matrix();
        const MatrixView wanted = options.asymmetric ? MatrixView(targets) : weights;
        ordered_ = feedback_.inOrder(wanted);
    }

    std::span<const float> importance() const override { return feedback_.importance(); }

    void run(std::span<const std::size_t> tileBegins, ColumnQuantizer& quantizer) const override {
        struct Tile {
            Matrix weights;
            std::unique_ptr<TileQuantizer> quantizer;
        };
        OutputFeedback outputs(outputFactor_, tileBegins, ordered_);
        std::vector<std::optional<Tile>> tiles(outputs.tiles());
        outputs.forEachBlock(
            feedback_.blocks().size(),
            [&](std::size_t index, std::size_t block) {
                std::optional<Tile>& tile = tiles[index];
                const Index begin = feedback_.blocks()[block].begin;
                const Index end = feedback_.blocks()[block].end;
                const Index rows = outputs.rows(index);
                const auto before = ordered_.middleRows(outputs.firstRow(index), rows);
                if (block == 0) {
                    tile = Tile{before, nullptr};
                }
                outputs.receive(index, begin, end, tile->weights);
                if (block == 0) {
                    const float growth =
                        growthOf(before.leftCols(end).norm(), tile->weights.leftCols(end).norm());
                    tile->quantizer =
                        quantizer.tile(tileBegins[index], static_cast<std::size_t>(rows), growth);
                }
                roundBlock(feedback_.blocks()[block], tile->weights, *tile->quantizer);
                outputs.pass(index, begin, end, tile->weights);
                if (block + 1 == feedback_.blocks().size()) {
                    tile.reset();
                }
            },
            context_);
    }

  private:
    static float growthOf(float before, float after) {
        constexpr float most = 16; // of weights that are next to nothing themselves
        return before > 0 ? std::clamp(after / before, 1.0F, most) : 1.0F;
    }

    /// Columns of the block become what is stored for them, and later ones make up for the errors.
    void roundBlock(const ErrorFeedback::Block& block, Matrix& weights, TileQuantizer& tile) const {
        Matrix errors(weights.rows(), block.end - block.begin);
        Vector wanted(weights.rows());
        Vector stored(weights.rows());
        const auto rows = static_cast<std::size_t>(weights.rows());
        for (Index j = block.begin; j < block.end; ++j) {
            context_.monitor.throwIfCancelled();
            wanted = weights.col(j);
            tile.round(static_cast<std::size_t>(feedback_.order()[static_cast<std::size_t>(j)]),
                       {wanted.data(), rows}, {stored.data(), rows});
            weights.col(j) = stored;
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
        if (block.further.outputs() > 0) {
            multiply(errors, block.further, weights.rightCols(weights.cols() - block.end), true);
        }
    }

    const EncodeContext& context_;
    ErrorFeedback feedback_;
    Matrix outputFactor_; ///< see OutputFeedback; empty without
    Matrix ordered_;      ///< the weights to store, columns in the order of rounding
};

} // namespace

std::unique_ptr<const ColumnRounding> makeGptqColumns(const GptqOptions& options, MatrixView weights,
                                                      const EncodeContext& context) {
    return std::make_unique<const GptqColumns>(options, weights, context);
}

} // namespace planish
