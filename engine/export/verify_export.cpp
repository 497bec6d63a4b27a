// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/verify_export.h"

#include "model/rope_frequencies.h"
#include "support/error.h"
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>
namespace planish {
namespace {

constexpr const char* sample =
    "It's 12345 o'clock:\n\n  \"Na\xc3\xafve\" caf\xc3\xa9s\t\xe2\x80\x94 x = y+1; "
    "\xe6\x97\xa5\xe6\x9c\xac\r\n THEY'RE";

[[noreturn]] void fail(const std::filesystem::path& path, std::string_view what) {
    throw Error(fmt::format("{}: reads back differently: {}", printable(path.string(), 400), what));
}

/// To what the floats of a GGUF file keep of them.
bool sameRotation(const ModelConfig& found, const ModelConfig& expected) {
    const std::vector<double> a = ropeFrequencies(found.rope, found.rotarySize, found.maximumContext);
    const std::vector<double> b =
        ropeFrequencies(expected.rope, expected.rotarySize, expected.maximumContext);
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return std::abs(x - y) <= 1e-6 * std::abs(y); });
}

void compareShapes(const ModelConfig& found, const ModelConfig& expected, const std::filesystem::path& path) {
    const std::pair<bool, const char*> checks[] = {
        {found.hiddenSize == expected.hiddenSize, "hidden size"},
        {found.blocks == expected.blocks, "blocks"},
        {found.heads == expected.heads, "heads"},
        {found.keyValueHeads == expected.keyValueHeads, "key-value heads"},
        {found.headSize == expected.headSize, "size of heads"},
        {found.mlpSize == expected.mlpSize, "MLP size"},
        {found.vocabularySize == expected.vocabularySize, "vocabulary"},
        {found.maximumContext == expected.maximumContext, "context"},
        {found.tiedEmbedding == expected.tiedEmbedding, "tied embedding"},
        {found.attentionBias == expected.attentionBias, "biases of attention"},
        {found.outputBias == expected.outputBias, "bias of attention's output"},
        {found.mlpBias == expected.mlpBias, "biases of the MLP"},
        {differencesFromLlama(found) == differencesFromLlama(expected), "what differs from Llama"},
        {sameRotation(found, expected), "frequencies of the rotary embedding"},
        {static_cast<float>(found.normEpsilon) == static_cast<float>(expected.normEpsilon), "epsilon"},
        {static_cast<float>(found.rope.theta) == static_cast<float>(expected.rope.theta), "theta"}};
    for (const auto& [same, what] : checks) {
        if (!same) {
            fail(path, what);
        }
    }
}

/// Of the squared error of one tensor; a little more than what was found when it was written.
void compareValues(const Matrix& found, const Matrix& expected, const ExportedTensor& tensor,
                   const std::filesystem::path& path) {
    const double error = storageError(expected, found).relative;
    if (tensor.exact ? error != 0 || !found.allFinite() : !(error <= 1.0001 * tensor.error)) {
        fail(path, fmt::format("values of {} (relative squared error {:.3e}, {:.3e} expected)", tensor.name,
                               error, tensor.exact ? 0 : tensor.error));
    }
}

std::optional<Tokenizer> tokenizerOf(const std::filesystem::path& path) {
    try {
        return Tokenizer::open(path);
    } catch (const Error&) {
        return {};
    }
}

void compareTokenizers(const std::filesystem::path& found, const std::filesystem::path& expected) {
    const auto original = tokenizerOf(expected);
    if (!original) {
        return; // a model without one that is read here
    }
    const Tokenizer written = Tokenizer::open(found);
    if (written.encode(sample) != original->encode(sample) ||
        written.beginToken() != original->beginToken()) {
        fail(found, "the tokens of a text");
    }
}

} // namespace

void verifyExport(const PackedModel& expected, const ExportPlan& plan, const std::filesystem::path& written,
                  Workers& workers, JobMonitor& monitor) {
    const Model& model = expected.model();
    const Model opened = Model::open(written.string());
    compareShapes(opened.config(), model.config(), written);
    if (opened.tensors().size() != model.tensors().size()) {
        fail(written, "the number of tensors");
    }
    const OriginalWeights found(opened);
    for (std::size_t i = 0; i < plan.tensors.size(); ++i) {
        monitor.throwIfCancelled();
        monitor.report({"compare", i, plan.tensors.size(), plan.tensors[i].name});
        const TensorInfo& tensor = model.tensors()[i];
        compareValues(found.matrix(opened.tensor(tensor.name), workers), expected.matrix(tensor, workers),
                      plan.tensors[i], written);
    }
    compareTokenizers(written, model.path());
}

} // namespace planish
