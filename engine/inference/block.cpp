// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/block.h"

#include "inference/kernels.h"

#include <fmt/format.h>

namespace planish {
namespace {

std::span<float> rowSpan(MutableMatrixView matrix, Eigen::Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

Linear readLinear(const WeightSource& source, const std::string& name, bool withBias, Workers& workers) {
    const Model& model = source.model();
    Linear linear;
    linear.weight.packTransposed(source.matrix(model.tensor(name), workers), workers);
    if (withBias) {
        linear.bias = source.vector(model.tensor(name + ".bias"));
    }
    return linear;
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

BlockWeights BlockWeights::read(const WeightSource& source, std::size_t block, Workers& workers) {
    const ModelConfig& config = source.model().config();
    const std::string prefix = fmt::format("model.layers.{}.", block);
    const auto attention = [&](const char* name) {
        return readLinear(source, prefix + "self_attn." + name, config.attentionBias, workers);
    };
    const auto mlp = [&](const char* name) {
        return readLinear(source, prefix + "mlp." + name, config.mlpBias, workers);
    };
    const auto norm = [&](const char* name) { return source.vector(source.model().tensor(prefix + name)); };
    return {norm("input_layernorm"), attention("q_proj"), attention("k_proj"),
            attention("v_proj"),     attention("o_proj"), norm("post_attention_layernorm"),
            mlp("gate_proj"),        mlp("up_proj"),      mlp("down_proj")};
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

void finishBlock(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                 MutableMatrixView hidden) {
    block.output.apply(attended, hidden, true);
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, block.mlpNorm, config.normEpsilon, normalized);
    Matrix gate(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    Matrix up(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    block.gate.apply(normalized, gate);
    block.up.apply(normalized, up);
    siluMultiply({gate.data(), static_cast<std::size_t>(gate.size())},
                 {up.data(), static_cast<std::size_t>(up.size())});
    block.down.apply(gate, hidden, true);
}

} // namespace planish
