// SPDX-License-Identifier: GPL-3.0-or-later
#include "gradient/block_gradient.h"

#include "algebra/outer_product.h"
#include "gradient/attention_gradient.h"
#include "gradient/gradient_kernels.h"
#include "inference/kernels.h"
#include "inference/tiles.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

using Index = Eigen::Index;

/// Half of the forward pass's, as a token has more buffers here.
constexpr std::size_t tokensTogether = 128;

constexpr std::array<const char*, blockLinears> names{
    "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj",
    "mlp.gate_proj",    "mlp.up_proj",      "mlp.down_proj"};

std::span<float> rowOf(MutableMatrixView matrix, Index row) {
    return {matrix.data() + row * matrix.outerStride(), static_cast<std::size_t>(matrix.cols())};
}

std::span<float> all(Matrix& matrix, Index firstRow, Index rows) {
    return {matrix.data() + firstRow * matrix.cols(), static_cast<std::size_t>(rows * matrix.cols())};
}

/// Adds the gradients through RMSNorm of every row to those of its inputs and, all of them, to that of the
/// gain.
void addNormGradient(MatrixView inputs, const Vector& gain, double epsilon, MatrixView outputGradient,
                     MutableMatrixView inputGradient, std::span<float> gainGradient) {
    const auto width = static_cast<std::size_t>(inputs.cols());
    for (Index row = 0; row < inputs.rows(); ++row) {
        rmsNormGradient({inputs.data() + row * inputs.outerStride(), width}, {gain.data(), width},
                        static_cast<float>(epsilon),
                        {outputGradient.data() + row * outputGradient.outerStride(), width},
                        rowOf(inputGradient, row), gainGradient);
    }
}

/// The adjoint of the rotation by the positions of the rows: its inverse, but for the amplitude of the table.
void rotateBack(MutableMatrixView rows, std::size_t headSize, const RopeTable& rope,
                std::size_t firstPosition) {
    Vector sines(static_cast<Index>(headSize / 2));
    for (Index i = 0; i < rows.rows(); ++i) {
        const std::size_t position = firstPosition + static_cast<std::size_t>(i);
        std::transform(rope.sines(position).begin(), rope.sines(position).end(), sines.data(),
                       [](float sine) { return -sine; });
        const std::span<float> row = rowOf(rows, i);
        for (std::size_t begin = 0; begin < row.size(); begin += headSize) {
            rotateHalves(row.subspan(begin, headSize), rope.cosines(position), {sines.data(), headSize / 2});
        }
    }
}

} // namespace

/// What some windows are within the block, computed anew, and the derivatives that have been reached.
struct BlockGradient::Activations {
    std::size_t context = 0;
    std::size_t windows = 0;
    std::size_t firstToken = 0; ///< among all windows
    MatrixView inputs;          ///< [tokens, hidden], as everything below
    Projections projected;
    Matrix attended;
    Matrix attendedGradient;

    Index tokens() const { return static_cast<Index>(windows * context); }
    std::size_t tiles() const { return windows * tilesPerWindow(context, tokensTogether); }
    /// First row of a tile and its rows.
    Tile tile(std::size_t index) const { return tileAt(index, context, tokensTogether); }
    Index firstRow(const Tile& tile) const { return tile.window * static_cast<Index>(context) + tile.first; }
};

