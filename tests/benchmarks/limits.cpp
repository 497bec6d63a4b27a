// SPDX-License-Identifier: GPL-3.0-or-later
#include "limits.h"

#include "algebra/gemm.h"
#include "openblas.h"

#include <cstring>
#include <vector>

namespace planish {

double copyRate() {
    static const double rate = [] {
        constexpr std::size_t size = std::size_t{1} << 28;
        const std::vector<char> from(size, 1);
        std::vector<char> to(size, 2);
        return static_cast<double>(size) / shortest([&] { std::memcpy(to.data(), from.data(), size); });
    }();
    return rate;
}

double productRate(Arithmetic arithmetic) {
    static double rates[2] = {};
    double& rate = rates[static_cast<int>(arithmetic)];
    if (rate == 0) {
        const Matrix a = Matrix::Random(256, 512);
        const Matrix b = Matrix::Random(1536, 512);
        Matrix out(a.rows(), b.rows());
        PackedMatrix packed;
        packed.packTransposed(b, arithmetic);
        double seconds = shortest([&] { multiply(a, packed, out); });
        if (hasOpenBlas && arithmetic == Arithmetic::float32) {
            seconds = std::min(seconds, shortest([&] { openBlasProduct(a, b, out); }));
        }
        rate = 2.0 * static_cast<double>(a.size() * b.rows()) / seconds;
    }
    return rate;
}

} // namespace planish
