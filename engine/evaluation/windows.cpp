// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/windows.h"

#include "support/error.h"

#include <fmt/format.h>

#include <algorithm>

namespace planish {
namespace {

constexpr std::size_t longestContext = 1 << 20;

InputError wrong(std::string_view field, const std::string& expected, std::size_t found) {
    return {"evaluation", field, expected, std::to_string(found)};
}

} // namespace

EvaluationSettings resolveSettings(const EvaluationSettings& settings, const ModelConfig& config) {
    EvaluationSettings resolved = settings;
    if (resolved.context == 0) {
        resolved.context = std::min<std::size_t>(config.maximumContext, 2048);
    }
    if (resolved.context < 2 || resolved.context > longestContext) {
        throw wrong("context", fmt::format("2 to {} tokens", longestContext), resolved.context);
    }
    if (resolved.convention == Convention::llamaCpp && resolved.context < 4) {
        throw wrong("context", "at least 4 tokens for the llama.cpp convention", resolved.context);
    }
    if (resolved.convention != Convention::strided) {
        if (resolved.stride != 0) {
            throw wrong("stride", "no stride unless the convention is strided", resolved.stride);
        }
    } else if (resolved.stride == 0) {
        resolved.stride = resolved.context / 2;
    } else if (resolved.stride > resolved.context) {
        throw wrong("stride", fmt::format("1 to the context {}", resolved.context), resolved.stride);
    }
    return resolved;
}

WindowPlan planWindows(std::span<const TokenId> ids, const EvaluationSettings& settings,
                       std::optional<TokenId> beginToken) {
    WindowPlan plan;
    plan.context = settings.context;
    const bool strided = settings.convention == Convention::strided;
    const std::size_t step = strided ? settings.stride : settings.context;
    const std::size_t available = ids.size() < plan.context ? 0 : (ids.size() - plan.context) / step + 1;
    plan.windows = settings.windows == 0 ? available : settings.windows;
    if (available == 0) {
        throw wrong("text", fmt::format("at least one window of {} tokens", plan.context), ids.size());
    }
    if (plan.windows > available) {
        throw wrong("windows", fmt::format("at most {}, all that the text has", available), plan.windows);
    }
    for (std::size_t window = 0; window < plan.windows; ++window) {
        const auto part = ids.subspan(window * step, plan.context);
        plan.tokens.insert(plan.tokens.end(), part.begin(), part.end());
    }
    switch (settings.convention) {
    case Convention::standard:
        plan.firstTarget = 1;
        break;
    case Convention::strided:
        plan.firstTarget = std::max<std::size_t>(1, plan.context - settings.stride);
        break;
    case Convention::llamaCpp:
        if (!beginToken) {
            throw InputError("evaluation", "convention",
                             "a model with a BOS token for the llama.cpp convention",
                             "a tokenizer without one");
        }
        for (std::size_t window = 0; window < plan.windows; ++window) {
            plan.tokens[window * plan.context] = *beginToken;
        }
        plan.firstTarget = plan.context / 2 + 1;
        break;
    }
    return plan;
}

} // namespace planish
