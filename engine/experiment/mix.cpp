// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/mix.h"

#include "allocation/allocator.h"

#include <Eigen/Cholesky>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace planish {
namespace {

/// Tensors that get the same codec, and what each candidate makes of them together.
struct Group {
    std::vector<std::size_t> tensors; ///< of the model
    std::vector<std::string> codecs;  ///< of the options
    AllocationItem options;           ///< bytes and predicted divergence
};

/// The candidates as a knapsack problem, and its answers as mixes.
class MixProblem {
  public:
    MixProblem(const SensitivityRecord& record, const MixSpec& spec, std::span<const TensorInfo> tensors,
               bool tiedEmbedding)
        : record_(record), spec_(spec), tensors_(tensors), tied_(tiedEmbedding) {
        for (const std::string& codec : spec.codecs.empty() ? record.codecs() : spec.codecs) {
            candidates_.push_back(Codec::parse(codec).name());
        }
        if (candidates_.empty()) {
            throw InputError("allocation", "codecs", "codecs to choose from", "none");
        }
        for (const CodecCost& cost : record.costs) {
            costs_[{cost.tensor, cost.codec}] = &cost;
        }
        Recipe rest;
        rest.defaultCodec = spec.rest;
        codecs_ = resolve(rest, tensors, tiedEmbedding);
        makeGroups();
        restBytes_ = recipeSize(codecs_, tensors).totalBytes;
        for (const Group& group : groups_) {
            for (const std::size_t index : group.tensors) {
                restBytes_ -= codecs_[index].packedBytes(tensors[index].shape);
                weights_ += tensors[index].count();
            }
            items_.push_back(group.options);
        }
    }

    Mix solve() const {
        const auto found = spec_.budget.kind == MixBudget::Kind::deltaPplPercent
                               ? smallestWithin(items_, divergenceCeiling())
                               : cheapestWithin(items_, byteBudget());
        if (!found) {
            throw InputError("allocation", "budget", reachable(), described());
        }
        const double least =
            spec_.budget.kind == MixBudget::Kind::deltaPplPercent ? found->size : found->cost;
        Mix mix = mixOf(*found);
        mix.gap = least > 0 ? (least - found->bound) / least : 0;
        return mix;
    }

    std::vector<PredictedPoint> frontier() const {
        std::vector<PredictedPoint> points;
        for (const Allocation& allocation : hullAllocations(items_)) {
            points.push_back({8 * allocation.size / static_cast<double>(weights_),
                              restBytes_ + static_cast<std::uint64_t>(allocation.size),
                              predictionOf(allocation)});
        }
        return points;
    }

  private:
    bool isChosen(const TensorInfo& tensor) const {
        return isDecoderLinear(tensor.role) ||
               (spec_.wholeModel && (tensor.role == Role::embedding || tensor.role == Role::head));
    }

    /// Tensors with equal keys are stored alike.
    std::string keyOf(const TensorInfo& tensor) const {
        const bool attends =
            tensor.role == Role::query || tensor.role == Role::key || tensor.role == Role::value;
        const bool gates = tensor.role == Role::gate || tensor.role == Role::up;
        return spec_.fused && (attends || gates)
                   ? fmt::format("{} {}", tensor.block, attends ? "qkv" : "gateup")
                   : tensor.name;
    }

    void makeGroups() {
        std::map<std::string, std::size_t> byKey;
        int blocks = 0;
        for (std::size_t i = 0; i < tensors_.size(); ++i) {
            blocks = std::max(blocks, tensors_[i].block + 1);
            if (isChosen(tensors_[i])) {
                const auto [it, isNew] = byKey.try_emplace(keyOf(tensors_[i]), groups_.size());
                if (isNew) {
                    groups_.emplace_back();
                }
                groups_[it->second].tensors.push_back(i);
            }
        }
        for (Group& group : groups_) {
            for (const std::string& codec : candidates_) {
                addOption(group, codec);
            }
            if (group.options.empty()) {
                throw InputError(
                    "allocation", "codecs",
                    fmt::format("a measured codec that can store {}", tensors_[group.tensors.front()].name),
                    fmt::format("{}", fmt::join(candidates_, ", ")));
            }
            const int block = tensors_[group.tensors.front()].block;
            if (spec_.protectEnds && block >= 0 && (block == 0 || block == blocks - 1)) {
                keepFinest(group);
            }
        }
    }

