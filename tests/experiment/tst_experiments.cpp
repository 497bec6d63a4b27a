// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "experiment/claims.h"
#include "experiment/references.h"
#include "experiment/sweep.h"

#include <QTest>
#include <algorithm>
#include <filesystem>

using namespace planish;

namespace {

const std::filesystem::path experiments = std::filesystem::path(PLANISH_SOURCE) / "experiments";

/// The JSON files of all experiments: claims, or sweeps.
std::vector<std::filesystem::path> files(bool claims) {
    std::vector<std::filesystem::path> found;
    for (auto entry = std::filesystem::recursive_directory_iterator(experiments);
         entry != std::filesystem::recursive_directory_iterator(); ++entry) {
        if (std::filesystem::exists(entry->path() / "config.json")) {
            entry.disable_recursion_pending(); // a model
        }
        if (entry->path().extension() == ".json" && (entry->path().filename() == "claims.json") == claims) {
            found.push_back(entry->path());
        }
    }
    return found;
}

/// How many samples a run is calibrated on, as its record will say.
std::size_t samplesOf(const RunSpec& run) {
    const bool required =
        std::any_of(run.recipe.rules.begin(), run.recipe.rules.end(), [](const RecipeRule& rule) {
            return Codec::parse(rule.codec).calibration() == CalibrationUse::required;
        });
    return run.calibration ? run.calibration->samples : required ? CalibrationSettings().samples : 0;
}

/// The different numbers of samples a sweep runs a recipe with, on each of its models and texts.
std::vector<std::size_t> samplesOf(const Recipe& recipe, const SweepSpec& sweep) {
    std::vector<std::size_t> found;
    for (const RunSpec& run : sweep.runs()) {
        if (run.recipe.rules == recipe.rules && run.recipe.defaultCodec == recipe.defaultCodec &&
            run.model == sweep.models.front() && run.corpus == sweep.corpora.front()) {
            found.push_back(samplesOf(run));
        }
    }
    return found;
}

SweepSpec sweepBeside(const std::filesystem::path& claims, const std::string& sweep) {
    return SweepSpec::fromFile((claims.parent_path() / sweep).string());
}

} // namespace

/// The specifications in experiments/ fit each other and what the program has.
class ExperimentsTest : public QObject {
    Q_OBJECT

  private slots:
    void every_sweep_is_one_of_bundled_models_texts_and_presets() {
        QVERIFY(files(false).size() >= 6);
        for (const auto& path : files(false)) {
            const SweepSpec sweep = SweepSpec::fromFile(path.string());
            QVERIFY2(!sweep.runs().empty(), path.c_str());
            for (const std::string& name : sweep.models) {
                const Model model = Model::open(name);
                for (const Recipe& recipe : sweep.recipes) {
                    const auto codecs = resolve(recipe, model.tensors(), model.config().tiedEmbedding);
                    QVERIFY2(recipeSize(codecs, model.tensors()).compression() > 2, recipe.name.c_str());
                }
            }
        }
    }

    void every_claim_is_measured_by_one_run_of_its_sweep() {
        QVERIFY(files(true).size() >= 2);
        for (const auto& path : files(true)) {
            for (const ClaimTable& table : ClaimsDocument::fromFile(path.string()).tables) {
                const SweepSpec sweep = sweepBeside(path, table.sweep);
                for (const Claim& claim : table.claims) {
                    QVERIFY2(samplesOf(claim.reading, sweep) == std::vector<std::size_t>{claim.samples},
                             qPrintable(QStringLiteral("%1, %2: %3 with %4 samples")
                                            .arg(QString::fromStdString(table.title),
                                                 QString::fromStdString(claim.label),
                                                 QString::fromStdString(claim.reading.name))
                                            .arg(claim.samples)));
                }
            }
        }
    }

    void every_frontier_is_of_a_sweep_on_models_that_the_references_know() {
        for (const auto& path : files(true)) {
            for (const FrontierComparison& frontier : ClaimsDocument::fromFile(path.string()).frontiers) {
                const SweepSpec sweep = sweepBeside(path, frontier.sweep);
                QVERIFY2(sweep.runs().size() > 10, frontier.title.c_str());
                for (const std::string& model : sweep.models) {
                    QVERIFY2(std::ranges::any_of(frontierReferences(),
                                                 [&](const ReferenceSeries& series) {
                                                     return std::ranges::count(series.points, model,
                                                                               &ReferencePoint::model) > 0;
                                                 }),
                             model.c_str());
                }
            }
        }
    }

    void every_curve_has_points_and_something_to_compare_with() {
        for (const auto& path : files(true)) {
            for (const SampleCurve& curve : ClaimsDocument::fromFile(path.string()).curves) {
                const SweepSpec sweep = sweepBeside(path, curve.sweep);
                const auto points = samplesOf(curve.recipe, sweep);
                QVERIFY2(points.size() > 2 && std::is_sorted(points.begin(), points.end()),
                         curve.title.c_str());
                if (curve.without) {
                    QCOMPARE(samplesOf(*curve.without, sweep), std::vector<std::size_t>{0});
                }
            }
        }
    }
};

QTEST_APPLESS_MAIN(ExperimentsTest)
#include "tst_experiments.moc"
