// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/diagonal.h"

#include "codec/number.h"
#include "codec/value_kernels.h"

#include <cmath>
#include <cstdint>
#include <cstring>

namespace planish {

Vector storableScales(const Eigen::VectorXd& wanted) {
    constexpr double least = 0x1p-14;
    Vector scales(wanted.size());
    for (Eigen::Index i = 0; i < wanted.size(); ++i) {
        const double scale = std::clamp(wanted[i], least, double{largestFp16});
        scales[i] = fromFp16(toFp16(static_cast<float>(scale)));
    }
    return scales;
}

void writeScales(const Vector& scales, std::span<std::byte> out) {
    for (Eigen::Index i = 0; i < scales.size(); ++i) {
        const std::uint16_t bits = toFp16(scales[i]);
        std::memcpy(out.subspan(static_cast<std::size_t>(i) * sizeof(bits), sizeof(bits)).data(), &bits,
                    sizeof(bits));
    }
}

Vector readScales(std::span<const std::byte> in) {
    Vector scales(static_cast<Eigen::Index>(in.size() / sizeof(std::uint16_t)));
    floatsFromFp16(in, {scales.data(), in.size() / sizeof(std::uint16_t)});
    for (float& scale : scales) {
        scale = scale > 0 && std::isfinite(scale) ? scale : 1.0F;
    }
    return scales;
}

InputStatistics scaledInputs(const InputStatistics& inputs, const Vector& factors) {
    const auto bothSides = [&](const Matrix& moment) {
        return Matrix(factors.asDiagonal() * moment * factors.asDiagonal());
    };
    InputStatistics result;
    result.tokens = inputs.tokens;
    result.hessian = bothSides(inputs.hessian);
    if (inputs.crossMoment.size() > 0) {
        result.crossMoment = bothSides(inputs.crossMoment);
    }
    result.meanMagnitude = inputs.meanMagnitude.cwiseProduct(factors);
    result.smallest = inputs.smallest.cwiseProduct(factors);
    result.largest = inputs.largest.cwiseProduct(factors);
    return result;
}

} // namespace planish
