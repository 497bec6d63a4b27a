// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"

#if __has_include(<cblas-openblas.h>)
#include <cblas-openblas.h>
#endif

namespace planish {

#if __has_include(<cblas-openblas.h>)
inline constexpr bool hasOpenBlas = true;

/// out = a · bᵀ on one thread.
inline void openBlasProduct(const Matrix& a, const Matrix& b, Matrix& out) {
    openblas_set_num_threads(1);
    const auto size = [](Eigen::Index value) { return static_cast<blasint>(value); };
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, size(a.rows()), size(b.rows()), size(a.cols()), 1.0F,
                a.data(), size(a.cols()), b.data(), size(b.cols()), 0.0F, out.data(), size(out.cols()));
}
#else
inline constexpr bool hasOpenBlas = false;
inline void openBlasProduct(const Matrix&, const Matrix&, Matrix&) {}
#endif

} // namespace planish
