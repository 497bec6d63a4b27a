// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "allocation/prediction.h"
#include "codec/codec.h"
#include "experiment/sensitivity_study.h"
#include "model/tensor_info.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace planish {

/// What is known of what codecs cost the tensors of a model: sensitivities of a study, and errors by tensor
/// and codec. A value, to be copied to other threads.
class TensorCosts {
  public:
    using Key = std::pair<std::string, std::string>; ///< tensor, codec
    struct Error {
        double relative = 0; ///< ‖W−Ŵ‖² ÷ ‖W‖²
        bool atMost = false; ///< of nearest rounding; the codec's own is expected to be smaller
    };
    using Errors = std::map<Key, Error>;

    /// Sensitivities, and the errors that the study has measured; those known before stay.
    void setStudy(const SensitivityRecord* study);
    void addErrors(const Errors& errors) { errors_.insert(errors.begin(), errors.end()); }
    void clearErrors() { errors_.clear(); }

    bool hasStudy() const { return sensitivity_.has_value(); }
    bool hasSensitivity(const std::string& tensor) const { return byTensor_.contains(tensor); }
    std::optional<Error> error(const TensorInfo& tensor, const Codec& codec) const;

    /// The predicted share of a tensor in the mean KL divergence, in nats.
    struct Cost {
        double divergence = 0;
        double standardError = 0; ///< of the sensitivity; NaN when not known
        bool atMost = false;      ///< of nearest rounding; the codec's own is expected to cost less
    };
    /// Nothing while the sensitivity or the error is not known.
    std::optional<Cost> cost(const TensorInfo& tensor, const Codec& codec) const;

    /// A whole recipe.
    struct Total {
        Prediction prediction; ///< of the tensors that are known
        bool atMost = false;
        int unknown = 0; ///< tensors
    };
    /// Nothing without a study.
    std::optional<Total> total(const std::vector<TensorInfo>& tensors,
                               const std::vector<Codec>& codecs) const;
    /// Of a whole recipe, when the cost of every tensor is known.
    std::optional<Prediction> prediction(const std::vector<TensorInfo>& tensors,
                                         const std::vector<Codec>& codecs) const;

  private:
    std::optional<Sensitivity> sensitivity_;
    std::map<std::string, TensorSensitivity> byTensor_;
    Errors errors_;
};

} // namespace planish
