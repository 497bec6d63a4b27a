// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "small_llama.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <map>

using namespace planish;
using namespace planish::test;

namespace {

using Rules = std::vector<RecipeRule>;

/// Codec by tensor name.
std::map<std::string, std::string> resolved(const Rules& rules, bool tied = true, bool biases = false,
                                            const std::string& common = "bf16") {
    const auto tensors = smallLlama(3, tied, biases);
    const auto codecs = resolve({"test", common, rules}, tensors, tied);
    std::map<std::string, std::string> names;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        names[tensors[i].name] = codecs[i].name();
    }
    return names;
}

QString refusal(const Rules& rules, bool tied = true, bool biases = false) {
    return errorOf([&] { resolved(rules, tied, biases); });
}

std::size_t countOf(const std::map<std::string, std::string>& names, const std::string& codec) {
    return static_cast<std::size_t>(
        std::count_if(names.begin(), names.end(), [&](const auto& entry) { return entry.second == codec; }));
}

} // namespace

class RecipeResolveTest : public QObject {
    Q_OBJECT

  private slots:
    void groups_and_fine_roles_match_their_tensors() {
        QCOMPARE(countOf(resolved({{"attention", "int4:g64"}}), "int4:g64"), std::size_t{12});
        QCOMPARE(countOf(resolved({{"mlp", "int3:g64"}}), "int3:g64"), std::size_t{9});
        for (const std::string role : {"q", "k", "v", "o", "gate", "up", "down"}) {
            const auto names = resolved({{role, "int8:g64"}});
            QCOMPARE(countOf(names, "int8:g64"), std::size_t{3});
            const bool attention = role.size() == 1;
            const std::string part = attention ? "self_attn." : "mlp.";
            QCOMPARE(names.at("model.layers.1." + part + role + "_proj"), std::string("int8:g64"));
        }
        QCOMPARE(countOf(resolved({{"norm", "fp16"}}), "fp16"), std::size_t{7});
        QCOMPARE(countOf(resolved({{"bias", "fp16"}}, true, true), "fp16"), std::size_t{12});
    }

    void a_later_rule_wins() {
        const auto names =
            resolved({{"attention", "int4:g64"}, {"model.layers.1.self_attn.q_proj", "int8:g64"}});
        QCOMPARE(names.at("model.layers.1.self_attn.q_proj"), std::string("int8:g64"));
        QCOMPARE(names.at("model.layers.0.self_attn.q_proj"), std::string("int4:g64"));
        QCOMPARE(countOf(resolved({{"q", "int8:g64"}, {"attention", "int4:g64"}}), "int8:g64"),
                 std::size_t{0});
    }

    void names_are_accepted_with_and_without_weight() {
        for (const std::string suffix : {"", ".weight"}) {
            const auto names = resolved({{"model.layers.2.mlp.up_proj" + suffix, "int3:g64"}});
            QCOMPARE(countOf(names, "int3:g64"), std::size_t{1});
            QCOMPARE(names.at("model.layers.2.mlp.up_proj"), std::string("int3:g64"));
        }
        QCOMPARE(countOf(resolved({{"*.up_proj.weight", "int3:g64"}}), "int3:g64"), std::size_t{3});
    }

    void layer_ranges_take_the_linears_of_their_blocks() {
        const auto names = resolved({{"layers(1-2)", "int3:g64"}});
        QCOMPARE(countOf(names, "int3:g64"), std::size_t{14});
        QCOMPARE(names.at("model.layers.1.input_layernorm"), std::string("bf16"));
        QCOMPARE(countOf(resolved({{"layers(0)", "int3:g64"}}), "int3:g64"), std::size_t{7});
        QCOMPARE(countOf(resolved({{"layers(2-99)", "int3:g64"}}), "int3:g64"), std::size_t{7});
    }

