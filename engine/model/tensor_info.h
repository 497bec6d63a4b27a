// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/matrix.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace planish {

/// What a tensor does in the network.
enum class Role {
    query,
    key,
    value,
    queryKeyValue, ///< the three in one matrix, one below the other
    output,
    gate,
    up,
    gateUp, ///< both in one matrix
    down,
    embedding,
    head,
    norm,
    bias
};
inline constexpr std::array allRoles{
    Role::query,  Role::key,  Role::value,     Role::queryKeyValue, Role::output, Role::gate, Role::up,
    Role::gateUp, Role::down, Role::embedding, Role::head,          Role::norm,   Role::bias};

/// The fine role word of the interfaces: "q", "k", "v", "qkv", "o", "gate", "up", "gate_up", "down",
/// "embedding", "head", "norm", "bias".
std::string_view roleName(Role role);
/// The coarse role: "attention" for q, k, v, qkv, o; "mlp" for gate, up, gate_up, down; else the same as
/// roleName.
std::string_view roleGroup(Role role);
/// Whether tensors of this role are the decoder linears that bits_per_weight and compression count.
bool isDecoderLinear(Role role);

/// One tensor of a model: what people see of it, without its values.
struct TensorInfo {
    std::string name; ///< Hugging Face name without ".weight", such as "model.layers.0.self_attn.q_proj"
    Role role = Role::norm;
    int block = -1; ///< decoder block, or -1 outside the blocks
    Shape shape;    ///< [outputs, inputs]; a vector is one row
    /// The codec its bytes in the model file are of: "bf16", "Q4_K", "int4:g64"; of a quantized checkpoint
    /// its kind, too: "gptq uint4:g128".
    std::string type = "bf16";
    bool isVector = false;   ///< stored one-dimensional: norms and biases
    bool readsNorm = true;   ///< of linears but o and down: what they read comes from a norm
    std::uint64_t bytes = 0; ///< in the model file

    std::size_t count() const { return shape.count(); }
};

/// The smallest float codec that stores what the model file holds of a tensor exactly.
std::string exactCodec(const TensorInfo& tensor);

} // namespace planish
