// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/arithmetic.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace planish {

/// How a text is cut into windows and which tokens are scored (interfaces §2).
enum class Convention { standard, strided, llamaCpp };

std::string_view conventionName(Convention convention); ///< "standard", "strided", "llama.cpp"
/// Throws InputError with the valid names.
Convention parseConvention(std::string_view name);

/// One evaluation: with a model and a text it determines every scored token.
struct EvaluationSettings {
    Convention convention = Convention::standard;
    std::size_t context = 0; ///< tokens a window; 0 = the model's maximum, at most 2048
    std::size_t windows = 0; ///< the first so many windows; 0 = all of the text
    std::size_t stride = 0;  ///< scored tokens a window of the strided convention; 0 = half the context

    bool exact = false; ///< products in fp32 also where the CPU has something faster

    bool operator==(const EvaluationSettings&) const = default;
};

/// What the products of an evaluation are computed in on the running CPU.
inline Arithmetic arithmeticFor(const EvaluationSettings& settings) {
    return settings.exact ? Arithmetic::float32 : fastestArithmetic();
}

} // namespace planish
