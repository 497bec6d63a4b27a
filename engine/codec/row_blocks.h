// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <algorithm>

namespace planish {

/// Rows handed to a thread at once: enough weights to be worth a task, few enough to cancel and share well.
inline std::size_t rowsPerTask(std::size_t columns) {
    constexpr std::size_t weightsPerTask = 32768;
    return std::max<std::size_t>(1, weightsPerTask / std::max<std::size_t>(1, columns));
}

/// Calls body(firstRow, count) for blocks that cover `shape`, in parallel. Blocks begin at multiples of
/// `together`.
template <typename Body>
void forEachRowBlock(Shape shape, Workers& workers, const JobMonitor& monitor, const Body& body,
                     std::size_t together = 1) {
    const std::size_t each = (rowsPerTask(shape.columns) + together - 1) / together * together;
    workers.forEach((shape.rows + each - 1) / each,
                    [&](std::size_t block) { body(block * each, std::min(each, shape.rows - block * each)); },
                    monitor);
}

/// Calls body(row) for every row of `shape`, in parallel.
template <typename Body>
void forEachRow(Shape shape, Workers& workers, const JobMonitor& monitor, const Body& body) {
    forEachRowBlock(shape, workers, monitor, [&](std::size_t first, std::size_t count) {
        for (std::size_t row = first; row < first + count; ++row) {
            body(row);
        }
    });
}
template <typename Body>
void forEachRow(MatrixView matrix, Workers& workers, const JobMonitor& monitor, const Body& body) {
    forEachRow({static_cast<std::size_t>(matrix.rows()), static_cast<std::size_t>(matrix.cols())}, workers,
               monitor, body);
}

} // namespace planish
