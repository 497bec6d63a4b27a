// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sweep_design.h"

#include "experiment/frontier.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace planish {
namespace {

using Choices = std::vector<SweepDesign::Choice>;

/// The roles that have something to choose, with canonical codecs.
Choices checkedChoices(const SweepDesign& design) {
    Choices choices;
    for (const SweepDesign::Choice& choice : design.choices) {
        SweepDesign::Choice checked{choice.role, {}};
        for (const std::string& codec : choice.codecs) {
            const std::string name = Codec::parse(codec).name();
            if (std::find(checked.codecs.begin(), checked.codecs.end(), name) == checked.codecs.end()) {
                checked.codecs.push_back(name);
            }
        }
        if (!checked.codecs.empty()) {
            choices.push_back(std::move(checked));
        }
    }
    if (choices.empty()) {
        throw InputError("sweep", "codecs", "at least one codec for one role", "none");
    }
    return choices;
}

/// Collects recipes that differ in more than their names.
class RecipeSet {
  public:
    bool add(Recipe recipe) {
        if (!known_.insert(key(recipe)).second) {
            return false;
        }
        recipes_.push_back(std::move(recipe));
        return true;
    }
    void ignore(const Recipe& recipe) { known_.insert(key(recipe)); }
    std::size_t size() const { return recipes_.size(); }
    std::vector<Recipe> take() { return std::move(recipes_); }

  private:
    static std::string key(Recipe recipe) {
        recipe.name.clear();
        return recipe.toJson().dump();
    }
    std::set<std::string> known_;
    std::vector<Recipe> recipes_;
};

std::vector<Recipe> grid(const Choices& choices) {
    std::size_t count = 1;
    for (const SweepDesign::Choice& choice : choices) {
        count *= choice.codecs.size();
        if (count > largestSweep) {
            throw InputError("sweep", "codecs", fmt::format("at most {} combinations", largestSweep),
                             "more; leave some out, or draw a random sample");
        }
    }
    std::vector<Recipe> recipes;
    for (std::size_t number = 0; number < count; ++number) {
        Recipe recipe;
        std::size_t rest = number;
        std::vector<std::size_t> digits(choices.size()); // the last role changes fastest
        for (std::size_t i = choices.size(); i-- > 0;) {
            digits[i] = rest % choices[i].codecs.size();
            rest /= choices[i].codecs.size();
        }
        for (std::size_t i = 0; i < choices.size(); ++i) {
            const std::string& codec = choices[i].codecs[digits[i]];
            recipe.rules.push_back({choices[i].role, codec});
            recipe.name += fmt::format("{}{} {}", i == 0 ? "" : ", ", choices[i].role, codec);
        }
        recipes.push_back(std::move(recipe));
    }
    return recipes;
}

/// The tensors of a role in one block, as a glob; "" for roles that are not in blocks.
std::string inBlock(const std::string& role, int block) {
    if (role == "attention") {
        return fmt::format("model.layers.{}.self_attn.*_proj", block);
    }
    return role == "mlp" ? fmt::format("model.layers.{}.mlp.*_proj", block) : "";
}

std::vector<Recipe> randomMixes(const Choices& choices, const SweepDesign& design) {
    if (design.blocks < 1) {
        throw InputError("sweep", "blocks", "the number of blocks of the model", "none");
    }
    std::mt19937_64 random(design.seed);
    // Not std::uniform_int_distribution, whose results differ between libraries.
    const auto draw = [&](const std::vector<std::string>& codecs) {
        return codecs[random() % codecs.size()];
    };
    RecipeSet set;
    const std::size_t attempts = 20 * std::min(design.count, largestSweep);
    for (std::size_t i = 0; i < attempts && set.size() < std::min(design.count, largestSweep); ++i) {
        Recipe recipe;
        for (const SweepDesign::Choice& choice : choices) {
            if (inBlock(choice.role, 0).empty()) {
                recipe.rules.push_back({choice.role, draw(choice.codecs)});
                continue;
            }
            for (int block = 0; block < design.blocks; ++block) {
                recipe.rules.push_back({inBlock(choice.role, block), draw(choice.codecs)});
            }
        }
        recipe.name = fmt::format("random mix {}", set.size() + 1);
        set.add(std::move(recipe));
    }
    return set.take();
}

std::vector<Recipe> aroundFrontier(const Choices& choices, const SweepDesign& design,
                                   std::span<const RunRecord> recorded) {
    RecipeSet set;
    const std::vector<bool> optimal = onFrontier(recorded);
    std::vector<const RunRecord*> front;
    for (std::size_t i = 0; i < recorded.size(); ++i) {
        set.ignore(recorded[i].recipe);
        if (optimal[i]) {
            front.push_back(&recorded[i]);
        }
    }
    if (front.empty()) {
        throw InputError("sweep", "runs", "recorded runs of this model to start from", "none");
    }
    // From the middle outwards: near its ends the frontier is known best.
    std::stable_sort(front.begin(), front.end(), [](const RunRecord* a, const RunRecord* b) {
        return a->bitsPerWeight < b->bitsPerWeight;
    });
    std::vector<const RunRecord*> order;
    for (std::size_t i = 0; i < front.size(); ++i) {
        const std::size_t middle = front.size() / 2;
        order.push_back(front[i % 2 == 0 ? middle + i / 2 : middle - 1 - i / 2]);
    }
    for (const RunRecord* run : order) {
        for (const SweepDesign::Choice& choice : choices) {
            for (const std::string& codec : choice.codecs) {
                if (set.size() >= std::min(design.count, largestSweep)) {
                    return set.take();
                }
                Recipe recipe = run->recipe;
                // A later rule wins; one for the same role would never be seen.
                std::erase_if(recipe.rules,
                              [&](const RecipeRule& rule) { return rule.match == choice.role; });
                recipe.rules.push_back({choice.role, codec});
                recipe.name = fmt::format("{}; {} {}", run->recipe.name, choice.role, codec);
                set.add(std::move(recipe));
            }
        }
    }
    return set.take();
}

/// About what one run adds to a document, in bytes: its columns and attributes. The 50 runs of
/// experiments/seed-tables take 14 kB each, by this 15 to 20 kB.
std::uint64_t documentBytes(std::size_t tensors, std::size_t windows, const Recipe& recipe) {
    constexpr std::uint64_t fixed = 9000;
    constexpr std::uint64_t perTensor = 160;
    constexpr std::uint64_t perWindow = 16;
    return fixed + perTensor * tensors + perWindow * windows + recipe.toJson().dump().size();
}

} // namespace

