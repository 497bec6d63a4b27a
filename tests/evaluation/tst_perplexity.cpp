// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "support/json.h"
#include "test_support.h"

#include <QTest>
#include <map>

using namespace planish;
using namespace planish::test;

/// Against PyTorch/transformers (tests/fixtures/reference/reference_ppl.json). Of the rows over whole texts,
/// which take minutes, all but one run only with PLANISH_SLOW_TESTS set.
class PerplexityTest : public QObject {
    Q_OBJECT

  private slots:
    void perplexity_equals_the_reference_within_a_hundredth_of_a_percent_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("convention");
        QTest::addColumn<int>("context");
        QTest::addColumn<int>("windows");
        QTest::addColumn<int>("tokens");
        QTest::addColumn<double>("ppl");
        QTest::addColumn<double>("firstWindowNll");
        const Json reference = parseJsonFile(fixture("reference/reference_ppl.json").string(), 1 << 20);
        const std::map<std::string, const char*> names{{"eval-literature", "literature"},
                                                       {"eval-docs", "docs"}};
        for (const auto& model : reference["models"].items()) {
            for (const auto& text : model.value()["texts"].items()) {
                for (const Json& row : text.value()["results"]) {
                    const bool quick = row["scope"] == "first64" ||
                                       (model.key() == "folio-4m" && text.key() == "eval-docs" &&
                                        row["convention"] == "llama.cpp" && row["ctx"] == 512);
                    if (!quick && qEnvironmentVariableIsEmpty("PLANISH_SLOW_TESTS")) {
                        continue;
                    }
                    const auto convention = row["convention"].get<std::string>();
                    const int context = row["ctx"].get<int>();
                    const char* name = names.at(text.key());
                    QTest::addRow("%s %s %s %d %s", model.key().c_str(), name, convention.c_str(), context,
                                  row["scope"].get<std::string>().c_str())
                        << QString::fromStdString(model.key()) << name << QString::fromStdString(convention)
                        << context << row["windows"].get<int>() << row["count"].get<int>()
                        << row["ppl"].get<double>()
                        << (row.contains("first8_window_nll") ? row["first8_window_nll"][0].get<double>()
                                                              : 0.0);
                }
            }
        }
    }

    void perplexity_equals_the_reference_within_a_hundredth_of_a_percent() {
        QFETCH(QString, model);
        QFETCH(QString, text);
        QFETCH(QString, convention);
        QFETCH(int, context);
        QFETCH(int, windows);
        QFETCH(int, tokens);
        QFETCH(double, ppl);
        QFETCH(double, firstWindowNll);
        const OriginalWeights weights(Model::open(model.toStdString()));
        const WindowPlan plan =
            planWindows(ids(weights.model(), text.toStdString()),
                        {parseConvention(convention.toStdString()), static_cast<std::size_t>(context),
                         static_cast<std::size_t>(windows), 0},
                        0);
        QCOMPARE(plan.tokensScored(), static_cast<std::size_t>(tokens));
        SilentMonitor monitor;
        const LossResult loss = evaluateLoss(weights, plan, workers_, monitor);
        const double found = perplexity(loss.nllSum, plan.tokensScored());
        QVERIFY2(std::abs(found / ppl - 1) < 1e-4,
                 qPrintable(QString("%1 against %2").arg(found, 0, 'f', 6).arg(ppl, 0, 'f', 6)));
        if (firstWindowNll > 0) {
            QVERIFY(std::abs(loss.windowNll[0] / firstWindowNll - 1) < 1e-4);
        }
    }

    void a_file_of_llama_cpp_has_the_perplexity_that_program_measures() {
        const OriginalWeights weights(Model::open(test::fixture("gguf/folio-4m-Q4_K_M.gguf").string()));
        const WindowPlan plan =
            planWindows(ids(weights.model(), "literature"), {Convention::llamaCpp, 512, 64, 0}, 0);
        SilentMonitor monitor;
        const LossResult loss = evaluateLoss(weights, plan, workers_, monitor);
        const double found = perplexity(loss.nllSum, plan.tokensScored());
        QVERIFY2(std::abs(found / 23.4512 - 1) < 1e-5, qPrintable(QString::number(found, 'f', 6)));
    }

    void a_model_compared_with_itself_agrees_everywhere() {
        const OriginalWeights weights(Model::open("folio-4m"));
        const WindowPlan plan =
            planWindows(ids(weights.model(), "docs"), {Convention::standard, 128, 4, 0}, 0);
        SilentMonitor monitor;
        const ComparisonResult result = evaluateAgainst(weights, weights, plan, workers_, monitor);
        QCOMPARE(result.divergence.maximum, 0.0);
        QCOMPARE(result.top1Agreement, 1.0);
        QCOMPARE(result.loss.windowNll, result.baseline.windowNll);
        QCOMPARE(result.loss.windowNll, evaluateLoss(weights, plan, workers_, monitor).windowNll);
    }

    /// Whatever the cache had room for, results are those of computing everything.
    void reuse_changes_nothing_but_the_work() {
        const OriginalWeights weights(Model::open("folio-4m"));
        const WindowPlan plan =
            planWindows(ids(weights.model(), "docs"), {Convention::standard, 128, 3, 0}, 0);
        SilentMonitor monitor;
        const auto alone = evaluateAgainst(weights, weights, plan, workers_, monitor);
        const std::uint64_t boundary = HiddenStates::bytes(3, 128, weights.model().config().hiddenSize);
        for (const std::uint64_t limit : {std::uint64_t{0}, boundary, 3 * boundary, 1000 * boundary}) {
            StateCache cache(limit);
            for (int time = 0; time < 2; ++time) {
                const auto reusing = evaluateAgainst(weights, weights, plan, workers_, monitor,
                                                     {Arithmetic::float32, &cache, true});
                QCOMPARE(reusing.loss.windowNll, alone.loss.windowNll);
                QCOMPARE(reusing.baseline.windowNll, alone.baseline.windowNll);
                QCOMPARE(reusing.divergence.maximum, 0.0);
                QVERIFY(cache.bytes() <= limit);
            }
            const ReuseCount& count = cache.count();
            QCOMPARE(count.blocksReused + count.blocksComputed, 4 * weights.model().config().blocks);
            QCOMPARE(count.blocksComputed > weights.model().config().blocks, limit == 0);
            QCOMPARE(count.logitsReused, limit > 3 * boundary ? 1U : 0U);
        }
    }

  private:
    const std::vector<TokenId>& ids(const Model& model, const std::string& text) {
        auto& known = ids_[{model.name(), text}];
        if (known.empty()) {
            known = Tokenizer::open(model.path()).encode(Corpus::open(text).text);
        }
        return known;
    }

    Workers workers_;
    std::map<std::pair<std::string, std::string>, std::vector<TokenId>> ids_;
};

QTEST_APPLESS_MAIN(PerplexityTest)
#include "tst_perplexity.moc"
