// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF files as a kind of model file: shapes, values, order of rows, split files.
#include "codec/codec.h"
#include "model/gguf_file.h"
#include "model/model.h"
#include "model/rope_frequencies.h"
#include "test_support.h"
#include "tiny_gguf.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>
#include <array>
#include <set>

using namespace planish;

class GgufTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path path(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    Model open(const test::TinyGguf& gguf, const std::string& name = "tiny.gguf") const {
        test::writeFile(path(name), gguf.file());
        return Model::open(path(name).string());
    }

  private slots:
    void a_file_of_llama_cpp_is_the_model_it_was_made_from() {
        const Model stored = Model::open(test::fixture("gguf/folio-4m-Q4_K_M.gguf").string());
        const Model original = Model::open("folio-4m");
        QCOMPARE(stored.name(), std::string("folio-4m-Q4_K_M"));
        QCOMPARE(stored.parameterCount(), original.parameterCount());
        const ModelConfig& config = stored.config();
        QCOMPARE(config.headSize, original.config().headSize);
        QCOMPARE(config.normEpsilon, original.config().normEpsilon); // 1e-5, not the float nearest to it
        QCOMPARE(config.rope.theta, original.config().rope.theta);
        QVERIFY(config.tiedEmbedding && !config.attentionBias);
        QCOMPARE(config.beginToken, original.config().beginToken);
        QCOMPARE(config.endToken, original.config().endToken);
        std::set<std::string> types;
        for (const TensorInfo& tensor : stored.tensors()) {
            types.insert(tensor.type);
            const Matrix values = stored.read(tensor);
            const Matrix expected = original.read(original.tensor(tensor.name));
            // Queries and keys come back in the order of the original only if their rows are put back.
            const double error =
                static_cast<double>((values - expected).squaredNorm() / expected.squaredNorm());
            QVERIFY2(error < (tensor.type == "fp32"   ? 1e-15
                              : tensor.type == "Q6_K" ? 5e-4
                                                      : 8e-3),
                     (tensor.name + " " + std::to_string(error)).c_str());
        }
        QCOMPARE(types, (std::set<std::string>{"Q4_K", "Q6_K", "fp32"}));
    }

    void rows_of_queries_and_keys_are_put_back_one_by_one_too() {
        const Model model = Model::open(test::fixture("gguf/folio-4m-Q4_K_M.gguf").string());
        for (const char* name : {"model.layers.0.self_attn.q_proj", "model.layers.1.self_attn.k_proj"}) {
            const TensorInfo& tensor = model.tensor(name);
            const Matrix whole = model.read(tensor);
            Matrix rows(5, whole.cols());
            for (const std::size_t first : {0U, 30U, 61U, 62U, 100U, 123U}) {
                model.readRows(tensor, first, rows);
                QVERIFY(rows == whole.middleRows(static_cast<Eigen::Index>(first), 5));
            }
        }
    }

    void the_tiny_file_has_the_values_of_the_tiny_folder() {
        test::writeTinyModel(path("folder"), test::tinyTensors("F16"));
        const Model folder = Model::open(path("folder").string());
        const Model file = open(test::tinyGguf());
        QVERIFY(!file.config().tiedEmbedding);
        for (const TensorInfo& tensor : folder.tensors()) {
            Matrix expected = folder.read(tensor);
            if (tensor.role == Role::query || tensor.role == Role::key) {
                continue; // heads of two rows: the order of halves is that of pairs
            }
            QVERIFY2(file.read(file.tensor(tensor.name)) == expected, tensor.name.c_str());
        }
    }

    void heads_of_four_rows_are_read_as_halves() {
        test::TinyGguf gguf = test::tinyGguf();
        gguf.set("llama.attention.head_count", test::ggufUint32(1)); // one head of four
        for (const char* name : {"blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
            gguf.tensor(name) = gguf.tensor("blk.0.attn_q.weight");
            gguf.tensors[std::string(name).find("_k") != std::string::npos ? 3 : 4].name = name;
        }
        const Model model = open(gguf);
        const Matrix keys = model.read(model.tensor("model.layers.0.self_attn.k_proj"));
        const Matrix values = model.read(model.tensor("model.layers.0.self_attn.v_proj")); // in file order
        const std::array<int, 4> order{0, 2, 1, 3};
        for (int row = 0; row < 4; ++row) {
            QVERIFY(keys.row(row) == values.row(order[static_cast<std::size_t>(row)]));
        }
    }

    void biases_are_read_in_the_same_order() {
        test::TinyGguf gguf = test::tinyGguf();
        const std::string four = test::littleEndian(0x4400420040003c00, 8); // 1 2 3 4
        for (const auto& [name, size] :
             {std::pair("q", 4U), std::pair("k", 2U), std::pair("v", 2U), std::pair("output", 4U)}) {
            gguf.tensors.push_back(
                {std::string("blk.0.attn_") + name + ".bias", {size}, 1, four.substr(0, 2 * size)});
        }
        gguf.set("llama.attention.head_count", test::ggufUint32(1));
        gguf.set("llama.attention.key_length", test::ggufUint32(2));
        gguf.tensor("blk.0.attn_q.weight").dimensions = {4, 2};
        gguf.tensor("blk.0.attn_q.weight").bytes.resize(16);
        gguf.tensor("blk.0.attn_q.bias").dimensions = {2};
        gguf.tensor("blk.0.attn_q.bias").bytes.resize(4);
        gguf.tensor("blk.0.attn_output.weight").dimensions = {2, 4};
        gguf.tensor("blk.0.attn_output.weight").bytes.resize(16);
        QVERIFY(open(gguf).config().attentionBias);

        test::TinyGguf wide = test::tinyGguf();
        wide.set("llama.attention.head_count", test::ggufUint32(1));
        for (const char* name : {"blk.0.attn_k.weight", "blk.0.attn_v.weight"}) {
            wide.tensor(name).dimensions = {4, 4};
            wide.tensor(name).bytes = wide.tensor("blk.0.attn_q.weight").bytes;
        }
        for (const char* name : {"q", "k", "v", "output"}) {
            wide.tensors.push_back({std::string("blk.0.attn_") + name + ".bias", {4}, 1, four});
        }
        const Model model = open(wide);
        const Vector query = model.readVector(model.tensor("model.layers.0.self_attn.q_proj.bias"));
        const Vector value = model.readVector(model.tensor("model.layers.0.self_attn.v_proj.bias"));
        QVERIFY((query.array() == Eigen::Array4f(1, 3, 2, 4)).all());
        QVERIFY((value.array() == Eigen::Array4f(1, 2, 3, 4)).all());
    }

    void frequencies_are_divided_by_the_factors_of_the_file() {
        test::TinyGguf gguf = test::tinyGguf();
        gguf.tensors.push_back({"rope_freqs.weight", {1}, 0, test::littleEndian(0x41000000, 4)}); // 8
        const Model scaled = open(gguf);
        QCOMPARE(ropeFrequencies(scaled.config().rope, 2, 16), std::vector<double>{0.125});
        const Model plain = open(test::tinyGguf(), "plain.gguf");
        QCOMPARE(ropeFrequencies(plain.config().rope, 2, 16), std::vector<double>{1.0});
        gguf.tensors.back().dimensions = {2};
        gguf.tensors.back().bytes += gguf.tensors.back().bytes;
        QVERIFY(test::errorOf([&] { open(gguf); }).contains("rope_freqs.weight: expected 1 numbers"));
    }

    void split_files_are_one_model() {
        test::TinyGguf whole = test::tinyGguf();
        test::TinyGguf first = whole;
        test::TinyGguf second;
        second.tensors.assign(whole.tensors.begin() + 5, whole.tensors.end());
        first.tensors.resize(5);
        for (auto* part : {&first, &second}) {
            part->set("split.no", test::littleEndian(2, 4) + test::littleEndian(part == &second ? 1 : 0, 2));
            part->set("split.count", test::littleEndian(2, 4) + test::littleEndian(2, 2));
        }
        test::writeFile(path("m-00001-of-00002.gguf"), first.file());
        test::writeFile(path("m-00002-of-00002.gguf"), second.file());
        const Model expected = open(whole);
        for (const char* name : {"m-00001-of-00002.gguf", "m-00002-of-00002.gguf"}) {
            const Model model = Model::open(path(name).string());
            QCOMPARE(model.name(), std::string("m"));
            for (const TensorInfo& tensor : expected.tensors()) {
                QVERIFY(model.read(model.tensor(tensor.name)) == expected.read(tensor));
            }
        }
        std::filesystem::remove(path("m-00002-of-00002.gguf"));
        QVERIFY(test::errorOf([&] {
                    Model::open(path("m-00001-of-00002.gguf").string());
                }).contains("m-00002-of-00002.gguf"));
        second.tensors.push_back(whole.tensors.front());
        test::writeFile(path("m-00002-of-00002.gguf"), second.file());
        QVERIFY(test::errorOf([&] {
                    Model::open(path("m-00001-of-00002.gguf").string());
                }).contains("token_embd.weight: expected each tensor in one file only"));
    }

    void sizes_of_types_are_those_of_the_codecs() {
        int readable = 0;
        for (const GgufType& type : ggufTypes()) {
            if (!type.codec.empty()) {
                ++readable;
                QCOMPARE(Codec::parse(type.codec).packedBytes({3, 2 * type.weights}), 6 * type.bytes);
                QCOMPARE(ggufTypeOf(Codec::parse(type.codec).name())->code, type.code);
            }
        }
        QCOMPARE(readable, 15);
    }

    void every_readable_type_is_read() {
        for (const GgufType& type : ggufTypes()) {
            test::TinyGguf gguf = test::tinyGguf();
            gguf.set("llama.feed_forward_length", test::ggufUint32(256));
            for (const char* name : {"blk.0.ffn_gate.weight", "blk.0.ffn_up.weight"}) {
                gguf.tensor(name).dimensions = {4, 256};
                gguf.tensor(name).bytes.assign(2048, '\0');
            }
            gguf.tensor("blk.0.ffn_down.weight") = {"blk.0.ffn_down.weight",
                                                    {256, 4},
                                                    type.code,
                                                    std::string(256 / type.weights * type.bytes * 4, '\0')};
            const QString message = test::errorOf([&] {
                const Model model = open(gguf);
                const TensorInfo& down = model.tensor("model.layers.0.mlp.down_proj");
                QCOMPARE(down.type, std::string(type.codec));
                QCOMPARE(model.read(down).cwiseAbs().maxCoeff(), 0.0F);
            });
            QCOMPARE(message.isEmpty(), !type.codec.empty());
            if (type.codec.empty()) {
                QVERIFY2(message.contains("blk.0.ffn_down.weight type: expected one of F32, F16, Q4_0") &&
                             message.contains(QString::fromUtf8(type.name.data(),
                                                                static_cast<qsizetype>(type.name.size()))),
                         qPrintable(message));
            }
        }
    }

    void the_order_of_tensors_does_not_matter_but_every_byte_does() {
        Workers workers(2);
        SilentMonitor monitor;
        const std::string expected = open(test::tinyGguf()).fingerprint(workers, monitor);
        test::TinyGguf reordered = test::tinyGguf();
        std::reverse(reordered.tensors.begin(), reordered.tensors.end());
        QCOMPARE(open(reordered, "other.gguf").fingerprint(workers, monitor), expected);
        test::TinyGguf changed = test::tinyGguf();
        changed.tensors.back().bytes.back() ^= 1;
        QVERIFY(open(changed, "changed.gguf").fingerprint(workers, monitor) != expected);
    }
};

QTEST_APPLESS_MAIN(GgufTest)
#include "tst_gguf.moc"
