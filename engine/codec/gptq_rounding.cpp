// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gptq_rounding.h"

#include "algebra/gemm.h"
#include "algebra/inverse_factor.h"
#include "codec/input_statistics.h"
#include "codec/principal_outputs.h"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace planish {
namespace {

using Index = Eigen::Index;

/// Columns whose errors reach the columns after them together.
struct Block {
    Index begin;
    Index end;
    PackedMatrix further; ///< U of these rows and all columns after `end`
};

/// The inverse factor of H + λI, columns in the given order.
Matrix dampedInverseFactor(const Matrix& hessian, const std::vector<Index>& order, bool onlyDiagonal,
                           const EncodeContext& context) {
    const double mean = hessian.diagonal().cast<double>().mean();
    const double usual = mean > 0 ? mean : 1.0;
    for (double damping = 0.01; damping < 1e9; damping *= 10) {
        const auto damped = [&](std::size_t row, std::size_t firstColumn, std::span<double> numbers) {
            for (std::size_t i = 0; i < numbers.size(); ++i) {
                const std::size_t column = firstColumn + i;
                const double number = hessian(order[row], order[column]);
                if (column == row) {
                    numbers[i] = (number > 0 ? number : usual) + damping * usual;
                } else {
                    numbers[i] = onlyDiagonal ? 0 : number;
                }
            }
        };
        if (auto factor = inverseFactor(order.size(), damped, context.workers, context.monitor)) {
            return *std::move(factor);
        }
    }
    throw Error("the statistics of the inputs are no covariance: no damping makes them positive definite");
}

std::vector<Index> columnOrder(const Matrix& hessian, bool byActivation) {
    std::vector<Index> order(static_cast<std::size_t>(hessian.rows()));
    std::iota(order.begin(), order.end(), Index{0});
    if (byActivation) {
        std::stable_sort(order.begin(), order.end(),
                         [&](Index a, Index b) { return hessian(a, a) > hessian(b, b); });
    }
    return order;
}

/// Blocks that begin where groups begin, so that a group is fixed when all earlier errors have reached it.
std::vector<Block> blocksOf(Index columns, Index groupSize) {
    constexpr Index most = 128;
    std::vector<Block> blocks;
    const Index whole = groupSize <= most ? most / groupSize * groupSize : groupSize;
    for (Index group = 0; group < columns; group += whole) {
        const Index groupEnd = std::min(columns, group + whole);
        for (Index begin = group; begin < groupEnd; begin += most) {
            blocks.push_back({begin, std::min(groupEnd, begin + most), {}});
        }
    }
    return blocks;
}

/// What all rows of a tensor share.
class ErrorFeedback {
  public:
    ErrorFeedback(const InputStatistics& inputs, const GptqOptions& options, Index groupSize,
                  const EncodeContext& context)
        : order_(columnOrder(inputs.hessian, options.activationOrder)),
          factor_(dampedInverseFactor(inputs.hessian, order_, options.diagonal, context)),
          blocks_(blocksOf(factor_.rows(), groupSize)) {
        for (Block& block : blocks_) {
            block.further.pack(
                factor_.block(block.begin, block.end, block.end - block.begin, factor_.cols() - block.end));
        }
        importance_.resize(order_.size());
        for (std::size_t i = 0; i < order_.size(); ++i) {
            const float u = factor_(static_cast<Index>(i), static_cast<Index>(i));
            importance_[static_cast<std::size_t>(order_[i])] = 1.0F / (u * u);
        }
    }

    const std::vector<Index>& order() const { return order_; }
    const Matrix& factor() const { return factor_; }
    const std::vector<Block>& blocks() const { return blocks_; }
    /// What a squared error of each column costs once later columns have made up for it.
    std::span<const float> importance() const { return importance_; }

  private:
    std::vector<Index> order_;
    Matrix factor_;
    std::vector<Block> blocks_;
    std::vector<float> importance_;
};

class GptqRounding final : public Rounding {
  public:
    GptqRounding(const GptqOptions& options, std::unique_ptr<const GroupChoice> choice)
        : options_(options), choice_(std::move(choice)) {}