BlockGradient::BlockGradient(const ForwardPass& pass, const WeightSource& source, std::size_t block,
                             Workers& workers, Arithmetic arithmetic, GradientSink& sink)
    : pass_(pass),
      config_(source.model().config()),
      workers_(workers),
      arithmetic_(arithmetic),
      sink_(sink),
      weights_(BlockWeights::read(source, block, workers, arithmetic)) {
    const Model& model = source.model();
    const std::string prefix = fmt::format("model.layers.{}.", block);
    for (std::size_t i = 0; i < blockLinears; ++i) {
        Linear& linear = linears_[i];
        const std::string name = prefix + names[i];
        linear.weight = &model.tensor(name);
        linear.backward.pack(source.matrix(*linear.weight, workers), workers, arithmetic);
        const Shape shape = linear.weight->shape;
        if (sink.wants(*linear.weight)) {
            linear.weightSum =
                Matrix::Zero(static_cast<Index>(shape.rows), static_cast<Index>(shape.columns));
        }
        if (model.hasTensor(name + ".bias")) {
            linear.bias = &model.tensor(name + ".bias");
            linear.biasSum = Matrix::Zero(1, static_cast<Index>(shape.rows));
        }
    }
    const Matrix zero = Matrix::Zero(1, static_cast<Index>(config_.hiddenSize));
    attentionNorm_ = {&model.tensor(prefix + "input_layernorm"), zero};
    mlpNorm_ = {&model.tensor(prefix + "post_attention_layernorm"), zero};
}

std::size_t BlockGradient::windowsAtOnce(std::size_t context) {
    constexpr std::size_t tokens = 4096;
    return std::max<std::size_t>(1, tokens / context);
}

void BlockGradient::add(BlockLinear which, std::size_t firstToken, MatrixView outputGradient,
                        MatrixView inputs, const JobMonitor& monitor) {
    Linear& sums = linear(which);
    sink_.takeOutputs(*sums.weight, firstToken, outputGradient);
    if (sums.weightSum.size() > 0) {
        addOuterProducts(outputGradient, inputs, arithmetic_, sums.weightSum, workers_, monitor);
    }
    if (sums.bias != nullptr) {
        sums.biasSum += outputGradient.colwise().sum();
    }
}

void BlockGradient::addWindows(const HiddenStates& inputs, std::size_t begin, std::size_t count,
                               MutableMatrixView gradient, const JobMonitor& monitor) {
    const std::size_t context = inputs.context;
    const auto first = static_cast<Index>(begin * context);
    const auto tokens = static_cast<Index>(count * context);
    Activations at{context,
                   count,
                   begin * context,
                   inputs.values.middleRows(first, tokens),
                   pass_.project(weights_, inputs, begin, count, monitor),
                   Matrix(tokens, static_cast<Index>(config_.querySize())),
                   {}};
    pass_.attendProjected(weights_, at.projected, context, at.attended, monitor);
    differentiateMlp(at, gradient.middleRows(first, tokens), monitor);
    differentiateAttention(at, gradient.middleRows(first, tokens), monitor);
}

void BlockGradient::differentiateMlp(Activations& at, MutableMatrixView gradient, const JobMonitor& monitor) {
    const Index hidden = gradient.cols();
    const auto width = static_cast<Index>(config_.mlpSize);
    Matrix normalized(at.tokens(), hidden);
    Matrix activations(at.tokens(), width);
    Matrix gate(at.tokens(), width); // become their derivatives
    Matrix up(at.tokens(), width);
    const Matrix outputGradient = gradient;
    at.attendedGradient.resize(at.attended.rows(), at.attended.cols());
    Matrix gains = Matrix::Zero(static_cast<Index>(at.tiles()), hidden);
    workers_.forEach(
        at.tiles(),
        [&](std::size_t index) {
            const Tile tile = at.tile(index);
            const Index row = at.firstRow(tile);
            Matrix middle = at.inputs.middleRows(row, tile.count);
            weights_.output.apply(at.attended.middleRows(row, tile.count), middle, true);
            normalizeRows(middle, weights_.mlpNorm, config_.normEpsilon,
                          normalized.middleRows(row, tile.count));
            weights_.gate.apply(normalized.middleRows(row, tile.count), gate.middleRows(row, tile.count));
            weights_.up.apply(normalized.middleRows(row, tile.count), up.middleRows(row, tile.count));
            activations.middleRows(row, tile.count) = gate.middleRows(row, tile.count);
            siluMultiply(all(activations, row, tile.count), all(up, row, tile.count));
            Matrix derivative(tile.count, width);
            multiply(outputGradient.middleRows(row, tile.count), linear(BlockLinear::down).backward,
                     derivative);
            siluMultiplyGradient(all(gate, row, tile.count), all(up, row, tile.count),
                                 all(derivative, 0, tile.count));
            derivative.resize(tile.count, hidden);
            multiply(gate.middleRows(row, tile.count), linear(BlockLinear::gate).backward, derivative);
            multiply(up.middleRows(row, tile.count), linear(BlockLinear::up).backward, derivative, true);
            addNormGradient(middle, weights_.mlpNorm, config_.normEpsilon, derivative,
                            gradient.middleRows(row, tile.count), rowOf(gains, static_cast<Index>(index)));
            multiply(gradient.middleRows(row, tile.count), linear(BlockLinear::output).backward,
                     at.attendedGradient.middleRows(row, tile.count));
        },
        monitor);
    mlpNorm_.sum += gains.colwise().sum();
    add(BlockLinear::down, at.firstToken, outputGradient, activations, monitor);
    add(BlockLinear::gate, at.firstToken, gate, normalized, monitor);
    add(BlockLinear::up, at.firstToken, up, normalized, monitor);
    add(BlockLinear::output, at.firstToken, gradient, at.attended, monitor);
}

