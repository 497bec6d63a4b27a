// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/quantize.h"
#include "training/training_cache.h"

#include <span>

namespace planish {

/// What a model is trained on between the roundings of its tensors, resolved.
struct TrainingPlan {
    std::string text;   ///< name
    std::string sha256; ///< of the text
    WindowPlan windows; ///< of all of it
    std::size_t windowsAStep = 0;
    std::size_t steps = 0;
    double rate = 0; ///< see CalibrationSettings::trainingRate

    std::size_t tokens() const { return steps * windowsAStep * windows.context; }
};

/// Cuts a tokenized text into windows of as many tokens as a calibration sample has. Throws InputError when
/// the model has no gradients, there are fewer steps than kinds of decoder linears, or the text has no
/// window.
TrainingPlan planTraining(const CalibrationSettings& settings, const Model& model, std::string text,
                          std::string sha256, std::span<const TokenId> ids);

/// Whether a codec asks for training (+recover, +qat).
bool asksForTraining(const std::vector<Codec>& codecs);

/// Packs a model whose codecs ask for training, a kind of tensor at a time: first all that is stored in fewer
/// bits without training, then the linears of +qat, those that errors cost most first. Between these, what is
/// not packed yet learns to make up for it: norms, biases, whatever is stored in floats, and the linears
/// still to come, towards the predictions and hidden states of the unquantized model (see Distillation;
/// incremental quantization, Zhou et al.: INQ, 2017). Tensors of +recover go on learning once they are
/// packed, in all but their codes; with +recover alone these, norms, biases and floats are all that is
/// trained. Statistics are those of the model as it then is. The same bytes for every thread count. A
/// training that was stopped goes on where `trainings` has it; null: it is not kept. Reports stages "train"
/// and "quantize". Throws InputError for models without gradients and for codecs whose other stages presume
/// the weights of the model file.
QuantizedModel quantizeTrained(const Model& model, const QuantizeSettings& settings,
                               const TrainingPlan& training, TrainingCache* trainings, Workers& workers,
                               JobMonitor& monitor);

} // namespace planish
