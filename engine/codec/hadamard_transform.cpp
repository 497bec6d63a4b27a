// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/hadamard_kernel.h"
#include "codec/row_blocks.h"
#include "codec/split_mix.h"
#include "codec/transform.h"

#include <hwy/aligned_allocator.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

namespace planish {
namespace {

/// ±1 for `count` columns or rows from `first` on, a function of the seed alone.
std::vector<float> randomSigns(std::uint64_t seed, std::size_t first, std::size_t count) {
    std::vector<float> signs(count);
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t place = first + i;
        signs[i] = (splitMix(seed + place / 64) >> place % 64 & 1U) != 0 ? -1.0F : 1.0F;
    }
    return signs;
}

std::size_t blockSize(std::size_t columns) {
    return columns & (~columns + 1);
}

hwy::AlignedFreeUniquePtr<float[]> roomFor(std::size_t columns) {
    auto room = hwy::AllocateAligned<float>(columns);
    return room ? std::move(room) : throw std::bad_alloc();
}

/// What makes the transform of blocks of this size orthonormal, and its own inverse.
float unitOf(std::size_t block) {
    return 1.0F / std::sqrt(static_cast<float>(block));
}

class HadamardTransform final : public Transform {
  public:
    explicit HadamardTransform(bool bothSides) : bothSides_(bothSides) {}

    std::size_t headerBytes(Shape) const override { return sizeof(std::uint64_t); }

    void forward(MutableMatrixView weights, const Format&, const EncodeContext& context,
                 std::span<std::byte> header) const override {
        checkTransformable(weights, "+rht");
        std::memcpy(header.data(), &context.seed, sizeof(context.seed));
        rotate(weights, context.seed, context.workers, context.monitor);
        rotateDown(weights, context.seed, context.workers, context.monitor);
    }

    /// Orthonormal: the derivatives turn as the weights do.
    void pullBack(std::span<const std::byte> header, MutableMatrixView slopes,
                  Workers& workers) const override {
        rotate(slopes, seedOf(header), workers, SilentMonitor());
        rotateDown(slopes, seedOf(header), workers, SilentMonitor());
    }

    std::size_t rowsTogether(Shape shape) const override {
        return bothSides_ ? std::min(blockSize(shape.rows), mostRowsDown) : 1;
    }

    InputStatistics transformed(const InputStatistics& inputs, std::span<const std::byte> header,
                                const EncodeContext& context) const override {
        // w' = w A with A orthonormal: H' = Aᵀ H A, rows and then columns, and the same for the cross moment.
        const std::uint64_t seed = seedOf(header);
        const auto bothSides = [&](Matrix moment) {
            rotate(moment, seed, context.workers, context.monitor);
            Matrix transposed = moment.transpose();
            rotate(transposed, seed, context.workers, context.monitor);
            return Matrix(transposed.transpose());
        };
        InputStatistics result;
        result.tokens = inputs.tokens;
        result.hessian = bothSides(inputs.hessian);
        if (inputs.crossMoment.size() > 0) {
            result.crossMoment = bothSides(inputs.crossMoment);
        }
        // First moments and ranges do not transform; those of a Gaussian with the same power stand for them.
        const Vector deviation = result.hessian.diagonal().cwiseMax(0.0F).cwiseSqrt();
        result.meanMagnitude = deviation * std::sqrt(2 / 3.14159265F);
        result.largest = deviation * 4;
        result.smallest = -result.largest;
        return result;
    }

    Matrix transformedOutputs(const Matrix& moment, std::span<const std::byte> header,
                              const EncodeContext& context) const override {
        Matrix result = moment;
        rotateDown(result, seedOf(header), context.workers, context.monitor);
        result.transposeInPlace();
        rotateDown(result, seedOf(header), context.workers, context.monitor);
        return result;
    }

    void inverse(std::span<const std::byte> header, Shape shape, std::size_t firstRow,
                 MutableMatrixView rows) const override {
        const auto columns = static_cast<std::size_t>(rows.cols());
        const std::size_t block = blockSize(columns);
        std::vector<float> factors = randomSigns(seedOf(header), 0, columns);
        for (float& factor : factors) {
            factor *= unitOf(block);
        }
        const auto room = roomFor(columns);
        for (Eigen::Index index = 0; index < rows.rows(); ++index) {
            hadamard({rows.row(index).data(), columns}, block, factors, room.get());
        }
        const std::size_t together = rowsTogether(shape);
        const std::vector<float> units(together, unitOf(together));
        for (std::size_t row = 0; together > 1 && row < static_cast<std::size_t>(rows.rows());
             row += together) {
            std::vector<float> signs = rowSigns(seedOf(header), firstRow + row, together);
            hadamardDown(rowBlock(rows, row, together), units, signs);
        }
    }

  private:
    static std::uint64_t seedOf(std::span<const std::byte> header) {
        std::uint64_t seed = 0;
        std::memcpy(&seed, header.data(), sizeof(seed));
        return seed;
    }

    /// Other random numbers than those of the columns.
    static std::vector<float> rowSigns(std::uint64_t seed, std::size_t first, std::size_t count) {
        return randomSigns(splitMix(~seed), first, count);
    }

    static RowBlock rowBlock(MutableMatrixView rows, std::size_t first, std::size_t count) {
        return {rows.row(static_cast<Eigen::Index>(first)).data(), count,
                static_cast<std::size_t>(rows.cols()), static_cast<std::size_t>(rows.outerStride())};
    }

    static void rotate(MutableMatrixView rows, std::uint64_t seed, Workers& workers,
                       const JobMonitor& monitor) {
        const auto columns = static_cast<std::size_t>(rows.cols());
        const std::size_t block = blockSize(columns);
        const std::vector<float> signs = randomSigns(seed, 0, columns);
        const std::vector<float> units(columns, unitOf(block));
        forEachRow(rows, workers, monitor, [&](std::size_t index) {
            float* row = rows.row(static_cast<Eigen::Index>(index)).data();
            for (std::size_t i = 0; i < columns; ++i) {
                row[i] *= signs[i];
            }
            hadamard({row, columns}, block, units, roomFor(columns).get());
        });
    }

    void rotateDown(MutableMatrixView weights, std::uint64_t seed, Workers& workers,
                    const JobMonitor& monitor) const {
        const std::size_t block = rowsTogether(
            {static_cast<std::size_t>(weights.rows()), static_cast<std::size_t>(weights.cols())});
        if (block > 1) {
            const std::vector<float> units(block, unitOf(block));
            workers.forEach(
                static_cast<std::size_t>(weights.rows()) / block,
                [&](std::size_t i) {
                    hadamardDown(rowBlock(weights, i * block, block), rowSigns(seed, i * block, block),
                                 units);
                },
                monitor);
        }
    }

    bool bothSides_;
};

} // namespace

std::shared_ptr<const Transform> makeHadamardTransform(bool bothSides) {
    return std::make_shared<const HadamardTransform>(bothSides);
}

} // namespace planish