    void addOption(Group& group, const std::string& codec) {
        AllocationOption option;
        for (const std::size_t index : group.tensors) {
            const CodecCost* cost = costOf(tensors_[index].name, codec);
            if (cost == nullptr) {
                if (isDecoderLinear(tensors_[index].role)) {
                    throw InputError("allocation", "codecs", "codecs whose errors have been measured",
                                     fmt::format("{} on {}", codec, tensors_[index].name));
                }
                return; // an embedding does without codecs that need statistics
            }
            option.size += static_cast<double>(cost->bytes);
            option.cost += cost->error * sensitivityOf(tensors_[index].name).divergence;
        }
        group.codecs.push_back(codec);
        group.options.push_back(option);
    }

    static void keepFinest(Group& group) {
        const auto finest = std::min_element(
            group.options.begin(), group.options.end(),
            [](const AllocationOption& a, const AllocationOption& b) { return a.cost < b.cost; });
        group.codecs = {group.codecs[static_cast<std::size_t>(finest - group.options.begin())]};
        group.options = {*finest};
    }

    /// Null when it has not been measured.
    const CodecCost* costOf(const std::string& tensor, const std::string& codec) const {
        const auto found = costs_.find({tensor, codec});
        return found != costs_.end() ? found->second : nullptr;
    }

    const TensorSensitivity& sensitivityOf(const std::string& name) const {
        const auto& all = record_.sensitivity.tensors;
        const auto found = std::find_if(all.begin(), all.end(),
                                        [&](const TensorSensitivity& tensor) { return tensor.name == name; });
        if (found == all.end()) {
            throw InputError("sensitivity " + record_.id, "tensors", name, "none of this name");
        }
        return *found;
    }

    double byteBudget() const {
        return spec_.budget.kind == MixBudget::Kind::bytes
                   ? spec_.budget.limit - static_cast<double>(restBytes_)
                   : spec_.budget.limit * static_cast<double>(weights_) / 8;
    }

    double divergenceCeiling() const {
        if (!(record_.sensitivity.lossPerDivergence > 0)) {
            throw InputError("sensitivity " + record_.id, "loss_per_kld",
                             "a number above 0, as more windows of the text would give",
                             fmt::format("{}", record_.sensitivity.lossPerDivergence));
        }
        return sumOfCosts(record_.sensitivity,
                          std::log1p(spec_.budget.limit / 100) / record_.sensitivity.lossPerDivergence);
    }

    /// What budgets can be met, in the unit of the one that cannot.
    std::string reachable() const {
        const auto ends = frontier();
        switch (spec_.budget.kind) {
        case MixBudget::Kind::bitsPerWeight:
            return fmt::format("at least {:.4f} bits per weight with these codecs",
                               ends.front().bitsPerWeight);
        case MixBudget::Kind::bytes:
            return fmt::format("at least {} bytes with these codecs", ends.front().totalBytes);
        case MixBudget::Kind::deltaPplPercent:
            break;
        }
        return fmt::format("at least {:.3f} %, the best these codecs are predicted to reach",
                           ends.back().prediction.deltaPplPercent);
    }

    std::string described() const {
        static constexpr const char* units[] = {"bits per weight", "bytes", "%"};
        return fmt::format("{} {}", spec_.budget.limit, units[static_cast<int>(spec_.budget.kind)]);
    }

    Prediction predictionOf(const Allocation& allocation) const {
        std::map<std::string, std::string> codecOf;
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            for (const std::size_t index : groups_[i].tensors) {
                codecOf[tensors_[index].name] = groups_[i].codecs[allocation.chosen[i]];
            }
        }
        std::vector<double> errors;
        for (const TensorSensitivity& tensor : record_.sensitivity.tensors) {
            const auto codec = codecOf.find(tensor.name);
            errors.push_back(codec != codecOf.end() ? costOf(tensor.name, codec->second)->error : 0);
        }
        return predict(record_.sensitivity, errors);
    }

    Mix mixOf(const Allocation& allocation) const {
        Mix mix;
        std::vector<Codec> codecs = codecs_;
        mix.size = recipeSize(codecs, tensors_);
        for (std::size_t i = 0; i < groups_.size(); ++i) {
            const std::string& name = groups_[i].codecs[allocation.chosen[i]];
            for (const std::size_t index : groups_[i].tensors) {
                const TensorInfo& tensor = tensors_[index];
                const std::uint64_t before = codecs[index].packedBytes(tensor.shape);
                const std::uint64_t after = costOf(tensor.name, name)->bytes;
                mix.size.totalBytes += after - before;
                mix.size.decoderBytes += isDecoderLinear(tensor.role) ? after - before : 0;
                codecs[index] = Codec::parse(name);
            }
        }
        mix.recipe = recipeFor(codecs, tensors_, tied_);
        mix.recipe.name = fmt::format("mix for {}", described());
        mix.prediction = predictionOf(allocation);
        return mix;
    }

