// SPDX-License-Identifier: GPL-3.0-or-later
// config.json in its older and newest forms, and every field that is wrong.
#include "model/config.h"
#include "test_support.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class ModelConfigTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::string path() const { return folder_.path().toStdString() + "/config.json"; }
    ModelConfig read(const std::map<std::string, std::string>& changes = {}) {
        test::writeFile(path(), test::tinyConfig(changes));
        return readModelConfig(path());
    }

  private slots:
    void the_sizes_are_read() {
        const ModelConfig config = read({{"head_dim", "6"}, {"attention_bias", "true"}});
        QCOMPARE(config.architecture, std::string("LlamaForCausalLM"));
        QCOMPARE(config.hiddenSize, std::size_t{4});
        QCOMPARE(config.blocks, std::size_t{1});
        QCOMPARE(config.heads, std::size_t{2});
        QCOMPARE(config.keyValueHeads, std::size_t{1});
        QCOMPARE(config.headSize, std::size_t{6});
        QCOMPARE(config.mlpSize, std::size_t{6});
        QCOMPARE(config.vocabularySize, std::size_t{8});
        QCOMPARE(config.maximumContext, std::size_t{16});
        QVERIFY(config.attentionBias && !config.mlpBias && !config.tiedEmbedding);
        QCOMPARE(config.normEpsilon, 1e-5);
        QCOMPARE(config.beginToken.value(), 0);
        QCOMPARE(config.endToken.value(), 1);
    }

    void fields_not_given_are_those_of_the_architecture() {
        const ModelConfig config = read({{"num_key_value_heads", ""},
                                         {"max_position_embeddings", ""},
                                         {"rms_norm_eps", ""},
                                         {"rope_theta", ""},
                                         {"tie_word_embeddings", ""},
                                         {"bos_token_id", "null"},
                                         {"eos_token_id", "[]"}});
        QCOMPARE(config.keyValueHeads, config.heads);
        QCOMPARE(config.headSize, std::size_t{2});
        QCOMPARE(config.maximumContext, std::size_t{2048});
        QCOMPARE(config.normEpsilon, 1e-6);
        QCOMPARE(config.rope.theta, 10000.0);
        QVERIFY(!config.beginToken && !config.endToken && !config.rope.scaling);
    }

    void the_first_of_several_end_tokens_counts() {
        QCOMPARE(read({{"eos_token_id", "[5, 6]"}}).endToken.value(), 5);
    }

    void rope_scaling_is_read_in_its_older_and_newest_form_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("theta");
        const QString common = R"("factor": 8.0, "low_freq_factor": 1.5, "high_freq_factor": 4.5, )"
                               R"("original_max_position_embeddings": 32)";
        QTest::newRow("older, rope_type") << "rope_scaling"
                                          << R"({"rope_type": "llama3", )" + common + "}"
                                          << "5000.0";
        QTest::newRow("oldest, type") << "rope_scaling"
                                      << R"({"type": "llama3", )" + common + "}"
                                      << "5000.0";
        QTest::newRow("newest") << "rope_parameters"
                                << R"({"rope_type": "llama3", "rope_theta": 5000.0, )" + common + "}"
                                << "";
    }
    void rope_scaling_is_read_in_its_older_and_newest_form() {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, theta);
        const ModelConfig config =
            read({{key.toStdString(), value.toStdString()}, {"rope_theta", theta.toStdString()}});
        QCOMPARE(config.rope.theta, 5000.0);
        QVERIFY(config.rope.scaling.has_value());
        QCOMPARE(config.rope.scaling->factor, 8.0);
        QCOMPARE(config.rope.scaling->lowFrequencyFactor, 1.5);
        QCOMPARE(config.rope.scaling->highFrequencyFactor, 4.5);
        QCOMPARE(config.rope.scaling->originalContext, 32.0);
    }

    void the_default_rope_is_no_scaling() {
        QVERIFY(!read({{"rope_scaling", "null"}}).rope.scaling);
        QVERIFY(!read({{"rope_scaling", R"({"type": "default"})"}}).rope.scaling);
        const ModelConfig newest =
            read({{"rope_parameters", R"({"rope_type": "default", "rope_theta": 7.0})"}, {"rope_theta", ""}});
        QVERIFY(!newest.rope.scaling);
        QCOMPARE(newest.rope.theta, 7.0);
    }

    /// The file of another family: the sizes of the tiny Llama under its name.
    ModelConfig readAs(const std::string& architecture, std::map<std::string, std::string> changes = {}) {
        changes.emplace("architectures", "[\"" + architecture + "\"]");
        changes.emplace("model_type", "");
        changes.emplace("head_dim", "2");
        changes.emplace("num_hidden_layers", "6");
        return read(changes);
    }
    static std::vector<std::size_t> windowsOf(const ModelConfig& config) {
        std::vector<std::size_t> windows;
        for (std::size_t i = 0; i < config.blocks; ++i) {
            windows.push_back(config.attentionOf(i).window);
        }
        return windows;
    }

    void families_are_told_apart_by_their_model_type_alone() {
        const ModelConfig config = read({{"architectures", ""}, {"model_type", R"("qwen2")"}});
        QCOMPARE(config.architecture, std::string("Qwen2ForCausalLM"));
        QVERIFY(config.attentionBias && !config.outputBias);
        QVERIFY(differencesFromLlama(config).empty());
    }

    void windows_are_read_in_their_older_and_newest_form() {
        using Windows = std::vector<std::size_t>;
        QCOMPARE(windowsOf(readAs("MistralForCausalLM", {{"sliding_window", "7"}})), Windows(6, 7));
        QCOMPARE(windowsOf(readAs("MistralForCausalLM", {{"sliding_window", "null"}})), Windows(6, 0));
        QCOMPARE(windowsOf(readAs("MistralForCausalLM")), Windows(6, 4096));
        QCOMPARE(windowsOf(readAs("Gemma2ForCausalLM", {{"sliding_window", "7"}})),
                 (Windows{7, 0, 7, 0, 7, 0}));
        QCOMPARE(windowsOf(readAs("Gemma3ForCausalLM", {{"sliding_window", "7"}})),
                 (Windows{7, 7, 7, 7, 7, 0}));
        QCOMPARE(windowsOf(
                     readAs("Gemma3ForCausalLM", {{"sliding_window", "7"}, {"sliding_window_pattern", "3"}})),
                 (Windows{7, 7, 0, 7, 7, 0}));
        QCOMPARE(windowsOf(readAs("Qwen2ForCausalLM", {{"sliding_window", "7"}})), Windows(6, 0));
        QCOMPARE(windowsOf(readAs(
                     "Qwen2ForCausalLM",
                     {{"sliding_window", "7"}, {"use_sliding_window", "true"}, {"max_window_layers", "4"}})),
                 (Windows{0, 0, 0, 0, 7, 7}));
        QCOMPARE(windowsOf(readAs("Qwen3ForCausalLM",
                                  {{"num_hidden_layers", "2"},
                                   {"sliding_window", "7"},
                                   {"use_sliding_window", "true"},
                                   {"layer_types", R"(["sliding_attention", "full_attention"])"}})),
                 (Windows{7, 0}));
    }

    void each_fourth_block_of_smollm3_is_not_rotated() {
        const ModelConfig usual = readAs("SmolLM3ForCausalLM");
        const ModelConfig given = readAs("SmolLM3ForCausalLM", {{"no_rope_layers", "[0, 1, 1, 1, 1, 1]"}});
        for (std::size_t i = 0; i < 6; ++i) {
            QCOMPARE(usual.attentionOf(i).rotated, i != 3);
            QCOMPARE(given.attentionOf(i).rotated, i != 0);
        }
    }

    void gemma_has_two_rotary_embeddings_in_older_and_newest_form() {
        const ModelConfig older =
            readAs("Gemma3ForCausalLM", {{"rope_theta", "5000.0"},
                                         {"rope_local_base_freq", "100.0"},
                                         {"rope_scaling", R"({"rope_type": "linear", "factor": 8.0})"}});
        const ModelConfig newest =
            readAs("Gemma3ForCausalLM",
                   {{"rope_theta", ""},
                    {"rope_parameters",
                     R"({"full_attention": {"rope_type": "linear", "factor": 8.0, "rope_theta": 5000.0},)"
                     R"( "sliding_attention": {"rope_type": "default", "rope_theta": 100.0}})"}});
        for (const ModelConfig& config : {older, newest}) {
            QCOMPARE(config.rope.theta, 5000.0);
            QCOMPARE(config.rope.scaling.value().factor, 8.0);
            QCOMPARE(config.windowRope.value().theta, 100.0);
            QVERIFY(!config.windowRope->scaling);
        }
    }

    void caps_of_gemma_are_usual_none_or_given() {
        const ModelConfig usual = readAs("Gemma2ForCausalLM");
        QCOMPARE(usual.design.scoreCap, 50.0);
        QCOMPARE(usual.logitCap, 30.0);
        const ModelConfig none = readAs("Gemma2ForCausalLM", {{"attn_logit_softcapping", "null"}});
        QCOMPARE(none.design.scoreCap, 0.0);
        QCOMPARE(readAs("Gemma3ForCausalLM", {{"final_logit_softcapping", "9"}}).logitCap, 9.0);
    }

    void a_field_that_a_family_lacks_is_refused() {
        QVERIFY(test::errorOf([&] {
                    readAs("MistralForCausalLM", {{"attention_bias", "true"}});
                }).contains("attention_bias: expected false for MistralForCausalLM"));
        QVERIFY(test::errorOf([&] {
                    readAs("Qwen3ForCausalLM", {{"mlp_bias", "true"}});
                }).contains("mlp_bias: expected false for Qwen3ForCausalLM"));
        QVERIFY(test::errorOf([&] {
                    readAs("SmolLM3ForCausalLM", {{"no_rope_layers", "[2, 1, 1, 1, 1, 1]"}});
                }).contains("no_rope_layers[0]"));
        QVERIFY(test::errorOf([&] {
                    readAs("Qwen3ForCausalLM",
                           {{"num_hidden_layers", "1"}, {"layer_types", R"(["chunked_attention"])"}});
                }).contains("layer_types[0]: expected full_attention or sliding_attention"));
    }

    void a_wrong_field_is_refused_by_name_data() {
        QTest::addColumn<QString>("key");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expectation");
        const auto row = [](const char* key, const char* value, const char* expectation) {
            QTest::addRow("%s %s", key, value) << key << value << expectation;
        };
        row("architectures", R"(["MambaForCausalLM"])",
            "Qwen3ForCausalLM, Phi3ForCausalLM, Gemma2ForCausalLM, Gemma3ForCausalLM, SmolLM3ForCausalLM, "
            "GraniteForCausalLM, Olmo2ForCausalLM, found Mamba");
        row("architectures", "[]", "LlamaForCausalLM");
        row("architectures", "[1]", "LlamaForCausalLM");
        row("architectures", R"("LlamaForCausalLM")", "expected an array");
        row("model_type", R"("qwen2")", "found LlamaForCausalLM of model_type qwen2");
        row("hidden_size", "", "expected a value, found nothing");
        row("hidden_size", "0", "from 1 to 16777216, found 0");
        row("hidden_size", "-4", "found -4");
        row("hidden_size", "4.5", "found 4.5");
        row("hidden_size", R"("4")", "whole number");
        row("hidden_size", "18446744073709551615", "found 18446744073709551615");
        row("num_hidden_layers", "0", "from 1 to 10000, found 0");
        row("num_hidden_layers", "1000000000", "from 1 to 10000, found 1000000000");
        row("num_attention_heads", "3", "a divisor of");
        row("num_key_value_heads", "4", "a divisor of num_attention_heads 2, found 4");
        row("head_dim", "3", "an even number");
        row("head_dim", "16777216", "at most 16777216 over all heads");
        row("vocab_size", "0", "found 0");
        row("intermediate_size", "null", "found nothing");
        row("max_position_embeddings", "0", "found 0");
        row("hidden_act", R"("gelu")", "expected silu or gelu_pytorch_tanh, found");
        row("rms_norm_eps", "0", "above 0");
        row("rms_norm_eps", "-1e-5", "above 0");
        row("rms_norm_eps", R"("small")", "a finite number");
        row("rope_theta", "0", "above 0");
        row("tie_word_embeddings", "1", "true or false");
        row("bos_token_id", "8", "from 0 to 7, found 8");
        row("eos_token_id", "[-1]", "from 0 to 7, found -1");
        row("sliding_window", "4096", "null for LlamaForCausalLM");
        row("layer_types", R"(["sliding_attention"])", "full_attention, found");
        row("layer_types", "[]", "1 of them, one for each block");
        row("use_bidirectional_attention", "true", "false");
        row("rope_scaling", R"({"type": "ntk", "factor": 2.0})", "yarn or longrope, found ntk");
        row("rope_scaling", R"({"type": "linear"})", "expected a value");
        row("rope_scaling", R"({"type": "linear", "factor": -1})", "above 0");
        row("rope_scaling", R"({"type": "yarn", "factor": 2, "beta_fast": 1})", "more than beta_slow 1");
        row("rope_scaling", R"({"type": "dynamic", "factor": 2})", "4 dimensions or more");
        row("rope_scaling", R"({"type": "longrope", "short_factor": [1, 1], "long_factor": [1]})",
            "1 numbers, one for each frequency");
        row("rope_scaling", R"({"type": "longrope", "short_factor": [0], "long_factor": [1]})", "above 0");
        row("rope_scaling", R"({"type": "longrope", "short_factor": ["1"], "long_factor": [1]})", "number");
        row("rope_scaling", R"({"rope_type": "llama3"})", "expected a value");
        row("rope_scaling",
            R"({"rope_type": "llama3", "factor": 2, "low_freq_factor": 4, "high_freq_factor": 4})",
            "more than low_freq_factor 4");
        row("rope_scaling", "[]", "a JSON object");
        row("partial_rotary_factor", "0.5", "expected 1");
    }
    void a_wrong_field_is_refused_by_name() {
        QFETCH(QString, key);
        QFETCH(QString, value);
        QFETCH(QString, expectation);
        const QString message = test::errorOf([&] { read({{key.toStdString(), value.toStdString()}}); });
        QVERIFY2(message.startsWith(QString::fromStdString(path()) + ": "), qPrintable(message));
        const QString field = key == "model_type" ? "architectures" : key;
        QVERIFY2(message.contains(field), qPrintable(message));
        QVERIFY2(message.contains(expectation), qPrintable(message));
    }

    void a_document_that_is_no_object_is_refused() {
        for (const char* text : {"", "[]", "{", "{\"a\":1,\"a\":2}", "\xff"}) {
            test::writeFile(path(), text);
            QVERIFY(test::errorOf([&] { readModelConfig(path()); }).contains("config.json"));
        }
        test::writeFile(path(), "{\"a\": \"" + std::string(1 << 20, 'a') + "\"}");
        QVERIFY(test::errorOf([&] { readModelConfig(path()); }).contains("expected at most 128"));
    }
};

QTEST_APPLESS_MAIN(ModelConfigTest)
#include "tst_model_config.moc"
