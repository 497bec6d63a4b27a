// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/column_rounding.h"

#include <algorithm>
#include <vector>

namespace planish {
namespace {

class DirectColumns final : public ColumnRounding {
  public:
    DirectColumns(MatrixView weights, const EncodeContext& context)
        : weights_(weights), context_(context), importance_(static_cast<std::size_t>(weights.cols()), 1.0F) {}

    std::span<const float> importance() const override { return importance_; }

    void run(std::span<const std::size_t> tileBegins, ColumnQuantizer& quantizer) const override {
        constexpr std::size_t columnsPerTask = 32;
        const std::size_t columns = importance_.size();
        const std::size_t parts = (columns + columnsPerTask - 1) / columnsPerTask;
        context_.workers.forEach((tileBegins.size() - 1) * parts,
                                 [&](std::size_t task) {
                                     const std::size_t begin = tileBegins[task / parts];
                                     const std::size_t rows = tileBegins[task / parts + 1] - begin;
                                     const std::size_t first = task % parts * columnsPerTask;
                                     const auto tile = quantizer.tile(begin, rows, 1);
                                     Vector wanted(static_cast<Eigen::Index>(rows));
                                     Vector stored(static_cast<Eigen::Index>(rows));
                                     for (std::size_t column = first;
                                          column < std::min(columns, first + columnsPerTask); ++column) {
                                         wanted = weights_.col(static_cast<Eigen::Index>(column))
                                                      .segment(static_cast<Eigen::Index>(begin),
                                                               static_cast<Eigen::Index>(rows));
                                         tile->round(column, {wanted.data(), rows}, {stored.data(), rows});
                                     }
                                 },
                                 context_.monitor);
    }

  private:
    MatrixView weights_;
    const EncodeContext& context_;
    std::vector<float> importance_;
};

} // namespace

std::unique_ptr<const ColumnRounding> directColumns(MatrixView weights, const EncodeContext& context) {
    return std::make_unique<const DirectColumns>(weights, context);
}

} // namespace planish
