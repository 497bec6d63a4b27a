// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"

#include <cmath>
#include <limits>

namespace planish {

StorageError storageError(MatrixView original, MatrixView stored) {
    if (original.rows() != stored.rows() || original.cols() != stored.cols()) {
        throw Error("the stored tensor has another shape than the original");
    }
    double energy = 0;
    double error = 0;
    for (Eigen::Index row = 0; row < original.rows(); ++row) {
        const auto exact = original.row(row).cast<double>();
        energy += exact.squaredNorm();
        error += (exact - stored.row(row).cast<double>()).squaredNorm();
    }
    constexpr double infinity = std::numeric_limits<double>::infinity();
    if (error == 0) {
        return {0, infinity};
    }
    if (energy == 0) {
        return {infinity, -infinity};
    }
    return {error / energy, 10 * std::log10(energy / error)};
}

} // namespace planish
