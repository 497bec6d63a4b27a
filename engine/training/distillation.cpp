// SPDX-License-Identifier: GPL-3.0-or-later
#include "training/distillation.h"

#include "gradient/backward_pass.h"

namespace planish {

/// Moves each tensor as soon as its gradient is there: nothing that is still to be differentiated depends on
/// it, as gradients come from the last block to the first.
class Distillation::Descent final : public GradientSink {
  public:
    Descent(Distillation& training, double size) : training_(training), size_(size) {}

    bool wants(const TensorInfo& tensor) const override {
        return training_.student_.state().tensors[training_.student_.indexOf(tensor)].inTraining();
    }
    void take(const TensorInfo& tensor, const Matrix& gradient) override {
        if (wants(tensor)) {
            const std::size_t index = training_.student_.indexOf(tensor);
            training_.student_.descend(index, gradient, size_, training_.scales_[index], training_.workers_);
        }
    }

  private:
    Distillation& training_;
    double size_;
};

Distillation::Distillation(const WeightSource& teacher, ModelInTraining& student, std::size_t context,
                           Workers& workers, Arithmetic arithmetic)
    : teacher_(teacher),
      student_(student),
      workers_(workers),
      arithmetic_(arithmetic),
      teacherPass_(teacher, context, workers, arithmetic),
      teacherHead_(teacher, workers, arithmetic) {
    for (const TensorInfo& tensor : teacher.model().tensors()) {
        scales_.push_back(rootMeanSquare(teacher.matrix(tensor, workers)));
    }
}

void Distillation::step(std::span<const TokenId> tokens, std::size_t windows, double size,
                        JobMonitor& monitor) {
    constexpr double ofTeacher = 0.2; // one of five passes
    PartMonitor first(monitor, 0, ofTeacher);
    const std::vector<HiddenStates> states = teacherPass_.allStates(tokens, windows, first);
    PartMonitor second(monitor, ofTeacher, 1);
    Descent descent(*this, size);
    const BackwardPass pass(student_, tokens.size() / windows, workers_, arithmetic_);
    const StateDistanceLoss distance(states, workers_);
    const double loss =
        pass.run(tokens, windows, DistillationLoss(states.back(), teacherHead_), descent, second, &distance);
    student_.state().losses.push_back(loss);
    ++student_.state().steps;
}

} // namespace planish
