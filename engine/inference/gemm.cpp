// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/gemm.h"

#include <cblas.h>

#include <cassert>

namespace planish {
namespace {

/// OpenBLAS may be its multi-threaded build on this machine; our parallelism is above it.
void useOneThread() {
    [[maybe_unused]] static const bool done = [] {
        openblas_set_num_threads(1);
        return true;
    }();
}

blasint size(Eigen::Index value) {
    return static_cast<blasint>(value);
}

void product(CBLAS_TRANSPOSE transposeB, MatrixView a, MatrixView b, Eigen::Index columns,
             MutableMatrixView out, float beta) {
    useOneThread();
    assert(out.rows() == a.rows() && out.cols() == columns);
    if (out.size() == 0) {
        return;
    }
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transposeB, size(a.rows()), size(columns), size(a.cols()), 1.0F,
                a.data(), size(a.outerStride()), b.data(), size(b.outerStride()), beta, out.data(),
                size(out.outerStride()));
}

} // namespace

void multiplyTransposed(MatrixView a, MatrixView b, MutableMatrixView out, bool accumulate) {
    assert(a.cols() == b.cols());
    product(CblasTrans, a, b, b.rows(), out, accumulate ? 1.0F : 0.0F);
}

void multiply(MatrixView a, MatrixView b, MutableMatrixView out) {
    assert(a.cols() == b.rows());
    product(CblasNoTrans, a, b, b.cols(), out, 0.0F);
}

} // namespace planish
