// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gptq_rounding.h"

#include "codec/error_feedback.h"
#include "codec/gptq_columns.h"
#include "codec/output_feedback.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;

class GptqRounding final : public Rounding {
  public:
    GptqRounding(const GptqOptions& options, std::unique_ptr<const GroupChoice> choice)
        : options_(options), choice_(std::move(choice)) {}

    void encode(const ScalarFormat& format, MatrixView weights, const EncodeContext& context,
                std::span<std::byte> out) const override {
        const auto columns = static_cast<std::size_t>(weights.cols());
        const auto rows = static_cast<std::size_t>(weights.rows());
        const ErrorFeedback feedback(*context.inputs, options_, static_cast<Index>(format.groupSize(columns)),
                                     context);
        const Matrix targets = options_.asymmetric ? feedback.asymmetricTargets(weights, context) : Matrix();
        const MatrixView wanted = options_.asymmetric ? MatrixView(targets) : weights;
        // Enough rows to make the passing on a matrix product, few enough to share among threads.
        constexpr std::size_t rowsPerTile = 48;
        std::vector<std::size_t> begins;
        for (std::size_t row = 0; row < rows; row += rowsPerTile) {
            begins.push_back(row);
        }
        begins.push_back(rows);
        const Matrix factor =
            OutputFeedback::factorOf(options_.diagonal ? nullptr : context.outputs, context);
        const Matrix ordered = feedback.inOrder(wanted);
        OutputFeedback outputs(factor, begins, ordered);
        std::vector<std::optional<Tile>> tiles(outputs.tiles());
        const std::size_t rowBytes = format.rowBytes(columns);
        outputs.forEachBlock(
            feedback.blocks().size(),
            [&](std::size_t index, std::size_t number) {
                context.monitor.throwIfCancelled();
                std::optional<Tile>& tile = tiles[index];
                const Index first = outputs.firstRow(index);
                if (!tile) {
                    tile = Tile{ordered.middleRows(first, outputs.rows(index)),
                                encodersOf(format, wanted.middleRows(first, outputs.rows(index)), feedback)};
                }
                const ErrorFeedback::Block& block = feedback.blocks()[number];
                outputs.receive(index, block.begin, block.end, tile->weights);
                roundBlock(format, feedback, block, *tile);
                outputs.pass(index, block.begin, block.end, tile->weights);
                if (number + 1 == feedback.blocks().size()) {
                    for (std::size_t i = 0; i < tile->encoders.size(); ++i) {
                        tile->encoders[i]->write(out.subspan((begins[index] + i) * rowBytes, rowBytes));
                    }
                    tile.reset();
                }
            },
            context);
    }

    std::unique_ptr<const ColumnRounding> startColumns(MatrixView weights,
                                                       const EncodeContext& context) const override {
        return makeGptqColumns(options_, weights, context);
    }

  private:
    /// Rows that are rounded together.
    struct Tile {
        Matrix weights; ///< in the order of rounding; what is stored for them once they are rounded
        std::vector<std::unique_ptr<RowEncoder>> encoders;
    };

    std::vector<std::unique_ptr<RowEncoder>> encodersOf(const ScalarFormat& format, MatrixView wanted,
                                                        const ErrorFeedback& feedback) const {
        const auto columns = static_cast<std::size_t>(wanted.cols());
        std::vector<std::unique_ptr<RowEncoder>> encoders;
        for (Index row = 0; row < wanted.rows(); ++row) {
            encoders.push_back(format.startRow({wanted.row(row).data(), columns}, *choice_));
        }
        if (options_.activationOrder) {
            fixGroups(format, wanted, feedback, encoders);
        }
        return encoders;
    }

    /// Fixes the levels of all groups for the weights as they are.
    static void fixGroups(const ScalarFormat& format, MatrixView wanted, const ErrorFeedback& feedback,
                          std::vector<std::unique_ptr<RowEncoder>>& encoders) {
        const auto columns = static_cast<std::size_t>(wanted.cols());
        const std::size_t size = format.groupSize(columns);
        for (std::size_t row = 0; row < encoders.size(); ++row) {
            const std::span<const float> values(wanted.row(static_cast<Index>(row)).data(), columns);
            for (std::size_t at = 0; at < columns; at += size) {
                const std::size_t count = std::min(size, columns - at);
                encoders[row]->chooseLevels(at / size, values.subspan(at, count),
                                            feedback.importance().subspan(at, count));
            }
        }
    }

    void roundBlock(const ScalarFormat& format, const ErrorFeedback& feedback,
                    const ErrorFeedback::Block& block, Tile& tile) const {
        Matrix errors(tile.weights.rows(), block.end - block.begin);
        for (std::size_t i = 0; i < tile.encoders.size(); ++i) {
            const auto row = static_cast<Index>(i);
            roundRow(format, feedback, block, *tile.encoders[i],
                     {tile.weights.row(row).data(), static_cast<std::size_t>(tile.weights.cols())},
                     errors.row(row).data());
        }
        if (block.further.outputs() > 0) {
            multiply(errors, block.further, tile.weights.rightCols(tile.weights.cols() - block.end), true);
        }
    }

    /// `errors` become what further columns are to be given U times.
    void roundRow(const ScalarFormat& format, const ErrorFeedback& feedback,
                  const ErrorFeedback::Block& block, RowEncoder& encoder, std::span<float> weights,
                  float* errors) const {
        const std::size_t groupSize = format.groupSize(weights.size());
        const auto begin = static_cast<std::size_t>(block.begin);
        const auto end = static_cast<std::size_t>(block.end);
        for (std::size_t j = begin; j < end; ++j) {
            if (!options_.activationOrder && j % groupSize == 0) {
                const std::size_t count = std::min(groupSize, weights.size() - j);
                encoder.chooseLevels(j / groupSize, weights.subspan(j, count),
                                     feedback.importance().subspan(j, count));
            }
            const float* u = feedback.factor().row(static_cast<Index>(j)).data();
            const float stored = encoder.round(static_cast<std::size_t>(feedback.order()[j]), weights[j]);
            const float error = (stored - weights[j]) / u[j];
            weights[j] = stored;
            errors[j - begin] = error;
            for (std::size_t k = j + 1; k < end; ++k) {
                weights[k] += error * u[k];
            }
        }
    }

    GptqOptions options_;
    std::unique_ptr<const GroupChoice> choice_;
};

} // namespace

std::shared_ptr<const Rounding> makeGptqRounding(const GptqOptions& options,
                                                 std::unique_ptr<const GroupChoice> choice) {
    return std::make_shared<const GptqRounding>(options, std::move(choice));
}

} // namespace planish
