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

/// The best of a few times, as the first one finds cold caches and resting cores.
template <class Body>
double bestSecondsOf(const Body& body) {
    double best = secondsOf(body);
    for (int time = 0; time < 2; ++time) {
        best = std::min(best, secondsOf(body));
    }
    return best;
}

double measureProducts(Workers& workers, Arithmetic arithmetic) {
    constexpr Eigen::Index rows = 192;
    constexpr Eigen::Index inputs = 512;
    constexpr Eigen::Index outputs = 256;
    const Matrix a = Matrix::Ones(rows, inputs);
    PackedMatrix b;
    b.packTransposed(Matrix::Ones(outputs, inputs), arithmetic);
    const auto tasks = static_cast<std::size_t>(workers.threads()) * 2;
    const double seconds = bestSecondsOf([&] {
        workers.forEach(tasks, [&](std::size_t) {
            Matrix out(rows, outputs);
            multiply(a, b, out);
        });
    });
    return 2.0 * rows * inputs * outputs * static_cast<double>(tasks) / seconds;
}

double measureExponentials(Workers& workers) {
    constexpr std::size_t count = 1 << 15;
    const std::vector<float> values(count, 1.0F);
    const auto tasks = static_cast<std::size_t>(workers.threads()) * 4;
    std::vector<double> sums(tasks);
    const double seconds = bestSecondsOf([&] {
        workers.forEach(tasks, [&](std::size_t task) { sums[task] = summarizeLogits(values).logSumExp; });
    });
    return static_cast<double>(count * tasks) / seconds;
}

Matrix randomRows(Eigen::Index rows) {
    constexpr Eigen::Index columns = 1024;
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    return Matrix::NullaryExpr(rows, columns, [&] { return normal(random); });
}

double measureCodec(const Codec& codec) {
    const Codec measured = codec.calibration() == CalibrationUse::none
                               ? codec
                               : codec.withNearestRounding().value_or(Codec::parse("int4:g64"));
    Workers one(1);
    SilentMonitor monitor;
    const EncodeContext context{one, monitor, 0, nullptr};
    constexpr double longEnough = 0.004;
    double rate = 0;
    for (Eigen::Index rows = 1; rows <= 64; rows *= 8) {
        const Matrix weights = randomRows(rows);
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
