// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/sweep.h"
#include "experiment/sweep_design.h"
#include "model/model.h"
#include "test_support.h"

#include <QtTest>
#include <set>

using namespace planish;

namespace {

SweepDesign twoRoles(SweepDesign::Method method) {
    SweepDesign design;
    design.method = method;
    design.choices = {{"attention", {"int8:g64", "int4:g64"}},
                      {"mlp", {"int4:g64", "int3:g64", "int2:g64", "int3:g64"}}};
    return design;
}

RunRecord recorded(const std::string& name, const Recipe& recipe, double bits, double delta) {
    RunRecord run;
    run.id = name;
    run.name = name;
    run.recipe = recipe;
    run.recipe.name = name;
    run.bitsPerWeight = bits;
    run.deltaPplPercent = delta;
    return run;
}

std::set<std::string> distinct(const std::vector<Recipe>& recipes) {
    std::set<std::string> keys;
    for (Recipe recipe : recipes) {
        recipe.name.clear();
        keys.insert(recipe.toJson().dump());
    }
    return keys;
}

} // namespace

class SweepDesignTest : public QObject {
    Q_OBJECT

  private slots:
    void a_grid_has_every_combination_once() {
        const std::vector<Recipe> recipes = designRecipes(twoRoles(SweepDesign::Method::grid));
        QCOMPARE(recipes.size(), std::size_t{6}); // the codec that is there twice counts once
        QCOMPARE(distinct(recipes).size(), std::size_t{6});
        QCOMPARE(recipes[0].name, std::string("attention int8:g64, mlp int4:g64"));
        QCOMPARE(recipes[5].name, std::string("attention int4:g64, mlp int2:g64"));
        const Model model = Model::open("folio-4m");
        for (const Recipe& recipe : recipes) {
            resolve(recipe, model.tensors(), model.config().tiedEmbedding); // each fits a model
        }
    }

    void random_mixes_differ_and_are_the_same_for_a_seed() {
        SweepDesign design = twoRoles(SweepDesign::Method::random);
        design.blocks = 4;
        design.count = 30;
        design.seed = 3;
        const std::vector<Recipe> recipes = designRecipes(design);
        QCOMPARE(recipes.size(), std::size_t{30});
        QCOMPARE(distinct(recipes).size(), std::size_t{30});
        QVERIFY(designRecipes(design) == recipes);
        design.seed = 4;
        QVERIFY(designRecipes(design) != recipes);
        const Model model = Model::open("folio-4m");
        for (const Recipe& recipe : recipes) {
            resolve(recipe, model.tensors(), model.config().tiedEmbedding);
        }
        design.choices = {{"mlp", {"int4:g64"}}}; // one mix only, asked for 30
        QCOMPARE(designRecipes(design).size(), std::size_t{1});
    }

    void around_the_frontier_one_role_changes_and_nothing_is_repeated() {
        const Recipe fine{"", "bf16", {{"attention", "int8:g64"}, {"mlp", "int4:g64"}}};
        const Recipe coarse{"", "bf16", {{"attention", "int4:g64"}, {"mlp", "int2:g64"}}};
        const Recipe beaten{"", "bf16", {{"attention", "int8:g64"}, {"mlp", "nf4:g64"}}};
        const std::vector<RunRecord> runs = {recorded("fine", fine, 6, 1), recorded("coarse", coarse, 3, 20),
                                             recorded("beaten", beaten, 7, 5)};
        const std::vector<Recipe> recipes = designRecipes(twoRoles(SweepDesign::Method::frontier), runs);
        QVERIFY(recipes.size() >= 4);
        QCOMPARE(distinct(recipes).size(), recipes.size());
        for (const Recipe& recipe : recipes) {
            QVERIFY2(!recipe.name.starts_with("beaten"), recipe.name.c_str());
            QCOMPARE(recipe.rules.size(), std::size_t{2});
            for (const RunRecord& run : runs) {
                QVERIFY(recipe.rules != run.recipe.rules);
            }
        }
        QVERIFY(test::errorOf([] {
                    designRecipes(twoRoles(SweepDesign::Method::frontier));
                }).contains(QStringLiteral("recorded runs")));
    }

    void wrong_designs_are_refused_with_words() {
        SweepDesign design = twoRoles(SweepDesign::Method::grid);
        design.choices[0].codecs.push_back("itn4:g64");
        QVERIFY(test::errorOf([&] { designRecipes(design); }).contains(QStringLiteral("itn4")));
        QVERIFY(test::errorOf([] { designRecipes({}); }).contains(QStringLiteral("at least one codec")));
        design = {};
        for (const char* role : {"attention", "mlp", "embedding"}) {
            design.choices.push_back({role, {}});
            for (int group = 1; group <= 25; ++group) {
                design.choices.back().codecs.push_back("int4:g" + std::to_string(16 * group));
            }
        }
        QVERIFY(test::errorOf([&] { designRecipes(design); }).contains(QStringLiteral("10000")));
    }

    void an_estimate_counts_shared_baselines_once() {
        SweepSpec spec;
        spec.name = "two";
        spec.models = {"folio-4m"};
        spec.corpora = {"docs"};
        spec.evaluation.context = 128;
        spec.evaluation.windows = 4;
        spec.recipes = designRecipes(twoRoles(SweepDesign::Method::grid));
        Workers workers(1);
        RunExecutor executor(workers);
        const SweepEstimate all = estimateSweep(spec.runs(), executor, SilentMonitor());
        const SweepEstimate one = estimateSweep({spec.runs().front()}, executor, SilentMonitor());
        QCOMPARE(all.runs, std::size_t{6});
        QVERIFY(one.seconds > 0 && one.memoryBytes > 0);
        // Each estimate measures the machine's speed anew, and other work disturbs that: the median tells.
        std::vector<double> ratios;
        for (int i = 0; i < 9; ++i) {
            ratios.push_back(estimateSweep(spec.runs(), executor, SilentMonitor()).seconds /
                             estimateSweep({spec.runs().front()}, executor, SilentMonitor()).seconds);
        }
        std::ranges::nth_element(ratios, ratios.begin() + 4);
        QVERIFY2(ratios[4] > 1 && ratios[4] < 5, qPrintable(QString::number(ratios[4])));
        QVERIFY(all.diskBytes > 5 * one.diskBytes && all.diskBytes < 7 * one.diskBytes);
    }
};

QTEST_GUILESS_MAIN(SweepDesignTest)
#include "tst_sweep_design.moc"
