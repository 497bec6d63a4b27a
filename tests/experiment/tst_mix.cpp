// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/mix.h"
#include "test_support.h"

#include <QTest>
#include <cmath>
#include <map>

using namespace planish;
using namespace planish::test;

namespace {

constexpr double bitsOf[] = {2, 3, 4};
const char* const codecs[] = {"int2:row", "int3:row", "int4:row"};

/// A record of folio-4m whose errors fall by four a bit, with made-up sensitivities by role.
SensitivityRecord recordOf(const Model& model) {
    const std::map<std::string, double> byRole{{"q", 0.1},  {"k", 0.05},   {"v", 0.4},    {"o", 0.3},
                                               {"up", 0.5}, {"gate", 0.6}, {"down", 1.0}, {"embedding", 2.0}};
    SensitivityRecord record;
    record.id = "0123456789abcdef";
    record.modelFingerprint = "model";
    record.sensitivity.lossPerDivergence = 0.5;
    record.sensitivity.lossPerDivergenceError = 0.05;
    for (const TensorInfo& tensor : model.tensors()) {
        if (tensor.isVector) {
            continue;
        }
        const double divergence = byRole.at(std::string(roleName(tensor.role))) * (1 + 0.1 * tensor.block);
        record.sensitivity.tensors.push_back({tensor.name, std::string(roleName(tensor.role)),
                                              tensor.shape.rows, tensor.shape.columns, divergence,
                                              0.01 * divergence, 2});
        for (int i = 0; i < 3; ++i) {
            record.costs.push_back(
                {tensor.name, Codec::parse(codecs[i]).name(),
                 static_cast<std::uint64_t>(static_cast<double>(tensor.count()) * bitsOf[i] / 8),
                 std::pow(0.25, bitsOf[i])});
        }
    }
    return record;
}

} // namespace

class MixTest : public QObject {
    Q_OBJECT

    Model model_ = Model::open("folio-4m");
    SensitivityRecord record_ = recordOf(model_);

    Mix best(const MixSpec& spec) const { return bestMix(record_, spec, model_.tensors(), true); }
    std::map<std::string, std::string> codecsOf(const Recipe& recipe) const {
        std::map<std::string, std::string> result;
        const auto resolved = resolve(recipe, model_.tensors(), true);
        for (std::size_t i = 0; i < resolved.size(); ++i) {
            result[model_.tensors()[i].name] = resolved[i].name();
        }
        return result;
    }

