// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/gptq_rounding.h"

#include "codec/error_feedback.h"
#include "codec/gptq_columns.h"

#include <algorithm>
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
        const ErrorFeedback feedback(*context.inputs, options_, static_cast<Index>(format.groupSize(columns)),
                                     context);
        const Matrix targets = options_.asymmetric ? feedback.asymmetricTargets(weights, context) : Matrix();
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

    std::unique_ptr<const ColumnRounding> startColumns(MatrixView weights,
                                                       const EncodeContext& context) const override {
        return makeGptqColumns(options_, weights, context);
    }

  private:
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
        for (const ErrorFeedback::Block& block : feedback.blocks()) {
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
    void roundBlock(const ScalarFormat& format, const ErrorFeedback& feedback,
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
