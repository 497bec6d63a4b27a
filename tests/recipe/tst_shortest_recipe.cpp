// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "small_llama.h"
#include "test_support.h"

#include <QTest>
#include <random>

using namespace planish;
using namespace planish::test;

namespace {

using Rules = std::vector<RecipeRule>;

/// The recipe that is found for what these rules resolve to; checks that it resolves to the same.
Recipe again(const Rules& rules, bool tied = true, bool biases = false, const std::string& common = "bf16") {
    const auto tensors = smallLlama(6, tied, biases);
    const auto codecs = resolve({"test", common, rules}, tensors, tied);
    Recipe found = recipeFor(codecs, tensors, tied);
    if (namesOf(resolve(found, tensors, tied)) != namesOf(codecs)) {
        throw Error("the recipe found resolves to other codecs");
    }
    return found;
}

} // namespace

class ShortestRecipeTest : public QObject {
    Q_OBJECT

  private slots:
    void uniform_recipes_are_found_again() {
        const Recipe uniform = Recipe::uniform("int4:g64");
        QVERIFY(again(uniform.rules) == uniform);
        QVERIFY(again({}).rules.empty());
    }

    void scales_in_the_norm_before_need_no_rules_for_what_has_no_norm_before() {
        const Recipe uniform = Recipe::uniform("int4:g128+awq:folded+gptq");
        QVERIFY(again(uniform.rules) == uniform);
        const Rules rules{{"attention", "int4:g64+awq:folded"}, {"mlp", "int3:g64"}, {"o", "int4:g64"}};
        QVERIFY(again(rules).rules == rules);
    }

    void roles_that_agree_are_one_rule() {
        const Rules rules{{"attention", "int4:g64"}, {"mlp", "int3:g64"}};
        QVERIFY(again(rules).rules == rules);
        QVERIFY(again(rules, false, true).rules == rules);
        const Rules finer{{"attention", "int4:g64"}, {"mlp", "int3:g64"}, {"down", "int5:g64"}};
        QVERIFY(again(finer).rules == finer);
    }

    void blocks_that_agree_are_one_rule() {
        const Rules rules{{"attention", "int4:g64"}, {"mlp", "int3:g64"}, {"layers(0-1)", "int8:g128"}};
        QVERIFY(again(rules).rules == rules);
        const Rules ends{{"attention", "int4:g64"},
                         {"mlp", "int3:g64"},
                         {"layers(0)", "int8:g128"},
                         {"layers(5)", "int8:g128"}};
        QVERIFY(again(ends).rules == ends);
    }

    void single_tensors_are_rules_of_their_own() {
        const Rules rules{
            {"attention", "int4:g64"}, {"mlp", "int3:g64"}, {"model.layers.3.mlp.down_proj", "int8:g128"}};
        QVERIFY(again(rules).rules == rules);
    }

    void embedding_and_head_keep_their_words() {
        const Rules tied{{"attention", "int4:g64"}, {"mlp", "int4:g64"}, {"embedding", "int8:g64"}};
        const auto words = [](const Recipe& recipe) {
            std::string text;
            for (const RecipeRule& rule : recipe.rules) {
                text += rule.match + " ";
            }
            return text;
        };
        QCOMPARE(words(again(tied)), std::string("attention mlp embedding "));
        QCOMPARE(words(again({{"head", "int8:g64"}, {"embedding", "int4:g64"}}, false)),
                 std::string("head embedding "));
    }

    void any_assignment_is_found_again() {
        std::mt19937 generator(4);
        const std::vector<std::string> choices{"bf16",    "int4:g64", "int3:g64+mse", "int4:g64+refine",
                                               "nf4:g64", "fp16",     "int8:g128",    "int2:g16"};
        for (int i = 0; i < 300; ++i) {
            const bool tied = generator() % 2 == 0;
            const auto tensors =
                smallLlama(static_cast<int>(1 + generator() % 5), tied, generator() % 2 == 0);
            const std::size_t variety = 1 + generator() % choices.size();
            std::vector<Codec> codecs;
            for (const TensorInfo& tensor : tensors) {
                const bool vector = tensor.isVector;
                codecs.push_back(Codec::parse(vector ? (generator() % variety < 2 ? "bf16" : "fp32")
                                                     : choices[generator() % variety]));
            }
            const Recipe recipe = recipeFor(codecs, tensors, tied);
            QVERIFY(namesOf(resolve(recipe, tensors, tied)) == namesOf(codecs));
            QVERIFY(recipe.rules.size() <= tensors.size());
            QVERIFY(Recipe::fromJson(recipe.toJson(), "again") == recipe);
        }
    }

    void grid_codecs_for_norms_are_refused() {
        const auto tensors = smallLlama(1, true);
        const std::vector<Codec> codecs(tensors.size(), Codec::parse("int4:g64"));
        QVERIFY(errorOf([&] { recipeFor(codecs, tensors, true); }).contains("norm"));
    }
};

QTEST_APPLESS_MAIN(ShortestRecipeTest)
#include "tst_shortest_recipe.moc"