  private slots:
    void a_mix_fits_its_budget_and_beats_the_uniform_recipe_of_its_size() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 3}});
        QVERIFY(mix.size.bitsPerWeight() <= 3);
        QVERIFY(mix.size.bitsPerWeight() > 2.98);
        double uniform = 0;
        for (const TensorSensitivity& tensor : record_.sensitivity.tensors) {
            uniform += tensor.role == "embedding" ? 0 : tensor.divergence / 64;
        }
        QVERIFY(mix.prediction.divergence < uniform);
        QVERIFY(mix.gap < 1e-6);
        const auto chosen = codecsOf(mix.recipe);
        QCOMPARE(chosen.at("model.embed_tokens"), std::string("bf16"));
        QCOMPARE(chosen.at("model.layers.0.self_attn.q_proj"), Codec::parse(codecs[0]).name());
        QCOMPARE(chosen.at("model.layers.3.self_attn.v_proj"), Codec::parse(codecs[2]).name());
    }

    void the_predicted_divergence_is_the_sum_over_the_tensors_of_the_recipe() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 2.7}});
        double sum = 0;
        for (const auto& [name, codec] : codecsOf(mix.recipe)) {
            const CodecCost* cost = record_.cost(name, codec);
            for (const TensorSensitivity& tensor : record_.sensitivity.tensors) {
                sum += cost != nullptr && tensor.name == name ? cost->error * tensor.divergence : 0;
            }
        }
        QVERIFY(std::abs(mix.prediction.divergence - sum) < 1e-12);
    }

    void bytes_count_everything_and_a_ceiling_of_loss_gives_the_smallest_mix() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 3}});
        const Mix same = best({.budget = {MixBudget::Kind::bytes, static_cast<double>(mix.size.totalBytes)}});
        QVERIFY(same.size.totalBytes <= mix.size.totalBytes);
        QVERIFY(std::abs(same.prediction.divergence - mix.prediction.divergence) < 1e-9);
        const Mix ceiling =
            best({.budget = {MixBudget::Kind::deltaPplPercent, mix.prediction.deltaPplPercent * 1.0001}});
        QVERIFY(ceiling.size.totalBytes <= mix.size.totalBytes);
        QVERIFY(ceiling.prediction.deltaPplPercent <= mix.prediction.deltaPplPercent * 1.0001);
    }

    void what_some_programs_store_as_one_tensor_gets_one_codec() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 3}, .fused = true});
        const auto chosen = codecsOf(mix.recipe);
        for (int block = 0; block < 4; ++block) {
            const std::string at = "model.layers." + std::to_string(block);
            QCOMPARE(chosen.at(at + ".self_attn.q_proj"), chosen.at(at + ".self_attn.k_proj"));
            QCOMPARE(chosen.at(at + ".self_attn.q_proj"), chosen.at(at + ".self_attn.v_proj"));
            QCOMPARE(chosen.at(at + ".mlp.gate_proj"), chosen.at(at + ".mlp.up_proj"));
        }
        const Mix free = best({.budget = {MixBudget::Kind::bitsPerWeight, 3}});
        QVERIFY(free.prediction.divergence <= mix.prediction.divergence);
    }

    void protected_ends_are_stored_in_the_finest_candidate() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 3.2}, .protectEnds = true});
        for (const auto& [name, codec] : codecsOf(mix.recipe)) {
            if ((name.starts_with("model.layers.0.") || name.starts_with("model.layers.3.")) &&
                name.ends_with("proj")) {
                QCOMPARE(codec, Codec::parse(codecs[2]).name());
            }
        }
    }

    void the_embedding_is_chosen_for_only_when_asked() {
        const Mix mix = best({.budget = {MixBudget::Kind::bitsPerWeight, 3}, .wholeModel = true});
        QVERIFY(codecsOf(mix.recipe).at("model.embed_tokens") != "bf16");
    }

    void a_budget_that_cannot_be_met_says_what_could() {
        QString message = errorOf([&] { best({.budget = {MixBudget::Kind::bitsPerWeight, 1.5}}); });
        QVERIFY2(message.contains("at least 2.0000 bits per weight") && message.contains("1.5"),
                 qPrintable(message));
        message = errorOf([&] { best({.budget = {MixBudget::Kind::deltaPplPercent, 0.01}}); });
        QVERIFY2(message.contains("at least") && message.contains("%"), qPrintable(message));
        SensitivityRecord noisy = record_;
        noisy.sensitivity.lossPerDivergence = -0.1;
        message = errorOf([&] {
            bestMix(noisy, {.budget = {MixBudget::Kind::deltaPplPercent, 1}}, model_.tensors(), true);
        });
        QVERIFY2(message.contains("loss_per_kld"), qPrintable(message));
        message = errorOf([&] { best({.budget = {MixBudget::Kind::bytes, 1000}}); });
        QVERIFY2(message.contains("bytes"), qPrintable(message));
        message = errorOf([&] {
            best({.budget = {MixBudget::Kind::bitsPerWeight, 3}, .codecs = {"int8:g64"}});
        });
        QVERIFY2(message.contains("int8:g64"), qPrintable(message));
    }

    void the_predicted_frontier_rises_in_size_and_falls_in_loss() {
        const auto points = predictedFrontier(record_, {}, model_.tensors(), true);
        QVERIFY(points.size() > 20);
        QVERIFY(std::abs(points.front().bitsPerWeight - 2) < 1e-9);
        QVERIFY(std::abs(points.back().bitsPerWeight - 4) < 1e-9);
        for (std::size_t i = 1; i < points.size(); ++i) {
            QVERIFY(points[i].totalBytes > points[i - 1].totalBytes);
            QVERIFY(points[i].prediction.divergence < points[i - 1].prediction.divergence);
        }
    }

    /// Runs of a model whose v tensors cost twice what was measured: what is learned from them predicts
    /// better.
    void runs_correct_the_sensitivities_towards_what_they_measured() {
        const auto runOf = [&](double attention, double mlp) {
            RunRecord run;
            run.modelFingerprint = "model";
            for (const TensorSensitivity& tensor : record_.sensitivity.tensors) {
                TensorResult result;
                result.name = tensor.name;
                const bool attends = tensor.name.find("self_attn") != std::string::npos;
                result.relativeError = tensor.role == "embedding" ? 0 : attends ? attention : mlp;
                run.tensors.push_back(result);
                run.kldMean += result.relativeError * tensor.divergence * (tensor.role == "v" ? 2 : 1.1);
            }
            return run;
        };
        const std::vector<RunRecord> runs{runOf(0.01, 0.0025), runOf(0.0025, 0.01), runOf(0.005, 0.005)};
        const SensitivityRecord better = refined(record_, runs);
        const auto worst = [&](const SensitivityRecord& record) {
            double largest = 0;
            for (const RunRecord& run : runs) {
                const double predicted = predictRun(record, run.tensors).divergence;
                largest = std::max(largest, std::abs(predicted / run.kldMean - 1));
            }
            return largest;
        };
        QVERIFY(worst(record_) > 0.12);
        QVERIFY2(worst(better) < 0.05, qPrintable(QString::number(worst(better))));
        RunRecord foreign = runs.front();
        foreign.modelFingerprint = "another";
        QCOMPARE(refined(record_, std::vector<RunRecord>{foreign}).sensitivity.tensors[3].divergence,
                 record_.sensitivity.tensors[3].divergence);
    }
};

QTEST_APPLESS_MAIN(MixTest)
#include "tst_mix.moc"
