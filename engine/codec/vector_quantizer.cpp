// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/vector_quantizer.h"

#include "codec/split_mix.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace planish {
namespace {

constexpr Eigen::Index vectorsPerTask = 1024;
constexpr Eigen::Index vectorsBetweenQuestions = 65536;

double errorOf(const VectorProblem& problem, Eigen::Index vector, const Matrix& codebook,
               Eigen::Index entry) {
    const auto cost = problem.costs.row(vector % problem.costs.rows()).array();
    const auto difference = (problem.vectors.row(vector) - codebook.row(entry)).array();
    return static_cast<double>((cost * difference.square()).sum());
}

/// Some of the vectors, each with the costs of its place.
struct Sample {
    Matrix vectors;
    Matrix costs;

    Sample(const VectorProblem& problem, Eigen::Index size)
        : vectors(size, problem.vectors.cols()), costs(size, problem.vectors.cols()) {
        for (Eigen::Index i = 0; i < size; ++i) {
            // Even distances, and not a multiple of the places in a row.
            const auto from = static_cast<Eigen::Index>(static_cast<double>(i) *
                                                        static_cast<double>(problem.vectors.rows()) /
                                                        static_cast<double>(size));
            vectors.row(i) = problem.vectors.row(from);
            costs.row(i) = problem.costs.row(from % problem.costs.rows());
        }
    }
};

/// The first place where the running sum of the errors passes a random share of the whole; any place when
/// there is no error left.
Eigen::Index draw(std::span<const double> errors, std::uint64_t random) {
    double whole = 0;
    for (const double error : errors) {
        whole += error;
    }
    const double share = static_cast<double>(random >> 11) * 0x1p-53;
    double sum = 0;
    for (std::size_t i = 0; i < errors.size(); ++i) {
        sum += errors[i];
        if (sum > share * whole) {
            return static_cast<Eigen::Index>(i);
        }
    }
    return static_cast<Eigen::Index>(random % errors.size());
}

Matrix seedCodebook(const VectorProblem& problem, Eigen::Index entries, std::uint64_t& state,
                    const JobMonitor& monitor) {
    Matrix codebook(entries, problem.vectors.cols());
    std::vector<double> errors(static_cast<std::size_t>(problem.vectors.rows()), 0.0);
    for (Eigen::Index entry = 0; entry < entries; ++entry) {
        monitor.throwIfCancelled();
        codebook.row(entry) = problem.vectors.row(draw(errors, splitMix(state++)));
        for (Eigen::Index i = 0; i < problem.vectors.rows(); ++i) {
            double& least = errors[static_cast<std::size_t>(i)];
            const double error = errorOf(problem, i, codebook, entry);
            least = entry == 0 ? error : std::min(least, error);
        }
    }
    return codebook;
}

void moveUnused(const VectorProblem& problem, std::span<const std::uint16_t> entries, Matrix& codebook,
                std::uint64_t& state) {
    std::vector<bool> used(static_cast<std::size_t>(codebook.rows()), false);
    std::vector<double> errors(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) {
        used[entries[i]] = true;
        errors[i] = errorOf(problem, static_cast<Eigen::Index>(i), codebook, entries[i]);
    }
    for (std::size_t entry = 0; entry < used.size(); ++entry) {
        if (!used[entry]) {
            const Eigen::Index chosen = draw(errors, splitMix(state++));
            errors[static_cast<std::size_t>(chosen)] = 0;
            codebook.row(static_cast<Eigen::Index>(entry)) = problem.vectors.row(chosen);
        }
    }
}

} // namespace

void assignNearest(const VectorProblem& problem, const Matrix& codebook, std::span<std::uint16_t> entries,
                   Workers& workers, const JobMonitor& monitor) {
    // Entries side by side, so that one vector is compared with many of them at once.
    const Matrix sides = codebook.transpose();
    const Eigen::Index count = problem.vectors.rows();
    const auto tasks = static_cast<std::size_t>((count + vectorsPerTask - 1) / vectorsPerTask);
    workers.forEach(
        tasks,
        [&](std::size_t task) {
            Eigen::Array<float, 1, Eigen::Dynamic> errors(sides.cols());
            const Eigen::Index first = static_cast<Eigen::Index>(task) * vectorsPerTask;
            for (Eigen::Index i = first; i < std::min(first + vectorsPerTask, count); ++i) {
                const Eigen::Index place = i % problem.costs.rows();
                errors.setZero();
                for (Eigen::Index d = 0; d < sides.rows(); ++d) {
                    errors +=
                        problem.costs(place, d) * (sides.row(d).array() - problem.vectors(i, d)).square();
                }
                const float* least = std::min_element(errors.data(), errors.data() + errors.size());
                entries[static_cast<std::size_t>(i)] = static_cast<std::uint16_t>(least - errors.data());
            }
        },
        monitor);
}

void moveToMeans(const VectorProblem& problem, std::span<const std::uint16_t> entries, Matrix& codebook,
                 const JobMonitor& monitor) {
    using Sums = Eigen::Array<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    Sums mass = Sums::Zero(codebook.rows(), codebook.cols());
    Sums first = Sums::Zero(codebook.rows(), codebook.cols());
    for (Eigen::Index i = 0; i < problem.vectors.rows(); ++i) {
        if (i % vectorsBetweenQuestions == 0) {
            monitor.throwIfCancelled();
        }
        const auto cost = problem.costs.row(i % problem.costs.rows()).array().cast<double>();
        const Eigen::Index entry = entries[static_cast<std::size_t>(i)];
        mass.row(entry) += cost;
        first.row(entry) += cost * problem.vectors.row(i).array().cast<double>();
    }
    for (Eigen::Index i = 0; i < codebook.size(); ++i) {
        if (mass.data()[i] > 0) {
            codebook.data()[i] = static_cast<float>(first.data()[i] / mass.data()[i]);
        }
    }
}

Matrix trainCodebook(const VectorProblem& whole, std::size_t entries, std::uint64_t seed, Workers& workers,
                     const JobMonitor& monitor) {
    constexpr int iterations = 12;
    constexpr std::size_t vectorsPerEntry = 32;
    constexpr std::size_t smallestSample = 8192;
    const std::size_t size = std::min(static_cast<std::size_t>(whole.vectors.rows()),
                                      std::max(smallestSample, vectorsPerEntry * entries));
    const Sample sample(whole, static_cast<Eigen::Index>(size));
    const VectorProblem problem{sample.vectors, sample.costs};
    std::uint64_t state = splitMix(seed);
    Matrix codebook = seedCodebook(problem, static_cast<Eigen::Index>(entries), state, monitor);
    std::vector<std::uint16_t> taken(size);
    for (int iteration = 0; iteration < iterations; ++iteration) {
        assignNearest(problem, codebook, taken, workers, monitor);
        moveToMeans(problem, taken, codebook, monitor);
        moveUnused(problem, taken, codebook, state);
    }
    return codebook;
}

} // namespace planish