    void encode(const ScalarFormat& format, MatrixView weights, const EncodeContext& context,
                std::span<std::byte> out) const override {
        const auto columns = static_cast<std::size_t>(weights.cols());
        const ErrorFeedback feedback(*context.inputs, options_, static_cast<Index>(format.groupSize(columns)),
                                     context);
        const Matrix targets = options_.asymmetric ? asymmetricTargets(weights, feedback, context) : Matrix();
        const MatrixView wanted = options_.asymmetric ? MatrixView(targets) : weights;
        // Enough rows to make the passing on a matrix product, few enough to share among threads.
        constexpr Index rowsPerTask = 48;
        const Index tasks = (wanted.rows() + rowsPerTask - 1) / rowsPerTask;
        const std::size_t rowBytes = format.rowBytes(columns);
        context.workers.forEach(
            static_cast<std::size_t>(tasks),
            [&](std::size_t task) {
                const Index first = static_cast<Index>(task) * rowsPerTask;
                const Index count = std::min(rowsPerTask, wanted.rows() - first);
                encodeRows(format, wanted.middleRows(first, count), feedback, context.monitor,
                           out.subspan(static_cast<std::size_t>(first) * rowBytes,
                                       static_cast<std::size_t>(count) * rowBytes));
            },
            context.monitor);
    }

  private:
    /// W + W (E[x x̄ᵀ] − H)ᵀ (H + λI)⁻¹, whose outputs for the inputs x are nearest to those of W for x̄.
    static Matrix asymmetricTargets(MatrixView weights, const ErrorFeedback& feedback,
                                    const EncodeContext& context) {
        const InputStatistics& inputs = *context.inputs;
        if (inputs.crossMoment.size() == 0) {
            return weights;
        }
        const Eigen::PermutationMatrix<Eigen::Dynamic> permutation = permutationOf(feedback.order());
        const Matrix shift = (inputs.crossMoment - inputs.hessian).transpose();
        Matrix moved = product(weights, shift, context) * permutation;
        moved = product(moved, feedback.factor().transpose(), context);
        moved = product(moved, feedback.factor(), context);
        return weights + moved * permutation.transpose();
    }

    /// P with (W P) having column order[i] of W in place i.
    static Eigen::PermutationMatrix<Eigen::Dynamic> permutationOf(const std::vector<Index>& order) {
        Eigen::PermutationMatrix<Eigen::Dynamic> permutation(static_cast<Index>(order.size()));
        for (std::size_t i = 0; i < order.size(); ++i) {
            permutation.indices()[static_cast<Index>(i)] = static_cast<int>(order[i]);
        }
        return permutation;
    }

    void encodeRows(const ScalarFormat& format, MatrixView wanted, const ErrorFeedback& feedback,
                    const JobMonitor& monitor, std::span<std::byte> out) const {
        const auto columns = static_cast<std::size_t>(wanted.cols());
        const auto rows = static_cast<std::size_t>(wanted.rows());
        std::vector<std::unique_ptr<RowEncoder>> encoders;
        for (Index row = 0; row < wanted.rows(); ++row) {
            encoders.push_back(format.startRow({wanted.row(row).data(), columns}, *choice_));
        }
        Matrix weights(wanted.rows(), wanted.cols());
        for (std::size_t i = 0; i < columns; ++i) {
            weights.col(static_cast<Index>(i)) = wanted.col(feedback.order()[i]);
        }
        if (options_.activationOrder) {
            fixGroups(format, wanted, feedback, encoders);
        }
        for (const Block& block : feedback.blocks()) {
            monitor.throwIfCancelled();
            Matrix errors(wanted.rows(), block.end - block.begin);
            for (std::size_t row = 0; row < rows; ++row) {
                roundBlock(format, feedback, block, *encoders[row],
                           std::span(weights.row(static_cast<Index>(row)).data(), columns),
                           errors.row(static_cast<Index>(row)).data());
            }
            if (block.further.outputs() > 0) {
                multiply(errors, block.further, weights.rightCols(wanted.cols() - block.end), true);
            }
        }
        const std::size_t rowBytes = format.rowBytes(columns);
        for (std::size_t row = 0; row < rows; ++row) {
            encoders[row]->write(out.subspan(row * rowBytes, rowBytes));
        }
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

    /// Rounds the columns of a block in one row; `errors` become what further columns are to be given U
    /// times.
    void roundBlock(const ScalarFormat& format, const ErrorFeedback& feedback, const Block& block,
                    RowEncoder& encoder, std::span<float> weights, float* errors) const {
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