void BlockGradient::differentiateAttention(Activations& at, MutableMatrixView gradient,
                                           const JobMonitor& monitor) {
    Projections derivatives = attentionGradient(config_, at.projected, at.attendedGradient, at.context,
                                                arithmetic_, workers_, monitor);
    Matrix normalized(at.tokens(), gradient.cols());
    Matrix gains = Matrix::Zero(static_cast<Index>(at.tiles()), gradient.cols());
    workers_.forEach(
        at.tiles(),
        [&](std::size_t index) {
            const Tile tile = at.tile(index);
            const Index row = at.firstRow(tile);
            const auto inputs = at.inputs.middleRows(row, tile.count);
            normalizeRows(inputs, weights_.attentionNorm, config_.normEpsilon,
                          normalized.middleRows(row, tile.count));
            auto queries = derivatives.queries.middleRows(row, tile.count);
            auto keys = derivatives.keys.middleRows(row, tile.count);
            const auto position = static_cast<std::size_t>(tile.first);
            rotateBack(queries, config_.headSize, pass_.ropes().whole(), position);
            rotateBack(keys, config_.headSize, pass_.ropes().whole(), position);
            Matrix derivative(tile.count, gradient.cols());
            multiply(queries, linear(BlockLinear::query).backward, derivative);
            multiply(keys, linear(BlockLinear::key).backward, derivative, true);
            multiply(derivatives.values.middleRows(row, tile.count), linear(BlockLinear::value).backward,
                     derivative, true);
            addNormGradient(inputs, weights_.attentionNorm, config_.normEpsilon, derivative,
                            gradient.middleRows(row, tile.count), rowOf(gains, static_cast<Index>(index)));
        },
        monitor);
    attentionNorm_.sum += gains.colwise().sum();
    add(BlockLinear::query, at.firstToken, derivatives.queries, normalized, monitor);
    add(BlockLinear::key, at.firstToken, derivatives.keys, normalized, monitor);
    add(BlockLinear::value, at.firstToken, derivatives.values, normalized, monitor);
}

void BlockGradient::finish() {
    const auto give = [&](const TensorInfo& tensor, const Matrix& sum) {
        if (sink_.wants(tensor)) {
            sink_.take(tensor, sum);
        }
    };
    for (const Linear& linear : linears_) {
        give(*linear.weight, linear.weightSum);
        if (linear.bias != nullptr) {
            give(*linear.bias, linear.biasSum);
        }
    }
    give(*attentionNorm_.tensor, attentionNorm_.sum);
    give(*mlpNorm_.tensor, mlpNorm_.sum);
}

} // namespace planish
