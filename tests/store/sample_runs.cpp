// SPDX-License-Identifier: GPL-3.0-or-later
#include "sample_runs.h"

#include "support/sha256.h"

#include <fmt/format.h>

#include <cmath>

namespace planish::test {
namespace {

bool same(double a, double b) {
    return a == b || (std::isnan(a) && std::isnan(b));
}

template <typename Value>
bool same(const Value& a, const Value& b) {
    return a == b;
}

bool same(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](double x, double y) { return same(x, y); });
}

bool same(const TensorResult& a, const TensorResult& b) {
    return a.name == b.name && a.role == b.role && a.rows == b.rows && a.columns == b.columns &&
           a.codec == b.codec && a.bytes == b.bytes && same(a.bitsPerWeight, b.bitsPerWeight) &&
           same(a.relativeError, b.relativeError) && same(a.sqnrDecibel, b.sqnrDecibel);
}

struct Fill {
    std::uint64_t number;
    std::uint64_t index = 0;

    void operator()(std::string& value) { value = fmt::format("text {} of {}", ++index, number); }
    void operator()(std::uint64_t& value) { value = 1000 * number + ++index; }
    void operator()(double& value) {
        value = 0.1 * static_cast<double>(number) + 1.0 / static_cast<double>(++index);
    }
};

} // namespace

RunRecord sampleRun(std::uint64_t number, std::size_t tensors, std::size_t windows) {
    RunRecord run;
    Fill fill{number};
    for (const RunField& field : runFields()) {
        std::visit([&](auto member) { fill(run.*member); }, field.member);
    }
    run.id = sha256Hex(fmt::format("run {}", number)).substr(0, 16);
    run.modelFingerprint = sha256Hex(fmt::format("model {}", number % 2));
    run.corpusSha256 = sha256Hex(fmt::format("corpus {}", number % 3));
    run.recipe = {"attention 4 bit, MLP 3 bit", "bf16", {{"attention", "int4:g64"}, {"mlp", "int3:g64"}}};
    for (std::size_t i = 0; i < tensors; ++i) {
        const auto value = static_cast<double>(i + number);
        run.tensors.push_back({fmt::format("model.layers.{}.self_attn.q_proj", i), "q", 64 + i, 128 + i,
                               "int4:g64", 4608 + i, 4.5 + value, value / 1000, 30 + value});
    }
    for (std::size_t i = 0; i < windows; ++i) {
        run.windowNll.push_back(1500.25 + static_cast<double>(i * number));
        run.baselineWindowNll.push_back(1499.125 + static_cast<double>(i * number));
        run.trainingLoss.push_back(0.0625 * static_cast<double>(i * number));
    }
    return run;
}

std::vector<std::string> idsOf(const std::vector<RunRecord>& runs) {
    std::vector<std::string> ids;
    for (const RunRecord& run : runs) {
        ids.push_back(run.id);
    }
    return ids;
}

std::string firstDifference(const RunRecord& a, const RunRecord& b) {
    if (a.id != b.id) {
        return "id";
    }
    for (const RunField& field : runFields()) {
        if (!std::visit([&](auto member) { return same(a.*member, b.*member); }, field.member)) {
            return field.key;
        }
    }
    if (a.recipe != b.recipe) {
        return "recipe";
    }
    if (!std::equal(a.tensors.begin(), a.tensors.end(), b.tensors.begin(), b.tensors.end(),
                    [](const TensorResult& x, const TensorResult& y) { return same(x, y); })) {
        return "tensors";
    }
    if (!same(a.windowNll, b.windowNll)) {
        return "window_nll";
    }
    if (!same(a.trainingLoss, b.trainingLoss)) {
        return "training_loss";
    }
    return same(a.baselineWindowNll, b.baselineWindowNll) ? "" : "baseline_window_nll";
}

} // namespace planish::test