std::vector<Recipe> designRecipes(const SweepDesign& design, std::span<const RunRecord> recorded) {
    const Choices choices = checkedChoices(design);
    switch (design.method) {
    case SweepDesign::Method::grid:
        return grid(choices);
    case SweepDesign::Method::random:
        return randomMixes(choices, design);
    case SweepDesign::Method::frontier:
        return aroundFrontier(choices, design, recorded);
    }
    return {};
}

SweepEstimate estimateSweep(const std::vector<RunSpec>& runs, RunExecutor& executor,
                            const JobMonitor& monitor) {
    constexpr std::size_t mostEstimated = 50;
    SweepEstimate total;
    total.runs = runs.size();
    const std::size_t samples = std::min(runs.size(), mostEstimated);
    std::map<std::string, double> baselines; // by model and text
    double seconds = 0;
    double disk = 0;
    for (std::size_t i = 0; i < samples; ++i) {
        monitor.throwIfCancelled();
        const RunSpec& run = runs[i * runs.size() / samples];
        const RunEstimate estimate = executor.estimate(run);
        for (const EstimateTerm& term : estimate.time) {
            if (term.name == "baseline") {
                double& known = baselines[run.model + '\n' + run.corpus];
                known = std::max(known, term.value);
            } else {
                seconds += term.value;
            }
        }
        total.memoryBytes = std::max(total.memoryBytes, estimate.bytes());
        const Model model = Model::open(run.model);
        const std::size_t windows = run.evaluation.windows;
        disk += static_cast<double>(documentBytes(model.tensors().size(), windows, run.recipe));
    }
    const double scale = samples == 0 ? 0 : static_cast<double>(runs.size()) / static_cast<double>(samples);
    total.seconds = seconds * scale;
    for (const auto& [key, baseline] : baselines) {
        total.seconds += baseline;
    }
    total.diskBytes = static_cast<std::uint64_t>(disk * scale);
    return total;
}

} // namespace planish
