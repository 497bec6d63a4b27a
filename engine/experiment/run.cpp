// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run.h"

#include <cmath>

namespace planish {
namespace {

const RunField fields[] = {
    // What ran.
    {"name", "Name", "", &RunRecord::name},
    {"model", "Model", "", &RunRecord::model},
    {"model_fingerprint", "Model fingerprint", "", &RunRecord::modelFingerprint},
    {"parameters", "Parameters", "", &RunRecord::parameters},
    {"corpus", "Text", "", &RunRecord::corpus},
    {"corpus_sha256", "Text SHA-256", "", &RunRecord::corpusSha256},
    {"convention", "Convention", "", &RunRecord::convention},
    {"context", "Context", "tokens", &RunRecord::context},
    {"stride", "Stride", "tokens", &RunRecord::stride},
    {"windows", "Windows", "", &RunRecord::windows},
    {"seed", "Seed", "", &RunRecord::seed},
    // What it cost in quality.
    {"tokens_scored", "Tokens scored", "tokens", &RunRecord::tokensScored},
    {"nll_sum", "NLL", "nats", &RunRecord::nllSum},
    {"ppl", "PPL", "", &RunRecord::ppl},
    {"baseline_nll_sum", "Baseline NLL", "nats", &RunRecord::baselineNllSum},
    {"baseline_ppl", "Baseline PPL", "", &RunRecord::baselinePpl},
    {"delta_ppl_percent", "ΔPPL", "%", &RunRecord::deltaPplPercent},
    {"delta_standard_error_percent", "ΔPPL standard error", "%", &RunRecord::deltaStandardErrorPercent},
    {"kld_mean", "Mean KLD", "nats", &RunRecord::kldMean},
    {"kld_median", "Median KLD", "nats", &RunRecord::kldMedian},
    {"kld_p99", "99 % KLD", "nats", &RunRecord::kldP99},
    {"kld_max", "Largest KLD", "nats", &RunRecord::kldMax},
    {"top1_agreement", "Top-1 agreement", "", &RunRecord::top1Agreement},
    // What it saved.
    {"bits_per_weight", "Bits per weight", "bits", &RunRecord::bitsPerWeight},
    {"compression", "Compression", "", &RunRecord::compression},
    {"whole_model_compression_fp32", "Whole model against fp32", "", &RunRecord::wholeModelCompressionFp32},
    {"whole_model_compression_bf16", "Whole model against bf16", "", &RunRecord::wholeModelCompressionBf16},
    {"packed_bytes", "Packed size", "bytes", &RunRecord::packedBytes},
    // What it was calibrated on.
    {"calibration", "Calibration text", "", &RunRecord::calibration},
    {"calibration_sha256", "Calibration text SHA-256", "", &RunRecord::calibrationSha256},
    {"calibration_samples", "Calibration samples", "", &RunRecord::calibrationSamples},
    {"calibration_context", "Calibration context", "tokens", &RunRecord::calibrationContext},
    {"calibration_inputs", "Calibration inputs", "", &RunRecord::calibrationInputs},
    // What it took.
    {"calibrate_seconds", "Calibration time", "s", &RunRecord::calibrateSeconds},
    {"quantize_seconds", "Quantization time", "s", &RunRecord::quantizeSeconds},
    {"evaluate_seconds", "Evaluation time", "s", &RunRecord::evaluateSeconds},
    {"tokens_per_second", "Speed", "tokens/s", &RunRecord::tokensPerSecond},
    {"reused_fraction", "Reused work", "", &RunRecord::reusedFraction},
    {"peak_memory_bytes", "Peak memory", "bytes", &RunRecord::peakMemoryBytes},
    {"threads", "Threads", "", &RunRecord::threads},
    {"arithmetic", "Arithmetic", "", &RunRecord::arithmetic},
    // How to repeat it.
    {"created", "Recorded", "", &RunRecord::created},
    {"application", "Application", "", &RunRecord::application},
    {"machine", "Machine", "", &RunRecord::machine},
    {"command", "Command", "", &RunRecord::command},
};

Json toJson(const std::string& value) {
    return value;
}

Json toJson(std::uint64_t value) {
    return value;
}

Json toJson(double value) {
    return std::isfinite(value) ? Json(value) : Json(nullptr);
}

} // namespace

std::span<const RunField> runFields() {
    return fields;
}

Json toJson(const RunRecord& record) {
    Json json = Json::object();
    json["run"] = record.id;
    for (const RunField& field : fields) {
        json[field.key] = std::visit([&](auto member) { return toJson(record.*member); }, field.member);
    }
    json["recipe"] = record.recipe.toJson();
    json["warnings"] = record.warnings;
    return json;
}

} // namespace planish