    const SensitivityRecord& record_;
    const MixSpec& spec_;
    std::span<const TensorInfo> tensors_;
    bool tied_;
    std::map<std::pair<std::string, std::string>, const CodecCost*> costs_; ///< by tensor and codec
    std::vector<std::string> candidates_;
    std::vector<Codec> codecs_; ///< of all tensors, before any is chosen
    std::vector<Group> groups_;
    std::vector<AllocationItem> items_;
    std::uint64_t restBytes_ = 0;
    std::uint64_t weights_ = 0; ///< of the tensors that are chosen for
};

/// Errors of a run in the order of the sensitivities; 0 for what it has not.
std::vector<double> errorsOf(const SensitivityRecord& record, std::span<const TensorResult> tensors) {
    std::map<std::string, double> byName;
    for (const TensorResult& tensor : tensors) {
        byName[tensor.name] = tensor.equivalentNoise();
    }
    std::vector<double> errors;
    for (const TensorSensitivity& tensor : record.sensitivity.tensors) {
        const auto found = byName.find(tensor.name);
        errors.push_back(found != byName.end() ? found->second : 0);
    }
    return errors;
}

} // namespace

Mix bestMix(const SensitivityRecord& record, const MixSpec& spec, std::span<const TensorInfo> tensors,
            bool tiedEmbedding) {
    return MixProblem(record, spec, tensors, tiedEmbedding).solve();
}

std::vector<PredictedPoint> predictedFrontier(const SensitivityRecord& record, const MixSpec& spec,
                                              std::span<const TensorInfo> tensors, bool tiedEmbedding) {
    return MixProblem(record, spec, tensors, tiedEmbedding).frontier();
}

Prediction predictRun(const SensitivityRecord& record, std::span<const TensorResult> tensors) {
    return predict(record.sensitivity, errorsOf(record, tensors));
}

SensitivityRecord refined(const SensitivityRecord& record, std::span<const RunRecord> runs) {
    constexpr double tooLossy = 0.5; // nats, where no correction of costs explains what is measured
    constexpr double ofTensor = 0.2; // prior deviations, relative
    constexpr double ofAll = 0.3;
    constexpr double ofMeasurement = 0.02;
    const auto count = static_cast<Eigen::Index>(record.sensitivity.tensors.size());
    // Each run says: the sum of its costs times (1 + the tensor's correction + the common one) is what it
    // measured. In units of what it measured, and of the priors.
    Eigen::MatrixXd information = Eigen::MatrixXd::Identity(count + 1, count + 1);
    Eigen::VectorXd evidence = Eigen::VectorXd::Zero(count + 1);
    for (const RunRecord& run : runs) {
        if (run.modelFingerprint != record.modelFingerprint || !(run.kldMean > 0) || run.kldMean > tooLossy) {
            continue;
        }
        const std::vector<double> errors = errorsOf(record, run.tensors);
        const double measured = sumOfCosts(record.sensitivity, run.kldMean);
        Eigen::VectorXd share = Eigen::VectorXd::Zero(count + 1);
        double predicted = 0;
        for (Eigen::Index i = 0; i < count; ++i) {
            const auto at = static_cast<std::size_t>(i);
            const double cost = record.sensitivity.tensors[at].divergence * errors[at] / measured;
            share[i] = ofTensor * cost;
            predicted += cost;
        }
        share[count] = ofAll * predicted;
        information += share * share.transpose() / (ofMeasurement * ofMeasurement);
        evidence += share * (1 - predicted) / (ofMeasurement * ofMeasurement);
    }
    const Eigen::VectorXd correction = information.llt().solve(evidence);
    SensitivityRecord result = record;
    for (Eigen::Index i = 0; i < count; ++i) {
        TensorSensitivity& tensor = result.sensitivity.tensors[static_cast<std::size_t>(i)];
        const double factor = std::max(0.1, 1 + ofTensor * correction[i] + ofAll * correction[count]);
        tensor.divergence *= factor;
        tensor.standardError *= factor;
    }
    return result;
}

} // namespace planish
