// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run.h"

#include <algorithm>
#include <cmath>
#include <string_view>

namespace planish {
namespace {

const RunField fields[] = {
    // What ran.
    {"name", "Name", "", &RunRecord::name},
    {"tags", "Tags", "", &RunRecord::tags},
    {"folder", "Folder", "", &RunRecord::folder},
    {"notes", "Notes", "", &RunRecord::notes},
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
    {"compression", "Compression", "x", &RunRecord::compression},
    {"whole_model_compression_fp32", "Whole model against fp32", "x", &RunRecord::wholeModelCompressionFp32},
    {"whole_model_compression_bf16", "Whole model against bf16", "x", &RunRecord::wholeModelCompressionBf16},
    {"packed_bytes", "Packed size", "bytes", &RunRecord::packedBytes},
    // What it was calibrated on.
    {"calibration", "Calibration text", "", &RunRecord::calibration},
    {"calibration_sha256", "Calibration text SHA-256", "", &RunRecord::calibrationSha256},
    {"calibration_samples", "Calibration samples", "", &RunRecord::calibrationSamples},
    {"calibration_context", "Calibration context", "tokens", &RunRecord::calibrationContext},
    {"calibration_inputs", "Calibration inputs", "", &RunRecord::calibrationInputs},
    {"token_weights", "Calibration token weights", "", &RunRecord::tokenWeights},
    {"training", "Training text", "", &RunRecord::training},
    {"training_sha256", "Training text SHA-256", "", &RunRecord::trainingSha256},
    {"training_tokens", "Training tokens", "tokens", &RunRecord::trainingTokens},
    {"training_rate", "Training rate", "", &RunRecord::trainingRate},
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

/// The parts of a text between separators, without white space around them, without empty ones.
std::vector<std::string> partsOf(std::string_view text, char separator) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(separator), text.size());
        std::string_view part = text.substr(0, end);
        const std::size_t first = part.find_first_not_of(" \t\n");
        if (first != std::string_view::npos) {
            part = part.substr(first, part.find_last_not_of(" \t\n") + 1 - first);
            parts.emplace_back(part);
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
    std::string text;
    for (const std::string& part : parts) {
        text += (text.empty() ? "" : std::string(separator)) + part;
    }
    return text;
}

} // namespace

RunNotes notesOf(const RunRecord& run) {
    return {run.name, run.tags, run.folder, run.notes};
}

void setNotes(RunRecord& run, RunNotes notes) {
    std::vector<std::string> tags;
    for (std::string& tag : partsOf(notes.tags, ',')) {
        if (std::find(tags.begin(), tags.end(), tag) == tags.end()) {
            tags.push_back(std::move(tag));
        }
    }
    run.name = std::move(notes.name);
    run.tags = joined(tags, ", ");
    run.folder = joined(partsOf(notes.folder, '/'), "/");
    run.notes = std::move(notes.notes);
}

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
