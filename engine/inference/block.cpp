// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/block.h"

#include "inference/kernels.h"

#include <fmt/format.h>

namespace planish {
namespace {

std::span<float> rowSpan(MutableMatrixView matrix, Eigen::Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

Vector readNorm(const WeightSource& source, std::size_t block, const char* name) {
    return source.vector(source.model().tensor(fmt::format("model.layers.{}.{}", block, name)));
}

void rotateHeads(MutableMatrixView rows, std::size_t headSize, const RopeTable& rope,
                 std::size_t firstPosition) {
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const std::size_t position = firstPosition + static_cast<std::size_t>(i);
        const std::span<float> row = rowSpan(rows, i);
        for (std::size_t begin = 0; begin < row.size(); begin += headSize) {
            rotateHalves(row.subspan(begin, headSize), rope.cosines(position), rope.sines(position));
        }
    }
}

} // namespace

void Linear::apply(MatrixView in, MutableMatrixView out, bool accumulate) const {
    multiply(in, weight, out, accumulate);
    if (bias.size() > 0) {
        out.rowwise() += bias.transpose();
    }
}

Linear Linear::read(const WeightSource& source, std::size_t block, const char* name, Workers& workers,
                    Arithmetic arithmetic) {
    const Model& model = source.model();
    const std::string tensor = fmt::format("model.layers.{}.{}", block, name);
    Linear linear;
    linear.weight = source.packed(model.tensor(tensor), workers, arithmetic);
    if (model.hasTensor(tensor + ".bias")) {
        linear.bias = source.vector(model.tensor(tensor + ".bias"));
    }
    return linear;
}

BlockWeights BlockWeights::read(const WeightSource& source, std::size_t block, Workers& workers,
                                Arithmetic arithmetic) {
    BlockWeights weights;
    weights.arithmetic = arithmetic;
    weights.readQueryKeyValue(source, block, workers);
    weights.readOutput(source, block, workers);
    weights.readGateUp(source, block, workers);
    weights.readDown(source, block, workers);
    return weights;
}

void BlockWeights::readQueryKeyValue(const WeightSource& source, std::size_t block, Workers& workers) {
    attentionNorm = readNorm(source, block, "input_layernorm");
    query = Linear::read(source, block, "self_attn.q_proj", workers, arithmetic);
    key = Linear::read(source, block, "self_attn.k_proj", workers, arithmetic);
    value = Linear::read(source, block, "self_attn.v_proj", workers, arithmetic);
}

void BlockWeights::readOutput(const WeightSource& source, std::size_t block, Workers& workers) {
    output = Linear::read(source, block, "self_attn.o_proj", workers, arithmetic);
}

void BlockWeights::readGateUp(const WeightSource& source, std::size_t block, Workers& workers) {
    mlpNorm = readNorm(source, block, "post_attention_layernorm");
    gate = Linear::read(source, block, "mlp.gate_proj", workers, arithmetic);
    up = Linear::read(source, block, "mlp.up_proj", workers, arithmetic);
}

void BlockWeights::readDown(const WeightSource& source, std::size_t block, Workers& workers) {
    down = Linear::read(source, block, "mlp.down_proj", workers, arithmetic);
}

void normalizeRows(MatrixView in, const Vector& gain, double epsilon, MutableMatrixView out) {
    const std::span<const float> gains(gain.data(), static_cast<std::size_t>(gain.size()));
    for (Eigen::Index i = 0; i < in.rows(); ++i) {
        rmsNorm({in.data() + i * in.outerStride(), gains.size()}, gains, static_cast<float>(epsilon),
                rowSpan(out, i));
    }
}

void projectQueryKeyValue(const BlockWeights& block, const ModelConfig& config, const RopeTable& rope,
                          MatrixView hidden, std::size_t firstPosition, MutableMatrixView queries,
                          MutableMatrixView keys, MutableMatrixView values) {
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, block.attentionNorm, config.normEpsilon, normalized);
    block.query.apply(normalized, queries);
    block.key.apply(normalized, keys);
    block.value.apply(normalized, values);
    rotateHeads(queries, config.headSize, rope, firstPosition);
    rotateHeads(keys, config.headSize, rope, firstPosition);
}

Matrix mlpActivations(const BlockWeights& block, const ModelConfig& config, MatrixView hidden) {
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, block.mlpNorm, config.normEpsilon, normalized);
    Matrix gate(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    Matrix up(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    block.gate.apply(normalized, gate);
    block.up.apply(normalized, up);
    siluMultiply({gate.data(), static_cast<std::size_t>(gate.size())},
                 {up.data(), static_cast<std::size_t>(up.size())});
    return gate;
}

void finishBlock(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                 MutableMatrixView hidden) {
    block.output.apply(attended, hidden, true);
    block.down.apply(mlpActivations(block, config, hidden), hidden, true);
}

} // namespace planish
