// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"
#include "support/workers.h"

#include <cstdint>
#include <span>

namespace planish {

/// Vectors to be stood for by the entries of a codebook, under the squared error Σ_d c(d)·(x_d − e_d)². The
/// costs c depend on the vector's place: vector v has those of row v mod costs.rows().
struct VectorProblem {
    const Matrix& vectors; ///< [count, width]
    const Matrix& costs;   ///< [places, width], not negative
};

/// The entry of least error for every vector, the first of equal ones. In parallel, the same for every thread
/// count; throws Cancelled.
void assignNearest(const VectorProblem& problem, const Matrix& codebook, std::span<std::uint16_t> entries,
                   Workers& workers, const JobMonitor& monitor);

/// Moves every entry to the mean of its vectors, weighted by their costs one dimension at a time. Where there
/// is no cost, an entry stays. Sums in double in the order of the vectors; throws Cancelled.
void moveToMeans(const VectorProblem& problem, std::span<const std::uint16_t> entries, Matrix& codebook,
                 const JobMonitor& monitor);

/// A codebook [entries, width]: seeds drawn one after the other with the probability of a vector's error
/// under the seeds before (k-means++), then 12 of Lloyd's iterations; an entry that no vector takes moves to
/// a vector drawn anew. Looks at 32 vectors an entry, at least 8192 if there are as many, spread evenly.
/// Deterministic from `seed`; throws Cancelled.
///
/// Arthur, Vassilvitskii: k-means++: the advantages of careful seeding, 2007.
Matrix trainCodebook(const VectorProblem& problem, std::size_t entries, std::uint64_t seed, Workers& workers,
                     const JobMonitor& monitor);

} // namespace planish
