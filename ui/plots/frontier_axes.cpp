// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/frontier_axes.h"

#include <QCoreApplication>
#include <algorithm>
#include <array>
#include <cmath>

namespace planish {

namespace {

double exact(const RunRecord&) {
    return notMeasured;
}

/// The baseline is the same text on the same windows, so the error of the difference is that of the PPL
/// relative to it.
double perplexityError(const RunRecord& run) {
    return run.deltaStandardErrorPercent / 100 * run.baselinePpl;
}

constexpr std::array sizes = {
    FrontierQuantity{"compression", QT_TRANSLATE_NOOP("Frontier", "Compression"),
                     QT_TRANSLATE_NOOP("Frontier", "× against fp32, decoder weights"),
                     [](const RunRecord& run) { return run.compression; }, exact, true},
    FrontierQuantity{"bits_per_weight", QT_TRANSLATE_NOOP("Frontier", "Bits per weight"),
                     QT_TRANSLATE_NOOP("Frontier", "bits, decoder weights"),
                     [](const RunRecord& run) { return run.bitsPerWeight; }, exact},
    FrontierQuantity{
        "packed_bytes", QT_TRANSLATE_NOOP("Frontier", "Packed size"), QT_TRANSLATE_NOOP("Frontier", "MiB"),
        [](const RunRecord& run) { return static_cast<double>(run.packedBytes) / (1024.0 * 1024.0); }, exact},
    FrontierQuantity{"whole_model_compression_fp32", QT_TRANSLATE_NOOP("Frontier", "Whole-model compression"),
                     QT_TRANSLATE_NOOP("Frontier", "× against fp32"),
                     [](const RunRecord& run) { return run.wholeModelCompressionFp32; }, exact, true},
};

constexpr std::array losses = {
    FrontierQuantity{"delta_ppl_percent", QT_TRANSLATE_NOOP("Frontier", "ΔPPL"), "%",
                     [](const RunRecord& run) { return run.deltaPplPercent; },
                     [](const RunRecord& run) { return run.deltaStandardErrorPercent; }},
    FrontierQuantity{"ppl", QT_TRANSLATE_NOOP("Frontier", "Perplexity"), "",
                     [](const RunRecord& run) { return run.ppl; }, perplexityError},
    FrontierQuantity{"kld_mean", QT_TRANSLATE_NOOP("Frontier", "Mean KL divergence"),
                     QT_TRANSLATE_NOOP("Frontier", "nats"), [](const RunRecord& run) { return run.kldMean; },
                     exact},
    FrontierQuantity{"top1_disagreement", QT_TRANSLATE_NOOP("Frontier", "Top-1 disagreement"), "%",
                     [](const RunRecord& run) { return 100 * (1 - run.top1Agreement); }, exact},
};

} // namespace

QString FrontierQuantity::name() const {
    return QCoreApplication::translate("Frontier", title);
}

QString FrontierQuantity::label() const {
    return *unit == '\0'
               ? name()
               : QStringLiteral("%1 (%2)").arg(name(), QCoreApplication::translate("Frontier", unit));
}

std::span<const FrontierQuantity> sizeQuantities() {
    return sizes;
}

std::span<const FrontierQuantity> lossQuantities() {
    return losses;
}

const FrontierQuantity& quantity(std::span<const FrontierQuantity> quantities, const QString& key) {
    const auto found =
        std::ranges::find_if(quantities, [&key](const auto& q) { return key == QLatin1String(q.key); });
    return found == quantities.end() ? quantities.front() : *found;
}

FrontierPoint FrontierAxes::point(const RunRecord& run) const {
    const auto smallerIsBetter = [&run](const FrontierQuantity& quantity) {
        return quantity.largerIsBetter ? -quantity.value(run) : quantity.value(run);
    };
    return {smallerIsBetter(*size), smallerIsBetter(*loss)};
}

bool FrontierAxes::canShow(const RunRecord& run) const {
    const double x = size->value(run);
    const double y = loss->value(run);
    return std::isfinite(x) && std::isfinite(y) && (!logarithmicSize || x > 0) && (!logarithmicLoss || y > 0);
}

} // namespace planish
