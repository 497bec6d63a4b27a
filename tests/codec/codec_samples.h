// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"
#include "codec/input_statistics.h"

#include <atomic>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace planish::test {

/// Encodes and decodes with a fixed seed.
struct Bench {
    explicit Bench(int threads = 1) : workers(threads) {}

    PackedTensor encode(const std::string& codec, const Matrix& weights,
                        const InputStatistics* inputs = nullptr) {
        return Codec::parse(codec).encode(weights, {workers, monitor, 42, inputs});
    }
    Matrix decode(const std::string& codec, const PackedTensor& packed) {
        return Codec::parse(codec).decode(packed, workers);
    }
    Matrix roundTrip(const std::string& codec, const Matrix& weights,
                     const InputStatistics* inputs = nullptr) {
        return decode(codec, encode(codec, weights, inputs));
    }

    Workers workers;
    SilentMonitor monitor;
};

/// Samples of N(0,1) that are the same on every machine: Box-Muller over a Mersenne twister.
inline Matrix normalSample(Eigen::Index rows, Eigen::Index columns, unsigned seed = 1) {
    std::mt19937 generator(seed);
    const auto uniform = [&] { return (static_cast<double>(generator()) + 0.5) / 4294967296.0; };
    Matrix sample(rows, columns);
    for (Eigen::Index i = 0; i < sample.size(); ++i) {
        sample.data()[i] =
            static_cast<float>(std::sqrt(-2 * std::log(uniform())) * std::cos(6.283185307179586 * uniform()));
    }
    return sample;
}

/// Inputs [tokens, columns] as of a model: correlated, of very different power, with a mean of their own.
inline Matrix correlatedInputs(Eigen::Index tokens, Eigen::Index columns, unsigned seed = 7) {
    const Eigen::Index factors = std::max<Eigen::Index>(1, columns / 4);
    Matrix inputs = normalSample(tokens, factors, seed) * normalSample(factors, columns, seed + 1) /
                    std::sqrt(static_cast<float>(factors));
    inputs += 0.3F * normalSample(tokens, columns, seed + 2);
    const Vector power = normalSample(columns, 1, seed + 3).cwiseAbs();
    inputs = inputs * power.array().square().matrix().asDiagonal();
    inputs.rowwise() += 0.1F * normalSample(1, columns, seed + 4).row(0);
    return inputs;
}

/// What a calibration over these inputs [tokens, columns] collects.
inline InputStatistics statisticsOf(const Matrix& inputs) {
    const Eigen::MatrixXd precise = inputs.cast<double>();
    const auto tokens = static_cast<double>(inputs.rows());
    InputStatistics statistics;
    statistics.tokens = static_cast<std::uint64_t>(inputs.rows());
    statistics.hessian = (precise.transpose() * precise / tokens).cast<float>();
    statistics.meanMagnitude = (precise.cwiseAbs().colwise().sum() / tokens).transpose().cast<float>();
    statistics.smallest = inputs.colwise().minCoeff().transpose();
    statistics.largest = inputs.colwise().maxCoeff().transpose();
    return statistics;
}

/// Cancels after a number of questions.
class CancelAfter final : public JobMonitor {
  public:
    explicit CancelAfter(int questions) : left_(questions) {}
    void report(const Progress&) override {}
    bool cancelled() const override { return --left_ < 0; }

  private:
    mutable std::atomic<int> left_;
};

/// A codec of every kind, for properties that hold for all.
inline const std::vector<std::string>& everyKind() {
    static const std::vector<std::string> codecs{"fp32",
                                                 "bf16",
                                                 "fp16",
                                                 "int2:g8",
                                                 "int3:g13",
                                                 "int4:g64",
                                                 "int5:sym:g32",
                                                 "int6:row",
                                                 "int7:g16:scale=bf16",
                                                 "int8:g128:scale=int8",
                                                 "int4:sym:g32:scale=int8",
                                                 "int4:g32:scale=int6",
                                                 "int3:sym:g8:scale=int6",
                                                 "uint4:g64",
                                                 "uint3:g13:scale=bf16+refine",
                                                 "uint8:row:scale=int8",
                                                 "uint2:g32:scale=int6+mse",
                                                 "lloyd2:g40",
                                                 "lloyd3:row",
                                                 "lloyd4:g16:scale=int6+mse",
                                                 "nf2:g16",
                                                 "nf3:g64:scale=int8",
                                                 "nf4:row:scale=bf16",
                                                 "codebook2:g16",
                                                 "codebook3:row",
                                                 "pq:d4:k16:m1",
                                                 "pq:d2:k64:m2+rht+outliers=1%",
                                                 "trellis2:L8",
                                                 "trellis3.5:L10+rht:both",
                                                 "ec3.2",
                                                 "ec2+rht:both+outliers=1%",
                                                 "int4:g16+refine",
                                                 "int3:sym:g32+refine",
                                                 "int4:g32+mse",
                                                 "nf3:g64+mse",
                                                 "int3:g32:scale=int8+mse",
                                                 "int3:g64+hqq",
                                                 "int4:sym:g32+hqq",
                                                 "int3:g64+rht+mse",
                                                 "int3:g64+sinq",
                                                 "int4:g64+outliers=1%",
                                                 "int4:g64+sparse=5%",
                                                 "int3:g32+sparse=50%+outliers=1%+lowrank=2",
                                                 "codebook4:g40+rht+outliers=1%",
                                                 "int4:g64+res=int2:g32",
                                                 "int3:g32+lowrank=4",
                                                 "int2:g64+rht+lowrank=3:int8",
                                                 "int3:g32+rht+refine+outliers=2.5%+res=(nf2:g16+rht)"};
    return codecs;
}

} // namespace planish::test
