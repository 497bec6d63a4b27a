// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_brushes.h"

#include "models/run_table_model.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>

namespace planish {

namespace {

/// Mean bits per weight of the tensors of some roles.
double meanBits(const RunRecord& run, std::initializer_list<std::string_view> roles) {
    double bits = 0;
    double weights = 0;
    for (const TensorResult& tensor : run.tensors) {
        if (std::ranges::find(roles, std::string_view(tensor.role)) != roles.end()) {
            bits += 8 * static_cast<double>(tensor.bytes);
            weights += static_cast<double>(tensor.rows * tensor.columns);
        }
    }
    return weights > 0 ? bits / weights : notMeasured;
}

constexpr std::array quantities = {
    RunQuantity{"bits_per_weight", QT_TRANSLATE_NOOP("RunQuantity", "Bits per weight"), "",
                [](const RunRecord& run) { return run.bitsPerWeight; }},
    RunQuantity{"compression", QT_TRANSLATE_NOOP("RunQuantity", "Compression"), "×",
                [](const RunRecord& run) { return run.compression; }},
    RunQuantity{
        "packed_bytes", QT_TRANSLATE_NOOP("RunQuantity", "Packed size"), "MiB",
        [](const RunRecord& run) { return static_cast<double>(run.packedBytes) / (1024.0 * 1024.0); }},
    RunQuantity{"attention_bits", QT_TRANSLATE_NOOP("RunQuantity", "Attention"), "bits",
                [](const RunRecord& run) {
                    return meanBits(run, {"q", "k", "v", "qkv", "o"});
                }},
    RunQuantity{"mlp_bits", QT_TRANSLATE_NOOP("RunQuantity", "MLP"), "bits",
                [](const RunRecord& run) {
                    return meanBits(run, {"gate", "up", "gate_up", "down"});
                }},
    RunQuantity{"delta_ppl_percent", QT_TRANSLATE_NOOP("RunQuantity", "ΔPPL"), "%",
                [](const RunRecord& run) { return run.deltaPplPercent; }, true},
    RunQuantity{"kld_mean", QT_TRANSLATE_NOOP("RunQuantity", "Mean KLD"), "nats",
                [](const RunRecord& run) { return run.kldMean; }, true},
    RunQuantity{"seconds", QT_TRANSLATE_NOOP("RunQuantity", "Time"), "s",
                [](const RunRecord& run) { return run.quantizeSeconds + run.evaluateSeconds; }, true},
};

} // namespace

QString RunQuantity::name() const {
    return QCoreApplication::translate("RunQuantity", title);
}

QString RunQuantity::label() const {
    return *unit == '\0' ? name() : QStringLiteral("%1 (%2)").arg(name(), QString::fromUtf8(unit));
}

std::span<const RunQuantity> runQuantities() {
    return quantities;
}

bool RunBrushes::accepts(const RunRecord& run) const {
    return std::ranges::all_of(intervals_, [&run](const auto& brush) {
        const double value = quantities[brush.first].value(run);
        return value >= brush.second.lower && value <= brush.second.upper;
    });
}

void RunBrushes::set(std::size_t quantity, Interval interval) {
    const auto found = intervals_.find(quantity);
    if (found == intervals_.end() || found->second != interval) {
        intervals_.insert_or_assign(quantity, interval);
        emit changed();
    }
}

void RunBrushes::remove(std::size_t quantity) {
    if (intervals_.erase(quantity) > 0) {
        emit changed();
    }
}

void RunBrushes::clear() {
    if (!intervals_.empty()) {
        intervals_.clear();
        emit changed();
    }
}

QString describe(std::size_t quantity, const RunBrushes::Interval& interval) {
    return QCoreApplication::translate("RunBrushes", "%1 %2 to %3")
        .arg(quantities[quantity].label(), formatNumber(interval.lower), formatNumber(interval.upper));
}

} // namespace planish
