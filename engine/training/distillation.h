// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/forward_pass.h"
#include "inference/logits.h"
#include "tokenizer/tokenizer.h"
#include "training/model_in_training.h"

#include <span>

namespace planish {

/// Training of a model towards another: steps of Adam down the sum of the mean Kullback-Leibler divergence
/// from its distributions of next tokens, in nats (Hinton, Vinyals, Dean: Distilling the knowledge in a
/// neural network, 2015), and the relative distance from its hidden states behind each block
/// (StateDistanceLoss). Of what is packed, codes stay as they are. The same result for every number of
/// threads.
class Distillation {
  public:
    /// `teacher`, with `student` but for the values of its tensors, and `workers` must outlive this. Windows
    /// of `context` tokens. Throws InputError for models that gradients do not exist for.
    Distillation(const WeightSource& teacher, ModelInTraining& student, std::size_t context, Workers& workers,
                 Arithmetic arithmetic);

    /// One step on `tokens` [windows × context]: the student's state is one step further; the loss recorded
    /// is the divergence alone. `size`: of steps, relative to the root mean square that a tensor began with.
    /// Throws Cancelled; the step is not done then, and some tensors may have moved.
    void step(std::span<const TokenId> tokens, std::size_t windows, double size, JobMonitor& monitor);

  private:
    class Descent;

    const WeightSource& teacher_;
    ModelInTraining& student_;
    Workers& workers_;
    Arithmetic arithmetic_;
    ForwardPass teacherPass_;
    LogitHead teacherHead_;
    std::vector<double> scales_; ///< of the teacher's tensors
};

} // namespace planish
