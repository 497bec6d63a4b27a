// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/codec.h"

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace planish::test {

/// Encodes and decodes with a fixed seed.
struct Bench {
    explicit Bench(int threads = 1) : workers(threads) {}

    PackedTensor encode(const std::string& codec, const Matrix& weights) {
        return Codec::parse(codec).encode(weights, {workers, monitor, 42});
    }
    Matrix decode(const std::string& codec, const PackedTensor& packed) {
        return Codec::parse(codec).decode(packed, workers);
    }
    Matrix roundTrip(const std::string& codec, const Matrix& weights) {
        return decode(codec, encode(codec, weights));
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
                                                 "lloyd2:g40",
                                                 "lloyd3:row",
                                                 "lloyd4:g16:scale=int6+mse",
                                                 "nf2:g16",
                                                 "nf3:g64:scale=int8",
                                                 "nf4:row:scale=bf16",
                                                 "int4:g16+refine",
                                                 "int3:sym:g32+refine",
                                                 "int4:g32+mse",
                                                 "nf3:g64+mse",
                                                 "int3:g32:scale=int8+mse",
                                                 "int3:g64+hqq",
                                                 "int4:sym:g32+hqq",
                                                 "int3:g64+rht+mse",
                                                 "int4:g64+outliers=1%",
                                                 "int4:g64+res=int2:g32",
                                                 "int3:g32+rht+refine+outliers=2.5%+res=(nf2:g16+rht)"};
    return codecs;
}

} // namespace planish::test
