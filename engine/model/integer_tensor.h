// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/integer_matrix.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// The parts of a tensor that a quantized checkpoint stores as whole numbers: a weight is
/// scale × (level − zero), with scale and zero of the group its input is in.
struct IntegerTensor {
    std::string type; ///< as StoredTensor::type()
    Shape shape;      ///< [outputs, inputs], as the model has it
    /// The parts are [inputs, outputs] and [groups, outputs]; else [outputs, inputs] and [outputs, groups].
    bool inputsFirst = false;
    IntegerMatrix levels;
    FloatMatrix scales;
    std::optional<IntegerMatrix> zeros{};
    int zero = 0;                        ///< added to `zeros`; the zero itself without them
    std::size_t groupSize = 0;           ///< inputs after one another that are a group
    std::vector<std::uint32_t> groups{}; ///< of each input, where they are not after one another
    std::vector<FileRange> others{};     ///< what else the file has of the tensor

    /// What is read from these, which must fit one another.
    static std::unique_ptr<const StoredTensor> stored(IntegerTensor parts);
};

} // namespace planish
