// SPDX-License-Identifier: GPL-3.0-or-later
// Exported models: what is exact is, what is not is said, and they open again.
#include "evaluation/corpus.h"
#include "evaluation/evaluate.h"
#include "evaluation/metrics.h"
#include "experiment/quantize.h"
#include "export/export_model.h"
#include "model/gguf_file.h"
#include "model/rope_frequencies.h"
#include "support/file.h"
#include "support/json.h"
#include "support/system.h"
#include "test_support.h"
#include "tokenizer/tiny_tokenizer.h"
#include "tokenizer/tokenizer.h"

#include <QTemporaryDir>
#include <QTest>
#include <cmath>

using namespace planish;

class ExportModelTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    Workers workers_{2};
    SilentMonitor monitor_;

    std::filesystem::path path(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

    QuantizedModel packed(const std::string& model, const Recipe& recipe) {
        const Model opened = Model::open(model);
        return quantizeModel(opened, {resolve(recipe, opened.tensors(), opened.config().tiedEmbedding)},
                             workers_, monitor_);
    }

    ExportResult exported(const PackedModel& model, const Recipe& recipe, ExportFormat format,
                          const std::string& name, const std::string& floats = "fp16",
                          OtherTensors others = OtherTensors::floats) {
        return exportModel(model, recipe, nullptr, {format, path(name), false, floats, others}, workers_,
                           monitor_);
    }

    double nll(const WeightSource& source) {
        const auto ids =
            Tokenizer::open(source.model().path()).encode(Corpus::open("docs").text.substr(0, 6000));
        const WindowPlan plan = planWindows(ids, {Convention::standard, 128, 4, 0}, 0);
        return evaluateLoss(source, plan, workers_, monitor_).nllSum;
    }

    static std::vector<double> frequencies(const ModelConfig& config) {
        return ropeFrequencies(config.rope, config.rotarySize, config.maximumContext);
    }

    static Recipe mixture() {
        return {"mixture",
                "bf16",
                {{"attention", "Q4_K+mse"},
                 {"gate", "Q6_K"},
                 {"up", "int4:g64"},
                 {"down", "int3:g64+rht"},
                 {"embedding", "Q8_0"},
                 {"layers(3-3)", "fp16"}}};
    }

  private slots:
    void block_types_go_to_gguf_bit_by_bit() {
        const Recipe recipe = mixture();
        const QuantizedModel model = packed("folio-4m", recipe);
        const ExportResult result = exported(model.model, recipe, ExportFormat::gguf, "gguf");
        QCOMPARE(result.files.size(), std::size_t{1});
        const GgufFile file(result.files.front());
        const PackedTensor& value = model.model.tensors()[static_cast<std::size_t>(
            &model.model.model().tensor("model.layers.1.self_attn.v_proj") -
            model.model.model().tensors().data())];
        const auto location = file.find("blk.1.attn_v.weight");
        QCOMPARE(location.tensor->type->name, std::string_view("Q4_K"));
        std::vector<std::byte> bytes(location.tensor->bytes);
        location.file->read(location.tensor->offset, bytes);
        QVERIFY(bytes == value.bytes);
        const Model opened = Model::open(result.files.front().string());
        for (std::size_t i = 0; i < result.plan.tensors.size(); ++i) {
            const ExportedTensor& tensor = result.plan.tensors[i];
            const TensorInfo& info = model.model.model().tensors()[i];
            const bool other = tensor.measured.starts_with("int");
            QCOMPARE(tensor.exact, !other);
            QCOMPARE(tensor.written, other                           ? std::string("fp16")
                                     : info.isVector                 ? std::string("fp32")
                                     : tensor.measured == "Q4_K+mse" ? std::string("Q4_K")
                                                                     : tensor.measured);
            const Matrix found = opened.read(opened.tensor(tensor.name));
            const Matrix expected = model.model.matrix(info, workers_);
            QVERIFY2(tensor.exact ? found == expected : storageError(expected, found).relative < 1e-6,
                     tensor.name.c_str());
        }
        QVERIFY(result.notes.front().starts_with("30 of 38 tensors hold exactly") ||
                result.notes.front().starts_with("32 of 38 tensors hold exactly"));
        QVERIFY(std::abs(nll(OriginalWeights(opened)) / nll(model.model) - 1) < 1e-4);
    }

    void an_unquantized_model_goes_to_gguf_in_any_float_type() {
        for (const char* type : {"fp32", "bf16"}) {
            const Recipe recipe{type, type, {}};
            const QuantizedModel model = packed("folio-4m", recipe);
            const ExportResult result =
                exported(model.model, recipe, ExportFormat::gguf, std::string("float-") + type);
            QCOMPARE(result.notes.front(), std::string("all 38 tensors hold exactly what was measured"));
            const OriginalWeights written(Model::open(result.files.front().string()));
            QCOMPARE(nll(written), nll(OriginalWeights(Model::open("folio-4m"))));
        }
    }

    void other_codecs_are_encoded_once_more_when_asked_and_said_so() {
        const Recipe recipe = Recipe::uniform("int4:g64");
        const QuantizedModel model = packed("folio-4m", recipe);
        const ExportResult result =
            exported(model.model, recipe, ExportFormat::gguf, "again", "fp16", OtherTensors::reencoded);
        const auto& tensor = result.plan.tensors[2];
        QCOMPARE(tensor.measured, std::string("int4:g64"));
        QCOMPARE(tensor.written, std::string("Q4_K")); // 4.5 bits, as int4:g64
        QVERIFY(!tensor.exact && tensor.error > 1e-5 && tensor.error < 1e-2);
        QVERIFY(result.notes[1].find("28 tensors in int4:g64 become Q4_K, which is not exact") == 0);
        QVERIFY(result.notes.back().find("measure them") != std::string::npos);
        const QString refused = test::errorOf([&] {
            exported(model.model, recipe, ExportFormat::gguf, "refused", "fp16", OtherTensors::refused);
        });
        QVERIFY2(refused.contains("model.layers.0.self_attn.q_proj: expected a GGUF block type"),
                 qPrintable(refused));
        QVERIFY(!std::filesystem::exists(path("refused")));
    }

    void packed_tensors_open_again_with_the_same_losses() {
        Recipe recipe = mixture();
        recipe.rules.push_back({"layers(2-2)", "int2:g32+outliers=1%"});
        const QuantizedModel model = packed("folio-4m", recipe);
        const Json record{{"ppl", 12.5}};
        const ExportSettings settings{ExportFormat::planish, path("packed"), false, "fp16",
                                      OtherTensors::floats};
        const ExportResult result = exportModel(model.model, recipe, record, settings, workers_, monitor_);
        QCOMPARE(result.notes.front(), std::string("all 38 tensors hold exactly what was measured"));
        const Model opened = Model::open(path("packed").string());
        for (std::size_t i = 0; i < opened.tensors().size(); ++i) {
            QCOMPARE(opened.tensors()[i].type, model.model.codecs()[i].name());
        }
        QCOMPARE(nll(OriginalWeights(opened)), nll(model.model));
        const Json document = parseJsonFile(path("packed/planish.json").string(), 1 << 20);
        QVERIFY(document["run"] == record);
        QVERIFY(Recipe::fromJson(document["recipe"], "x") == recipe);
        std::uint64_t stored = 0;
        for (const PackedTensor& tensor : model.model.tensors()) {
            stored += tensor.bytes.size();
        }
        QCOMPARE(opened.storedBytes(), stored);
    }

    void decoded_weights_are_a_hugging_face_folder() {
        const Recipe recipe = mixture();
        const QuantizedModel model = packed("folio-4m", recipe);
        for (const char* floats : {"fp32", "fp16", "bf16"}) {
            const std::string name = std::string("hf-") + floats;
            const ExportResult result =
                exported(model.model, recipe, ExportFormat::huggingFace, name, floats);
            const Model opened = Model::open(path(name).string());
            QCOMPARE(opened.tensors().front().type, std::string(floats));
            const double found = nll(OriginalWeights(opened));
            const double expected = nll(model.model);
            if (name == "hf-fp32") {
                QCOMPARE(found, expected);
            }
            QVERIFY(std::abs(found / expected - 1) < 1e-3);
            QVERIFY(std::filesystem::exists(path(name) / "tokenizer.json"));
        }
    }

    void a_gguf_file_is_exported_to_every_format() {
        const std::string source = test::fixture("gguf/folio-4m-Q4_K_M.gguf").string();
        const Recipe recipe{"as it is", "fp32", {}};
        const QuantizedModel model = packed(source, recipe);
        const double expected = nll(OriginalWeights(Model::open(source)));
        for (const auto& [format, name] : {std::pair(ExportFormat::huggingFace, "from-gguf-hf"),
                                           std::pair(ExportFormat::planish, "from-gguf-planish"),
                                           std::pair(ExportFormat::gguf, "from-gguf-gguf")}) {
            const ExportResult result = exported(model.model, recipe, format, name, "fp32");
            const bool isFile = format == ExportFormat::gguf;
            const Model opened = Model::open(isFile ? result.files.front().string() : path(name).string());
            QCOMPARE(nll(OriginalWeights(opened)), expected);
        }
    }

    void rotary_factors_and_biases_survive_data() {
        QTest::addColumn<QString>("architecture");
        QTest::newRow("rope scaling of Llama 3") << "architectures/llama-rope-llama3";
        QTest::newRow("linear rope scaling") << "architectures/llama-rope-linear";
        QTest::newRow("biases") << "architectures/llama-bias";
        QTest::newRow("Qwen 2") << "architectures/qwen2";
        QTest::newRow("Qwen 3") << "architectures/qwen3";
    }

    void rotary_factors_and_biases_survive() {
        QFETCH(QString, architecture);
        const Recipe recipe{"as it is", "fp32", {}};
        const auto source = path(std::string("with-tokenizer-") + QTest::currentDataTag());
        std::filesystem::copy(test::fixture(architecture.toStdString()), source);
        const std::string out = std::string(QTest::currentDataTag()) + "-";
        // A GGUF file has the tokenizer inside, and these models come without one.
        const QString message = test::errorOf([&] {
            exported(packed(source.string(), recipe).model, recipe, ExportFormat::gguf, out + "without");
        });
        QVERIFY2(message.contains("tokenizer"), qPrintable(message));
        Json tokenizer = test::tinyTokenizer();
        tokenizer["pre_tokenizer"] = {
            {"type", "ByteLevel"}, {"add_prefix_space", false}, {"trim_offsets", true}, {"use_regex", true}};
        test::openTokenizer(source, tokenizer);
        const QuantizedModel model = packed(source.string(), recipe);
        const Model original = Model::open(source.string());
        for (const ExportFormat format :
             {ExportFormat::gguf, ExportFormat::huggingFace, ExportFormat::planish}) {
            const std::string name = out + std::to_string(static_cast<int>(format));
            const ExportResult result = exported(model.model, recipe, format, name, "fp32");
            const Model opened = Model::open(format == ExportFormat::gguf ? result.files.front().string()
                                                                          : path(name).string());
            const auto expected = frequencies(original.config());
            const auto found = frequencies(opened.config());
            QCOMPARE(found.size(), expected.size());
            for (std::size_t i = 0; i < found.size(); ++i) {
                QVERIFY(std::abs(found[i] - expected[i]) <= 1e-6 * expected[i]);
            }
            QCOMPARE(opened.tensors().size(), original.tensors().size());
            for (const TensorInfo& tensor : original.tensors()) {
                QVERIFY2(opened.read(opened.tensor(tensor.name)) == original.read(tensor),
                         tensor.name.c_str());
            }
        }
    }

    void models_of_other_designs_survive_in_folders_data() {
        QTest::addColumn<int>("unused");
        for (const char* model : {"phi3", "gemma3", "olmo2", "llama-rope-yarn"}) {
            QTest::newRow(model) << 0;
        }
    }
    void models_of_other_designs_survive_in_folders() {
        const std::string name = QTest::currentDataTag();
        const Recipe recipe{"packed", "bf16", {{"attention", "int8:g32"}, {"mlp", "int4:g32"}}};
        const QuantizedModel model = packed(test::fixture("architectures/" + name).string(), recipe);
        for (const ExportFormat format : {ExportFormat::huggingFace, ExportFormat::planish}) {
            const std::string out = name + std::to_string(static_cast<int>(format));
            exported(model.model, recipe, format, out, "fp32");
            const Model opened = Model::open(path(out).string());
            for (const TensorInfo& tensor : model.model.model().tensors()) {
                QVERIFY2(opened.read(opened.tensor(tensor.name)) == model.model.matrix(tensor, workers_),
                         tensor.name.c_str());
            }
            QCOMPARE(differencesFromLlama(opened.config()),
                     differencesFromLlama(model.model.model().config()));
        }
        const QString refused =
            test::errorOf([&] { exported(model.model, recipe, ExportFormat::gguf, name + "-gguf", "fp16"); });
        QVERIFY2(refused.contains("export format: expected planish or hf for this model"),
                 qPrintable(refused));
        QVERIFY(!std::filesystem::exists(path(name + "-gguf")));
    }

    void tokenizers_of_text_survive_data() {
        QTest::addColumn<QString>("file");
        QTest::newRow("tokenizer.json") << "pieces.json";
        QTest::newRow("tokenizer.model") << "tokenizer.model";
    }
    /// The scores of a GGUF file's pieces put merges in the order that ranks put them in.
    void tokenizers_of_text_survive() {
        QFETCH(QString, file);
        const std::string kept = QTest::currentDataTag();
        const Recipe recipe{"as it is", "bf16", {}};
        const auto source = path("text-" + kept);
        std::filesystem::create_directories(source);
        for (const char* part : {"config.json", "model.safetensors"}) {
            std::filesystem::copy_file(resourceFolder() / "models/folio-4m" / part, source / part);
        }
        std::filesystem::copy_file(test::fixture("tokenizers/pieces/" + file.toStdString()), source / kept);
        const QuantizedModel model = packed(source.string(), recipe);
        const Tokenizer original = Tokenizer::open(source);
        const Json expected = parseJsonFile(test::fixture("tokenizers/pieces/ids.json").string(), 1 << 20);
        for (const ExportFormat format : {ExportFormat::huggingFace, ExportFormat::gguf}) {
            const std::string out = std::to_string(static_cast<int>(format)) + kept;
            const ExportResult result = exported(model.model, recipe, format, out, "bf16");
            const Tokenizer written =
                Tokenizer::open(format == ExportFormat::gguf ? result.files.front() : path(out));
            for (const auto& sample : expected) {
                const std::string text = sample.at("text").get<std::string>();
                QVERIFY2(written.encode(text) == original.encode(text), text.c_str());
            }
        }
    }

    void tokenizers_that_llama_cpp_would_read_otherwise_are_not_written_as_gguf() {
        const Recipe recipe{"as it is", "bf16", {}};
        const auto source = path("no-bytes");
        std::filesystem::copy(test::fixture("architectures/llama-untied"), source);
        Json tokenizer = parseJsonFile(test::fixture("tokenizers/pieces/pieces.json").string(), 1 << 20);
        tokenizer["model"]["byte_fallback"] = false;
        test::writeFile(source / "tokenizer.json", tokenizer.dump());
        const QString message = test::errorOf(
            [&] { exported(packed(source.string(), recipe).model, recipe, ExportFormat::gguf, "refused"); });
        QVERIFY2(message.contains("model.byte_fallback: expected true"), qPrintable(message));
        tokenizer["model"]["byte_fallback"] = true; // of 600 tokens, and the model has 320 embeddings
        test::writeFile(source / "tokenizer.json", tokenizer.dump());
        const QString tooMany = test::errorOf(
            [&] { exported(packed(source.string(), recipe).model, recipe, ExportFormat::gguf, "refused"); });
        QVERIFY2(tooMany.contains("tokens: expected ids below 320"), qPrintable(tooMany));
    }

    void the_mix_as_a_command_for_llama_quantize() {
        const Recipe recipe = mixture();
        const QuantizedModel model = packed("folio-4m", recipe);
        const ExportResult result = exported(model.model, recipe, ExportFormat::llamaQuantize, "command");
        QCOMPARE(result.files.size(), std::size_t{2});
        const std::string types = readWholeFile(path("command/tensor-types.txt"), 1 << 20);
        QVERIFY(types.find("^blk\\.0\\.attn_q\\.weight$=q4_k\n") != std::string::npos);
        QVERIFY(types.find("^blk\\.0\\.ffn_up\\.weight$=q4_k\n") != std::string::npos);
        QVERIFY(types.find("^blk\\.3\\.ffn_up\\.weight$=f16\n") != std::string::npos);
        const std::string script = readWholeFile(path("command/llama-quantize.sh"), 1 << 20);
        QVERIFY(script.find("--token-embedding-type q8_0") != std::string::npos);
    }

    void files_there_are_kept_unless_replacing_them_is_allowed() {
        const Recipe recipe{"f", "bf16", {}};
        const QuantizedModel model = packed("folio-4m", recipe);
        test::writeFile(path("kept/folio-4m.gguf"), "mine");
        const QString message =
            test::errorOf([&] { exported(model.model, recipe, ExportFormat::gguf, "kept"); });
        QVERIFY2(message.contains("kept/folio-4m.gguf: file: expected no file yet"), qPrintable(message));
        QCOMPARE(readWholeFile(path("kept/folio-4m.gguf"), 100), std::string("mine"));
        exportModel(model.model, recipe, nullptr, {ExportFormat::gguf, path("kept"), true}, workers_,
                    monitor_);
        QVERIFY(std::filesystem::file_size(path("kept/folio-4m.gguf")) > 7'000'000);
        QCOMPARE(std::distance(std::filesystem::directory_iterator(path("kept")), {}),
                 1); // nothing left over
    }

    void a_cancelled_export_leaves_nothing() {
        class Cancelling final : public JobMonitor {
          public:
            void report(const Progress& progress) override { seen_ = seen_ || progress.stage == "compare"; }
            bool cancelled() const override { return seen_; }

          private:
            bool seen_ = false;
        };
        const Recipe recipe{"f", "bf16", {}};
        const QuantizedModel model = packed("folio-4m", recipe);
        Cancelling monitor;
        QVERIFY_EXCEPTION_THROWN(exportModel(model.model, recipe, nullptr,
                                             {ExportFormat::gguf, path("cancelled")}, workers_, monitor),
                                 Cancelled);
        QVERIFY(!std::filesystem::exists(path("cancelled")));
    }
};

QTEST_APPLESS_MAIN(ExportModelTest)
#include "tst_export_model.moc"
