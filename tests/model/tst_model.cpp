// SPDX-License-Identifier: GPL-3.0-or-later
// Opening model folders: real ones, and those whose parts contradict each other.
#include "model/model.h"
#include "support/json.h"
#include "support/system.h"
#include "test_support.h"
#include "tiny_model.h"

#include <fmt/format.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

using namespace planish;
using test::StoredTensor;

class ModelTest : public QObject {
    Q_OBJECT

    static std::filesystem::path in(const QTemporaryDir& folder) { return folder.path().toStdString(); }

    static QString openError(const std::filesystem::path& folder) {
        return test::errorOf([&] { Model::open(folder.string()); });
    }
    static StoredTensor& named(std::vector<StoredTensor>& tensors, const std::string& name) {
        return *std::find_if(tensors.begin(), tensors.end(),
                             [&](const StoredTensor& tensor) { return tensor.name == name; });
    }
    /// The tiny model in two files, each tensor listed where `index` says.
    static void writeShards(const std::filesystem::path& folder,
                            const std::function<std::string(std::size_t, const StoredTensor&)>& index) {
        const std::vector<StoredTensor> tensors = test::tinyTensors();
        std::string map;
        for (std::size_t i = 0; i < tensors.size(); ++i) {
            const std::string entry = index(i, tensors[i]);
            map += (map.empty() || entry.empty() ? "" : ",") + entry;
        }
        test::writeFile(folder / "config.json", test::tinyConfig());
        const auto middle = tensors.begin() + 5;
        test::writeFile(folder / "a.safetensors", test::safetensors({tensors.begin(), middle}));
        test::writeFile(folder / "b.safetensors", test::safetensors({middle, tensors.end()}));
        test::writeFile(folder / "model.safetensors.index.json",
                        "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }
    static std::string rightShard(std::size_t i, const StoredTensor& tensor) {
        return fmt::format(R"("{}":"{}.safetensors")", tensor.name, i < 5 ? "a" : "b");
    }

  private slots:
    void the_bundled_models_open_by_name() {
        const std::vector<std::string> names = bundledModels();
        QVERIFY(std::find(names.begin(), names.end(), "folio-4m") != names.end());
        const Model small = Model::open("folio-4m");
        QCOMPARE(small.name(), std::string("folio-4m"));
        QCOMPARE(small.parameterCount(), std::size_t{3672320});
        QCOMPARE(small.storedBytes(), std::uint64_t{2 * 3672320});
        QCOMPARE(small.config().keyValueHeads, std::size_t{2});
        QCOMPARE(small.tensors().size(), std::size_t{1 + 4 * 9 + 1});
        const Model sharded = Model::open("folio-23m");
        QCOMPARE(sharded.storedBytes(), std::uint64_t{46150656});
        QCOMPARE(sharded.tensor("model.layers.5.mlp.down_proj.weight").shape, (Shape{512, 1536}));
    }

    void the_fixture_models_open_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<int>("tensors");
        QTest::newRow("biases") << "llama-bias" << 3 * (9 + 7) + 3;
        QTest::newRow("untied") << "llama-untied" << 3 * 9 + 3;
        QTest::newRow("llama3 rope, tied") << "llama-rope-llama3" << 3 * 9 + 2;
        QTest::newRow("biases of q, k and v") << "qwen2" << 3 * (9 + 3) + 2;
        QTest::newRow("norms of queries and keys") << "qwen3" << 3 * (9 + 2) + 2;
        QTest::newRow("fused projections") << "phi3" << 3 * (9 - 3) + 3;
        QTest::newRow("norms around") << "gemma2" << 3 * (9 + 2) + 2;
        QTest::newRow("norms around and within") << "gemma3" << 3 * (9 + 4) + 2;
        QTest::newRow("norms after") << "olmo2" << 3 * (9 + 2) + 3;
    }
    void the_fixture_models_open() {
        QFETCH(QString, name);
        QFETCH(int, tensors);
        const Model model = Model::open(test::fixture("architectures/" + name.toStdString()).string());
        QCOMPARE(model.tensors().size(), static_cast<std::size_t>(tensors));
        QCOMPARE(model.name(), name.toStdString());
        QCOMPARE(model.config().rope.scaling.has_value(), name.contains("rope"));
        QCOMPARE(model.hasTensor("lm_head"), !model.config().tiedEmbedding);
        QCOMPARE(model.hasTensor("model.layers.2.self_attn.o_proj.bias"), model.config().outputBias);
    }

    void tensors_are_listed_in_the_order_of_the_network() {
        const Model model = Model::open(test::fixture("architectures/llama-bias").string());
        const std::vector<TensorInfo>& tensors = model.tensors();
        QCOMPARE(tensors[0].name, std::string("model.embed_tokens"));
        QCOMPARE(tensors[1].name, std::string("model.layers.0.input_layernorm"));
        QVERIFY(tensors[1].isVector && tensors[1].shape == (Shape{1, 64}) && tensors[1].block == 0);
        QCOMPARE(tensors[2].name, std::string("model.layers.0.self_attn.q_proj"));
        QCOMPARE(tensors[3].name, std::string("model.layers.0.self_attn.q_proj.bias"));
        QCOMPARE(tensors[3].role, Role::bias);
        QCOMPARE(tensors.back().name, std::string("lm_head"));
        QCOMPARE(tensors.back().block, -1);
        QCOMPARE(std::count_if(tensors.begin(), tensors.end(),
                               [](const TensorInfo& tensor) { return isDecoderLinear(tensor.role); }),
                 3 * 7);
    }

    void tensors_of_every_family_have_roles() {
        const Model phi = Model::open(test::fixture("architectures/phi3").string());
        const TensorInfo& fused = phi.tensor("model.layers.1.self_attn.qkv_proj");
        QCOMPARE(roleName(fused.role), std::string_view("qkv"));
        QCOMPARE(roleGroup(fused.role), std::string_view("attention"));
        QCOMPARE(fused.shape, (Shape{128, 64}));
        const TensorInfo& gates = phi.tensor("model.layers.1.mlp.gate_up_proj");
        QCOMPARE(roleName(gates.role), std::string_view("gate_up"));
        QCOMPARE(roleGroup(gates.role), std::string_view("mlp"));
        QVERIFY(isDecoderLinear(fused.role) && isDecoderLinear(gates.role));
        const Model gemma = Model::open(test::fixture("architectures/gemma3").string());
        for (const char* norm : {"self_attn.q_norm", "self_attn.k_norm", "post_feedforward_layernorm"}) {
            QCOMPARE(gemma.tensor(std::string("model.layers.0.") + norm).role, Role::norm);
        }
        QVERIFY(gemma.tensor("model.layers.0.mlp.up_proj").readsNorm);
        const Model olmo = Model::open(test::fixture("architectures/olmo2").string());
        QVERIFY(!olmo.tensor("model.layers.0.self_attn.q_proj").readsNorm);
    }

    void unknown_models_and_tensors_get_the_nearest_names() {
        QVERIFY(openError("folio-5m").contains("folio-4m"));
        QVERIFY(openError("folio-5m").contains("no such folder"));
        const Model model = Model::open("folio-4m");
        const QString message = test::errorOf([&] { model.tensor("model.layers.0.self_attn.q_pro"); });
        QVERIFY2(message.contains("model.layers.0.self_attn.q_proj"), qPrintable(message));
    }

    void contradictions_in_a_folder_are_refused_data() {
        QTest::addColumn<int>("change");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("a tensor is missing") << 0 << "model.norm.weight: expected this tensor";
        QTest::newRow("vocabulary other than embedding rows")
            << 1
            << "model.embed_tokens.weight shape: expected [9, 4], which config.json implies, found [8, 4]";
        QTest::newRow("a matrix in place of a vector") << 2 << "model.norm.weight shape: expected [4]";
        QTest::newRow("integers") << 3 << "lm_head.weight dtype: expected BF16, F16 or F32, found I32";
        QTest::newRow("no config") << 4 << "found a folder without config.json";
        QTest::newRow("config a folder") << 5 << "config.json: file: expected a regular file, found a folder";
        QTest::newRow("only pickle") << 6 << "pytorch_model.bin, a pickle file";
        QTest::newRow("no weights") << 7 << "weights: expected model.safetensors";
    }
    void contradictions_in_a_folder_are_refused() {
        QFETCH(int, change);
        QFETCH(QString, expectation);
        QTemporaryDir folder;
        auto tensors = test::tinyTensors();
        std::string config = test::tinyConfig();
        if (change == 0) {
            named(tensors, "model.norm.weight").name = "model.nrom.weight";
        } else if (change == 1) {
            config = test::tinyConfig({{"vocab_size", "9"}});
        } else if (change == 2) {
            named(tensors, "model.norm.weight").shape = {4, 1};
        } else if (change == 3) {
            named(tensors, "lm_head.weight") = test::tinyTensors("I32").back();
        }
        test::writeTinyModel(in(folder), tensors, config);
        if (change == 4 || change == 5) {
            std::filesystem::remove(in(folder) / "config.json");
        }
        if (change == 5) {
            std::filesystem::create_directory(in(folder) / "config.json");
        }
        if (change == 6 || change == 7) {
            std::filesystem::remove(in(folder) / "model.safetensors");
        }
        if (change == 6) {
            test::writeFile(in(folder) / "pytorch_model.bin", "PK");
        }
        const QString message = openError(in(folder));
        QVERIFY2(message.startsWith(folder.path()) && message.contains(expectation), qPrintable(message));
    }

    void a_file_in_place_of_a_folder_is_refused_saying_why() {
        QTemporaryDir folder;
        for (const auto& [name, reason] :
             {std::pair("model.bin", "can run any program"), std::pair("model.gguf", "GGUF"),
              std::pair("model.safetensors", "give the folder")}) {
            test::writeFile(in(folder) / name, "x");
            const QString message = openError(in(folder) / name);
            QVERIFY2(message.contains(reason), qPrintable(message));
        }
        std::filesystem::create_symlink("b", in(folder) / "a");
        std::filesystem::create_symlink("a", in(folder) / "b");
        QVERIFY(openError(in(folder) / "a").contains("expected a folder"));
        QVERIFY(openError(in(folder) / "new\nline").contains("new?line"));
    }

    void tensors_that_are_not_needed_do_no_harm() {
        QTemporaryDir folder;
        auto tensors = test::tinyTensors();
        tensors.push_back({"model.layers.0.self_attn.rotary_emb.inv_freq", "F32", {1}, "1234"});
        tensors.push_back({"counter", "I64", {}, "12345678"});
        test::writeTinyModel(in(folder), tensors, test::tinyConfig({{"tie_word_embeddings", "true"}}));
        const Model model = Model::open(folder.path().toStdString() + "/");
        QVERIFY(!model.hasTensor("lm_head") && !model.hasTensor("counter"));
        QCOMPARE("/" + model.name(), folder.path().toStdString().substr(folder.path().lastIndexOf('/')));
    }

    void shards_that_contradict_the_index_are_refused_data() {
        QTest::addColumn<QString>("entry"); // replaces that of model.norm.weight, which is in b
        QTest::addColumn<QString>("expectation");
        const QString key = "\"model.norm.weight\":";
        const QString field = "index.json: weight_map.model.norm.weight: expected ";
        QTest::newRow("missing file")
            << key + "\"c.safetensors\"" << field + "a file of the same folder, found c";
        QTest::newRow("parent folder")
            << key + "\"../b.safetensors\"" << field + "the name of a .safetensors file";
        QTest::newRow("absolute") << key + "\"/b.safetensors\"" << field + "the name of a .safetensors file";
        QTest::newRow("NUL") << key + "\"b\\u0000.safetensors\"" << field + "the name of a .safetensors file";
        QTest::newRow("pickle") << key + "\"b.bin\"" << field + "the name of a .safetensors file";
        QTest::newRow("empty") << key + "\"\"" << field + "the name of a .safetensors file";
        QTest::newRow("wrong shard") << key + "\"a.safetensors\"" << field + "a file that holds this tensor";
        QTest::newRow("a number") << key + "1" << field + "a file name, found a number";
        QTest::newRow("an object") << key + "{}" << field + "a file name, found an object";
        QTest::newRow("not listed") << QString() << "index.json: model.norm.weight: expected this tensor";
        QTest::newRow("twice") << key + "\"b.safetensors\"," + key + "\"b.safetensors\""
                               << "weight_map.model.norm.weight: expected each tensor once";
    }
    void shards_that_contradict_the_index_are_refused() {
        QFETCH(QString, entry);
        QFETCH(QString, expectation);
        QTemporaryDir folder;
        writeShards(in(folder), [&](std::size_t i, const StoredTensor& tensor) {
            return tensor.name == "model.norm.weight" ? entry.toStdString() : rightShard(i, tensor);
        });
        const QString message = openError(in(folder));
        QVERIFY2(message.contains(expectation), qPrintable(message));
    }

    void a_tensor_in_two_shards_is_refused() {
        QTemporaryDir folder;
        writeShards(in(folder), rightShard);
        test::writeFile(in(folder) / "a.safetensors", test::safetensors(test::tinyTensors()));
        const QString message = openError(in(folder));
        QVERIFY2(message.contains("expected each tensor in one file only"), qPrintable(message));
    }

    void a_malformed_index_is_refused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("empty") << QByteArray() << "byte";
        QTest::newRow("array") << QByteArray("[]") << "document: expected an object";
        QTest::newRow("no map") << QByteArray("{}") << "weight_map: expected an object, found nothing";
        QTest::newRow("map an array")
            << QByteArray("{\"weight_map\":[]}") << "weight_map: expected an object";
        QTest::newRow("map twice") << QByteArray("{\"weight_map\":{},\"weight_map\":{}}") << "a duplicate";
        QTest::newRow("deep") << "{\"metadata\":" + QByteArray(100'000, '[') << "nesting: expected at most 8";
        QTest::newRow("not UTF-8") << QByteArray("{\"\xff\":1}") << "expected UTF-8";
        QTest::newRow("empty map") << QByteArray("{\"weight_map\":{}}") << "model.embed_tokens.weight";
    }
    void a_malformed_index_is_refused() {
        QFETCH(QByteArray, text);
        QFETCH(QString, expectation);
        QTemporaryDir folder;
        test::writeFile(in(folder) / "config.json", test::tinyConfig());
        test::writeFile(in(folder) / "model.safetensors.index.json", text.toStdString());
        const QString message = openError(in(folder));
        QVERIFY2(message.contains("index.json") && message.contains(expectation), qPrintable(message));
    }

    void the_fingerprint_depends_on_the_content_and_not_on_the_sharding() {
        Workers workers(2);
        const SilentMonitor monitor;
        QTemporaryDir single;
        QTemporaryDir sharded;
        QTemporaryDir changed;
        test::writeTinyModel(in(single), test::tinyTensors());
        writeShards(in(sharded), rightShard);
        auto tensors = test::tinyTensors();
        tensors[3].bytes[1] = static_cast<char>(tensors[3].bytes[1] ^ 1);
        test::writeTinyModel(in(changed), tensors);
        const std::string expected = Model::open(in(single).string()).fingerprint(workers, monitor);
        QCOMPARE(expected.size(), std::size_t{64});
        QCOMPARE(Model::open(in(sharded).string()).fingerprint(workers, monitor), expected);
        QVERIFY(Model::open(in(changed).string()).fingerprint(workers, monitor) != expected);
        test::writeFile(in(changed) / "config.json", test::tinyConfig({{"rope_theta", "20000"}}));
        test::writeFile(in(changed) / "model.safetensors", test::safetensors(test::tinyTensors()));
        QVERIFY(Model::open(in(changed).string()).fingerprint(workers, monitor) != expected);
    }
};

QTEST_APPLESS_MAIN(ModelTest)
#include "tst_model.moc"
