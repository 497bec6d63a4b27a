// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/windows.h"
#include "limits.h"
#include "recipe/recipe.h"
#include "support/system.h"
#include "training/distillation.h"

using namespace planish;

namespace {

const std::vector<std::int64_t> arithmetics = fastestArithmetic() == Arithmetic::bfloat16
                                                  ? std::vector<std::int64_t>{0, 1}
                                                  : std::vector<std::int64_t>{0};

/// A step of 4096 tokens of folio-23m towards itself, all tensors trained, or of packed linears the scales
/// and minima. FLOP/s count 2 × parameters a token for each of five passes: the teacher's, one forward, one
/// to compute activations anew, two backward.
void step(benchmark::State& state) {
    keepFreedBuffers(); // as the programs do
    const auto threads = static_cast<int>(state.range(0));
    const auto arithmetic = static_cast<Arithmetic>(state.range(1));
    Workers workers(threads);
    const OriginalWeights teacher(Model::open("folio-23m"));
    const Model& model = teacher.model();
    const auto ids = Tokenizer::open(model.path()).encode(Corpus::open("calibration").text.substr(0, 100000));
    const WindowPlan plan = planWindows(ids, {Convention::standard, 1024, 4, 0}, std::nullopt);
    const Recipe recipe = Recipe::uniform(state.range(2) == 0 ? "bf16" : "int3:g128+recover");
    ModelInTraining student(model, resolve(recipe, model.tensors(), true), workers);
    SilentMonitor monitor;
    for (std::size_t i = 0; i < model.tensors().size(); ++i) {
        if (const Codec& codec = student.codecs()[i]; !codec.isFloat()) {
            student.freeze(i, codec.encode(student.state().tensors[i].values, {workers, monitor}), workers);
        }
    }
    Distillation training(teacher, student, plan.context, workers, arithmetic);
    const double limit = productRate(arithmetic) * threads;
    const double seconds =
        secondsOf(state, [&] { training.step(plan.tokens, plan.windows, 0.001, monitor); });
    const auto tokens = static_cast<double>(plan.tokens.size());
    const double rate = 10 * tokens * static_cast<double>(model.parameterCount()) / seconds;
    state.counters["tokens/s"] = tokens / seconds;
    state.counters["FLOP/s"] = rate;
    state.counters["of_limit"] = rate / limit;
}
BENCHMARK(step)
    ->ArgNames({"threads", "bf16", "recover"})
    ->ArgsProduct({{1, 2}, arithmetics, {0, 1}})
    ->UseRealTime()
    ->Unit(benchmark::kMillisecond);

} // namespace
