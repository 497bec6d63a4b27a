// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/codec_page.h"

#include "codec/awq.h"
#include "codec/codec.h"
#include "codec/diagonal.h"
#include "codec/registry.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <random>

namespace planish {
namespace {

constexpr std::size_t sampleSize = 512;

struct Chapter {
    Choice choice;
    const char* title;
    const char* introduction;
};

constexpr std::array chapters{
    Chapter{Choice::format, "Formats", "Which values can be stored, in which bytes."},
    Chapter{Choice::rounding, "Roundings",
            "Which stored value each weight gets. A rounding changes no byte of the layout."},
    Chapter{Choice::transform, "Transforms", "In which basis the tensor is stored."},
    Chapter{Choice::correction, "Corrections", "What repairs the rest, for bytes of its own."},
};

/// Samples of N(0,1) by Box and Muller's formula over a generator that is the same on every machine.
Matrix normalSample() {
    std::mt19937 generator(1);
    const auto uniform = [&] { return (static_cast<double>(generator()) + 0.5) / 4294967296.0; };
    Matrix sample(sampleSize, sampleSize);
    for (Eigen::Index i = 0; i < sample.size(); ++i) {
        const double radius = std::sqrt(-2 * std::log(uniform()));
        sample.data()[i] = static_cast<float>(radius * std::cos(2 * M_PI * uniform()));
    }
    return sample;
}

Matrix roundTrip(const Codec& codec, const Matrix& weights, const EncodeContext& context) {
    return codec.decode(codec.encode(weights, context), context.workers);
}

/// What a tensor with statistics is stored as; scales that codecs leave to the norm before are taken there
/// and back.
Matrix roundTripWithInputs(const Codec& codec, const Matrix& weights, const InputStatistics& inputs,
                           Workers& workers, JobMonitor& monitor) {
    const EncodeContext context{workers, monitor, 0, &inputs};
    if (!codec.demands().scaledInputs) {
        return roundTrip(codec, weights, context);
    }
    const AwqConsumer consumer{weights, codec};
    const Vector scales = awqScales(std::span(&consumer, 1), inputs, context);
    const InputStatistics smaller = scaledInputs(inputs, scales.cwiseInverse());
    const Matrix stored = roundTrip(codec, weights * scales.asDiagonal(), {workers, monitor, 0, &smaller});
    return stored * scales.cwiseInverse().asDiagonal();
}

std::string threeDigits(double value) {
    return value == 0 ? "0" : fmt::format("{:.2e}", value);
}

std::string exampleRow(const std::string& text, const Matrix& normal, const ExampleTensor& real,
                       Workers& workers, JobMonitor& monitor) {
    const Codec codec = Codec::parse(text);
    const double bits = 8.0 * static_cast<double>(codec.packedBytes({sampleSize, sampleSize})) /
                        static_cast<double>(sampleSize * sampleSize);
    std::string normalError;
    if (codec.calibration() != CalibrationUse::required) {
        normalError =
            threeDigits(storageError(normal, roundTrip(codec, normal, {workers, monitor, 0})).relative);
    }
    const Matrix stored = roundTripWithInputs(codec, real.weights, real.inputs, workers, monitor);
    return fmt::format("| `{}` | {:.4g} | {} | {} | {} |\n", text, bits, normalError,
                       threeDigits(storageError(real.weights, stored).relative),
                       threeDigits(proxyLoss(real.weights, stored, real.inputs, workers)));
}

std::string memberSection(const CodecMember& member, const Matrix& normal, const ExampleTensor& real,
                          Workers& workers, JobMonitor& monitor) {
    std::string text = fmt::format("\n### `{}`: {}\n\n{}\n\n", member.name, member.title, member.summary);
    for (const auto& [label, value] : {std::pair{"Options", member.options},
                                       {"Layout", member.layout},
                                       {"Bits per weight", member.bitsFormula},
                                       {"Source", member.reference}}) {
        if (!value.empty()) {
            text += fmt::format("- {}: {}\n", label, value);
        }
    }
    text += fmt::format("- Calibration: {}\n\n", calibrationUseName(member.calibration));
    text += "| example | bits | error, N(0,1) | error, model | loss, model |\n"
            "| --- | --: | --: | --: | --: |\n";
    for (const std::string& example : member.examples) {
        text += exampleRow(example, normal, real, workers, monitor);
    }
    return text;
}

std::string introduction(const ExampleTensor& real) {
    return fmt::format(
        R"(# Codecs

A codec is written `FORMAT[:option]*[+stage]*`; nested codecs with stages stand in parentheses. It is made of four
choices that combine freely, a chapter each below. This page, numbers included, is written by
`planish-cli codecs --markdown`, which measures:

- **bits**: exact bits per weight of a tensor of {0} × {0}, everything included.
- **error, N(0,1)**: squared error over the squared weights, ‖W−Ŵ‖² ÷ ‖W‖², of {0} × {0} samples of N(0,1), without
  statistics; empty for what needs them.
- **error, model**: the same of `{1}` ({2} × {3}), calibrated.
- **loss, model**: expected squared error of the outputs over that of the outputs, tr(E H Eᵀ) ÷ tr(W H Wᵀ), of the same
  tensor stored the same way.

Calibrated on {4} ({5} tokens): whatever uses statistics
of its inputs was given these, and H = E[x xᵀ] is of these.
)",
        sampleSize, real.name, real.weights.rows(), real.weights.cols(), real.inputsOrigin,
        real.inputs.tokens);
}

} // namespace

std::string codecsMarkdown(const ExampleTensor& real, Workers& workers, JobMonitor& monitor) {
    const Matrix normal = normalSample();
    std::string text = introduction(real);
    double done = 0; // members
    for (const Chapter& chapter : chapters) {
        text += fmt::format("\n## {}\n\n{}\n", chapter.title, chapter.introduction);
        for (const CodecMember& member : codecMembers()) {
            if (member.choice == chapter.choice) {
                const auto all = static_cast<double>(codecMembers().size());
                PartMonitor part(monitor, done / all, (done + 1) / all, "measure " + member.name);
                text += memberSection(member, normal, real, workers, part);
                ++done;
            }
        }
    }
    text += "\n## Other names\n\n| name | codec | |\n| --- | --- | --- |\n";
    for (const CodecAlias& alias : codecAliases()) {
        text += fmt::format("| `{}` | `{}` | {} |\n", alias.name, alias.codec, alias.summary);
    }
    return text;
}

} // namespace planish
