// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/machine_speed.h"

#include "algebra/gemm.h"
#include "inference/kernels.h"

#include <algorithm>
#include <chrono>
#include <random>

namespace planish {
namespace {

template <class Body>
double secondsOf(const Body& body) {
    const auto start = std::chrono::steady_clock::now();
    body();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Tasks a second on all threads together. The best of many times: the first finds cold caches and resting
/// cores, and threads that have just begun may share a core, which one thread alone tells.
template <class Task>
double bestRate(Workers& workers, const Task& task) {
    constexpr double longEnough = 0.01;
    constexpr double tooLong = 0.1;
    constexpr double usualShare = 0.8; // of so many times one thread
    const auto tasks = static_cast<std::size_t>(workers.threads()) * 2;
    const double alone = std::min({secondsOf(task), secondsOf(task), secondsOf(task)});
    const double expected = 2 * alone / usualShare;
    double best = tooLong;
    for (double all = 0; all < longEnough || (best > expected && all < tooLong);) {
        const double seconds = secondsOf([&] { workers.forEach(tasks, [&](std::size_t) { task(); }); });
        all += seconds;
        best = std::min(best, seconds);
    }
    return static_cast<double>(tasks) / best;
}

double measureProducts(Workers& workers, Arithmetic arithmetic) {
    constexpr Eigen::Index rows = 192;
    constexpr Eigen::Index inputs = 512;
    constexpr Eigen::Index outputs = 256;
    const Matrix a = Matrix::Ones(rows, inputs);
    PackedMatrix b;
    b.packTransposed(Matrix::Ones(outputs, inputs), arithmetic);
    return 2.0 * rows * inputs * outputs * bestRate(workers, [&] {
               Matrix out(rows, outputs);
               multiply(a, b, out);
           });
}

double measureExponentials(Workers& workers) {
    constexpr std::size_t count = 1 << 15;
    const std::vector<float> values(count, 1.0F);
    return count * bestRate(workers, [&] { static_cast<void>(summarizeLogits(values)); });
}

Matrix randomMatrix(Eigen::Index rows, Eigen::Index columns) {
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    return Matrix::NullaryExpr(rows, columns, [&] { return normal(random); });
}

double measureCodec(const Codec& codec) {
    const Codec measured = codec.calibration() != CalibrationUse::required
                               ? codec
                               : codec.withNearestRounding().value_or(Codec::parse("int4:g64"));
    Workers one(1);
    SilentMonitor monitor;
    const EncodeContext context{one, monitor, 0, nullptr};
    constexpr double longEnough = 0.004;
    constexpr Eigen::Index most = 1024;
    // Codecs of whole columns are measured on more and more of these, others on rows.
    const auto together = static_cast<Eigen::Index>(measured.rowsTogether({most, most}));
    double rate = 0;
    for (Eigen::Index part = 1; part <= 64; part *= 8) {
        const Matrix weights =
            together > 1 ? randomMatrix(together, part * most / 64) : randomMatrix(part, most);
        const double seconds = secondsOf([&] { measured.decode(measured.encode(weights, context), one); });
        rate = static_cast<double>(weights.size()) / seconds;
        if (seconds > longEnough) {
            break;
        }
    }
    return rate;
}

} // namespace

double MachineSpeed::products(Arithmetic arithmetic) {
    double& rate = products_[arithmetic];
    return rate > 0 ? rate : rate = measureProducts(workers_, arithmetic);
}

double MachineSpeed::exponentials() {
    return exponentials_ > 0 ? exponentials_ : exponentials_ = measureExponentials(workers_);
}

double MachineSpeed::weights(const Codec& codec) {
    double& rate = weights_[codec.name()];
    return rate > 0 ? rate : rate = measureCodec(codec);
}

} // namespace planish
