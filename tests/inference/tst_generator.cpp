// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/forward_pass.h"
#include "inference/generator.h"
#include "inference/kernels.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

class GeneratorTest : public QObject {
    Q_OBJECT

    std::vector<TokenId> generate(const Sampling& sampling, std::size_t count = 12) {
        SilentMonitor monitor;
        Generator generator(weights_, workers_);
        std::vector<TokenId> told;
        const auto result =
            generator.generate(prompt_, count, sampling, monitor, [&](TokenId id) { told.push_back(id); });
        if (told != result) {
            QTest::qFail("what is told differs from what is returned", __FILE__, __LINE__);
        }
        return result;
    }

  private slots:
    void greedy_tokens_are_those_of_the_whole_forward_pass_data() {
        QTest::addColumn<QString>("model");
        QTest::newRow("llama") << "folio-4m";
        for (const char* model : {"mistral-sliding", "phi3", "gemma3", "smollm3", "olmo2"}) {
            QTest::newRow(model) << QString::fromStdString(
                fixture(std::string("architectures/") + model).string());
        }
    }
    /// The cache of keys and values must not change anything: each token is the argmax of a pass over all
    /// before it.
    void greedy_tokens_are_those_of_the_whole_forward_pass() {
        QFETCH(QString, model);
        const OriginalWeights weights(Model::open(model.toStdString()));
        SilentMonitor monitor;
        std::vector<TokenId> tokens(14, 5);
        tokens[3] = 300;
        Generator generator(weights, workers_);
        const auto result = generator.generate(std::vector<TokenId>(tokens), 12, {}, monitor, [](TokenId) {});
        for (const TokenId id : result) {
            const HiddenStates states = ForwardPass(weights, tokens.size(), workers_).run(tokens, 1, monitor);
            const LogitHead head(weights, workers_);
            Matrix logits(1, static_cast<Eigen::Index>(head.vocabularySize()));
            head.compute(states.values.bottomRows(1), logits);
            QCOMPARE(static_cast<std::size_t>(id),
                     summarizeLogits({logits.data(), head.vocabularySize()}).argmax);
            tokens.push_back(id);
        }
        QVERIFY(tokens.size() > 14);
    }

    void the_same_seed_gives_the_same_text_and_another_seed_another() {
        const auto first = generate({1.0, 7});
        QCOMPARE(generate({1.0, 7}), first);
        QVERIFY(generate({1.0, 8}) != first);
    }

    void prompts_that_leave_no_room_are_refused() {
        prompt_.assign(512, 5);
        QVERIFY(errorOf([&] { generate({}); }).contains("511"));
        prompt_.clear();
        QVERIFY(!errorOf([&] { generate({}); }).isEmpty());
        prompt_ = original_;
    }

    void generation_ends_at_the_models_context() {
        prompt_.assign(510, 5);
        QVERIFY(generate({1.0, 3}, 50).size() <= 3);
        prompt_ = original_;
    }

  private:
    Workers workers_{2};
    OriginalWeights weights_{Model::open("folio-4m")};
    std::vector<TokenId> original_{0, 450, 361, 692, 288};
    std::vector<TokenId> prompt_ = original_;
};

QTEST_APPLESS_MAIN(GeneratorTest)
#include "tst_generator.moc"
