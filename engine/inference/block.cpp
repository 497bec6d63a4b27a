// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/block.h"

#include "inference/kernels.h"
#include "model/layout.h"

#include <fmt/format.h>

namespace planish {
namespace {

std::span<float> rowSpan(MutableMatrixView matrix, Eigen::Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

/// Of one block; empty when it has no norm of that name.
Vector readNorm(const WeightSource& source, std::size_t block, const char* name) {
    return name == nullptr
               ? Vector()
               : normGain(source, source.model().tensor(fmt::format("model.layers.{}.{}", block, name)));
}

BlockNorms normsOf(const WeightSource& source) {
    return blockNorms(source.model().config().design.norms);
}

void rotateHeads(MutableMatrixView rows, const ModelConfig& config, const RopeTable& rope,
                 std::size_t firstPosition) {
    for (Eigen::Index i = 0; i < rows.rows(); ++i) {
        const std::size_t position = firstPosition + static_cast<std::size_t>(i);
        const std::span<float> row = rowSpan(rows, i);
        for (std::size_t begin = 0; begin < row.size(); begin += config.headSize) {
            rotateHalves(row.subspan(begin, config.rotarySize), rope.cosines(position), rope.sines(position));
        }
    }
}

/// Of every head by itself, or of whole rows when the gain is as long as they are.
void normalizeHeads(MutableMatrixView rows, const Vector& gain, double epsilon) {
    for (Eigen::Index begin = 0; gain.size() > 0 && begin < rows.cols(); begin += gain.size()) {
        auto part = rows.middleCols(begin, gain.size());
        normalizeRows(part, gain, epsilon, part);
    }
}

/// hidden += scale · norm(linear(in)).
void addOutputs(const Linear& linear, const Vector& norm, const ModelConfig& config, MatrixView in,
                MutableMatrixView hidden) {
    if (norm.size() == 0 && config.design.residualScale == 1) {
        linear.apply(in, hidden, true);
        return;
    }
    Matrix outputs(hidden.rows(), hidden.cols());
    linear.apply(in, outputs);
    normalizeRows(outputs, norm, config.normEpsilon, outputs);
    hidden += static_cast<float>(config.design.residualScale) * outputs;
}

} // namespace

void Linear::apply(MatrixView in, MutableMatrixView out, bool accumulate) const {
    multiply(in, weight, out, accumulate);
    if (bias.size() > 0) {
        out.rowwise() += bias.transpose();
    }
}

Linear Linear::read(const WeightSource& source, std::size_t block, Role role, Workers& workers,
                    Arithmetic arithmetic) {
    const Model& model = source.model();
    const LinearPart part = linearPart(model.config(), role);
    const std::string tensor = fmt::format("model.layers.{}.{}", block, part.name);
    Linear linear;
    linear.weight = source.packed(model.tensor(tensor), part.firstRow, part.rows, workers, arithmetic);
    if (model.hasTensor(tensor + ".bias")) {
        linear.bias =
            source.vector(model.tensor(tensor + ".bias"))
                .segment(static_cast<Eigen::Index>(part.firstRow), static_cast<Eigen::Index>(part.rows));
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
    const ModelConfig& config = source.model().config();
    attention = config.attentionOf(block);
    attentionNorm = readNorm(source, block, normsOf(source).beforeAttention);
    query = Linear::read(source, block, Role::query, workers, arithmetic);
    key = Linear::read(source, block, Role::key, workers, arithmetic);
    value = Linear::read(source, block, Role::value, workers, arithmetic);
    if (config.design.queryKeyNorm != QueryKeyNorm::none) {
        queryNorm = readNorm(source, block, planish::queryNorm);
        keyNorm = readNorm(source, block, planish::keyNorm);
    }
}

void BlockWeights::readOutput(const WeightSource& source, std::size_t block, Workers& workers) {
    output = Linear::read(source, block, Role::output, workers, arithmetic);
    attentionOutputNorm = readNorm(source, block, normsOf(source).afterAttention);
}

void BlockWeights::readGateUp(const WeightSource& source, std::size_t block, Workers& workers) {
    mlpNorm = readNorm(source, block, normsOf(source).beforeMlp);
    gate = Linear::read(source, block, Role::gate, workers, arithmetic);
    up = Linear::read(source, block, Role::up, workers, arithmetic);
}

void BlockWeights::readDown(const WeightSource& source, std::size_t block, Workers& workers) {
    down = Linear::read(source, block, Role::down, workers, arithmetic);
    mlpOutputNorm = readNorm(source, block, normsOf(source).afterMlp);
}

Vector normGain(const WeightSource& source, const TensorInfo& norm) {
    Vector gain = source.vector(norm);
    if (source.model().config().design.onePlusGain) {
        gain.array() += 1;
    }
    return gain;
}

void normalizeRows(MatrixView in, const Vector& gain, double epsilon, MutableMatrixView out) {
    if (gain.size() == 0) {
        out = in;
        return;
    }
    const std::span<const float> gains(gain.data(), static_cast<std::size_t>(gain.size()));
    for (Eigen::Index i = 0; i < in.rows(); ++i) {
        rmsNorm({in.data() + i * in.outerStride(), gains.size()}, gains, static_cast<float>(epsilon),
                rowSpan(out, i));
    }
}

void projectQueryKeyValue(const BlockWeights& block, const ModelConfig& config, const RopeTables& ropes,
                          MatrixView hidden, std::size_t firstPosition, MutableMatrixView queries,
                          MutableMatrixView keys, MutableMatrixView values) {
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, block.attentionNorm, config.normEpsilon, normalized);
    block.query.apply(normalized, queries);
    block.key.apply(normalized, keys);
    block.value.apply(normalized, values);
    normalizeHeads(queries, block.queryNorm, config.normEpsilon);
    normalizeHeads(keys, block.keyNorm, config.normEpsilon);
    if (const RopeTable* rope = ropes.of(block.attention)) {
        rotateHeads(queries, config, *rope, firstPosition);
        rotateHeads(keys, config, *rope, firstPosition);
    }
}

void addAttention(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                  MutableMatrixView hidden) {
    addOutputs(block.output, block.attentionOutputNorm, config, attended, hidden);
}

Matrix mlpActivations(const BlockWeights& block, const ModelConfig& config, MatrixView hidden) {
    Matrix normalized(hidden.rows(), hidden.cols());
    normalizeRows(hidden, block.mlpNorm, config.normEpsilon, normalized);
    Matrix gate(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    Matrix up(hidden.rows(), static_cast<Eigen::Index>(config.mlpSize));
    block.gate.apply(normalized, gate);
    block.up.apply(normalized, up);
    const auto multiplyGated = config.design.activation == Activation::silu ? siluMultiply : geluMultiply;
    multiplyGated({gate.data(), static_cast<std::size_t>(gate.size())},
                  {up.data(), static_cast<std::size_t>(up.size())});
    return gate;
}

void addMlp(const BlockWeights& block, const ModelConfig& config, MatrixView activations,
            MutableMatrixView hidden) {
    addOutputs(block.down, block.mlpOutputNorm, config, activations, hidden);
}

void finishBlock(const BlockWeights& block, const ModelConfig& config, MatrixView attended,
                 MutableMatrixView hidden) {
    addAttention(block, config, attended, hidden);
    addMlp(block, config, mlpActivations(block, config, hidden), hidden);
}

} // namespace planish