    void a_glob_with_a_grid_codec_takes_the_matrices_only() {
        const auto names = resolved({{"model.layers.0.*", "int4:g32"}}, true, true);
        QCOMPARE(countOf(names, "int4:g32"), std::size_t{7});
        QCOMPARE(names.at("model.layers.0.input_layernorm"), std::string("bf16"));
        QCOMPARE(countOf(resolved({{"model.layers.0.*", "fp16"}}), "fp16"), std::size_t{9});
    }

    void norms_and_biases_refuse_grid_codecs() {
        for (const std::string match : {"norm", "bias", "model.norm", "*layernorm", "*.bias"}) {
            const QString message = refusal({{"mlp", "int4:g64"}, {match, "int4:g64"}}, true, true);
            QVERIFY2(message.contains("rules[1].codec") && message.contains("float"), qPrintable(message));
        }
    }

    void a_grid_default_leaves_vectors_in_the_type_of_the_file() {
        const auto names = resolved({}, true, true, "int8:g64");
        QCOMPARE(names.at("model.norm"), std::string("fp32"));
        QCOMPARE(names.at("model.layers.0.self_attn.q_proj.bias"), std::string("fp32"));
        QCOMPARE(names.at("model.embed_tokens"), std::string("int8:g64"));
        QCOMPARE(resolved({}, true, false, "fp16").at("model.norm"), std::string("fp16"));
    }

    void a_tied_embedding_is_the_head_too() {
        QCOMPARE(resolved({{"head", "int8:g64"}}, true).at("model.embed_tokens"), std::string("int8:g64"));
        const auto untied = resolved({{"head", "int8:g64"}}, false);
        QCOMPARE(untied.at("model.embed_tokens"), std::string("bf16"));
        QCOMPARE(untied.at("lm_head"), std::string("int8:g64"));
    }

    void rules_that_match_nothing_are_errors_with_hints() {
        const auto expect = [](const std::string& match, const QStringList& parts) {
            const QString message = refusal({{"mlp", "int4:g64"}, {match, "int4:g64"}});
            for (const QString& part : parts) {
                QVERIFY2(message.contains(part), qPrintable(message));
            }
        };
        expect("atention", {"rules[1].match", "attention"});
        expect("Attention", {"rules[1].match", "attention"});
        expect("model.layers.1.self_attn.q_prj", {"model.layers.1.self_attn.q_proj"});
        expect("layers(3-5)", {"layers(3-5)", "blocks 0 to 2"});
        expect("model.layers.7.*", {"rules[1].match", "model.layers.7.*"});
        expect("bias", {"rules[1].match", "\"bias\""});
    }

    void sizes_are_those_of_the_packed_tensors() {
        const auto tensors = smallLlama(2, false);
        const auto codecs = resolve(Recipe::uniform("int4:g16"), tensors, false);
        const RecipeSize size = recipeSize(codecs, tensors);
        const std::uint64_t linears = 2 * (64 * 64 * 2 + 32 * 64 * 2 + 3 * 128 * 64);
        const std::uint64_t others = 2 * 256 * 64 + 5 * 64;
        QCOMPARE(size.decoderWeights, linears);
        QCOMPARE(size.decoderBytes, linears * 6 / 8);
        QCOMPARE(size.totalWeights, linears + others);
        QCOMPARE(size.totalBytes, linears * 6 / 8 + others * 2);
        QCOMPARE(size.bitsPerWeight(), 6.0);
        QCOMPARE(size.compression(), 32.0 / 6);
        QCOMPARE(size.wholeModelCompressionFp32(), 2 * size.wholeModelCompressionBf16());
        QCOMPARE(RecipeSize().compression(), 0.0);
    }

    void uniform_recipes_quantize_the_linears_only() {
        const Recipe recipe = Recipe::uniform("int4_opt_v1");
        QCOMPARE(recipe.name, std::string("int4:g16+refine"));
        const auto names = resolved(recipe.rules);
        QCOMPARE(countOf(names, "int4:g16+refine"), std::size_t{21});
        QCOMPARE(countOf(names, "bf16"), names.size() - 21);
    }
};

QTEST_APPLESS_MAIN(RecipeResolveTest)
#include "tst_recipe_resolve.moc"
