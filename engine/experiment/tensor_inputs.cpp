// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/tensor_inputs.h"

#include "calibration/calibrator.h"
#include "evaluation/corpus.h"
#include "tokenizer/tokenizer.h"

namespace planish {

InputStatistics inputsOf(const std::string& name, const TensorInfo& tensor, CalibrationSettings settings,
                         Workers& workers, JobMonitor& monitor) {
    const Model model = Model::open(name);
    const std::optional<Place> place = placeOf(tensor, model.config());
    if (!place) {
        throw InputError(tensor.name, "inputs", "a tensor that multiplies activations",
                         std::string(roleName(tensor.role)));
    }
    settings.inputs = CalibrationInputs::original;
    const Corpus corpus = Corpus::open(settings.text);
    const CalibrationPlan plan = planCalibration(settings, model, corpus.name, corpus.sha256,
                                                 Tokenizer::open(model.path()).encode(corpus.text));
    const OriginalWeights weights(model);
    StatisticsCache cache = StatisticsCache::ofUser();
    return Calibrator(plan, weights, weights, &cache, workers)
        .at(*place, false, model.fingerprint(workers, monitor), "", monitor);
}

} // namespace planish
