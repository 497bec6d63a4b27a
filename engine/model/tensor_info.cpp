// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/tensor_info.h"

namespace planish {

std::string_view roleName(Role role) {
    switch (role) {
    case Role::query:
        return "q";
    case Role::key:
        return "k";
    case Role::value:
        return "v";
    case Role::queryKeyValue:
        return "qkv";
    case Role::output:
        return "o";
    case Role::gate:
        return "gate";
    case Role::up:
        return "up";
    case Role::gateUp:
        return "gate_up";
    case Role::down:
        return "down";
    case Role::embedding:
        return "embedding";
    case Role::head:
        return "head";
    case Role::norm:
        return "norm";
    case Role::bias:
        return "bias";
    }
    return "";
}

std::string_view roleGroup(Role role) {
    switch (role) {
    case Role::query:
    case Role::key:
    case Role::value:
    case Role::queryKeyValue:
    case Role::output:
        return "attention";
    case Role::gate:
    case Role::up:
    case Role::gateUp:
    case Role::down:
        return "mlp";
    default:
        return roleName(role);
    }
}

bool isDecoderLinear(Role role) {
    const std::string_view group = roleGroup(role);
    return group == "attention" || group == "mlp";
}

std::string exactCodec(const TensorInfo& tensor) {
    return tensor.type == "bf16" || tensor.type == "fp16" ? tensor.type : "fp32";
}

} // namespace planish
