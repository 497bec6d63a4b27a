// SPDX-License-Identifier: GPL-3.0-or-later
// GGUF files with one kind of damage each: the error names the file and what is wrong in it.
#include "model/model.h"
#include "support/system.h"
#include "test_support.h"
#include "tiny_gguf.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>
#include <functional>

using namespace planish;
using test::TinyGguf;

using Damage = std::function<void(TinyGguf&)>;
Q_DECLARE_METATYPE(Damage)

class GgufDamageTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    QString errorFor(const std::string& content) const {
        const std::string path = folder_.path().toStdString() + "/x.gguf";
        std::filesystem::remove(path); // truncating it would wait for the disk
        test::writeFile(path, content);
        return test::errorOf([&] { Model::open(path); });
    }

  private slots:
    void the_undamaged_file_opens() { QCOMPARE(errorFor(test::tinyGguf().file()), QString()); }

    void damage_is_named_data() {
        QTest::addColumn<Damage>("damage");
        QTest::addColumn<QString>("expected");
        const auto row = [](const char* name, Damage damage, const char* expected) {
            QTest::newRow(name) << std::move(damage) << expected;
        };
        const auto huge = std::int64_t{1} << 62;
        row(
            "version 1", [](TinyGguf& g) { g.version = 1; }, "version: expected 2 or 3, found 1");
        row(
            "version 4", [](TinyGguf& g) { g.version = 4; }, "version: expected 2 or 3, found 4");
        row(
            "big endian", [](TinyGguf& g) { g.version = 0x03000000; }, "found a big-endian file");
        row(
            "tensor count", [=](TinyGguf& g) { g.tensorCount = huge; }, "tensor count: expected at most");
        row(
            "tensor count, more than there are", [](TinyGguf& g) { g.tensorCount = 13; },
            "x.gguf: tensors[12] name");
        row(
            "fewer tensors", [](TinyGguf& g) { g.tensorCount = 11; }, "size: expected 1600 bytes");
        row(
            "metadata count", [=](TinyGguf& g) { g.metadataCount = huge; },
            "metadata count: expected at most");
        row(
            "key length", [](TinyGguf& g) { g.metadata[0].first.assign(70000, 'k'); },
            "metadata[0] key length: expected at most 65535");
        row(
            "key twice", [](TinyGguf& g) { g.metadata.push_back(g.metadata[0]); },
            "general.architecture: expected each key once");
        row(
            "value type", [](TinyGguf& g) { g.set("x", test::littleEndian(13, 4)); },
            "x type: expected a type");
        row(
            "array of arrays",
            [](TinyGguf& g) {
                g.set("x", test::littleEndian(9, 4) + test::littleEndian(9, 4) + test::littleEndian(0, 8));
            },
            "x element type: expected numbers");
        row(
            "array count",
            [](TinyGguf& g) {
                g.set("x", test::littleEndian(9, 4) + test::littleEndian(4, 4) +
                               test::littleEndian(1ULL << 62, 8));
            },
            "x count: expected at most");
        row(
            "array count times size",
            [](TinyGguf& g) {
                g.set("x", test::littleEndian(9, 4) + test::littleEndian(10, 4) +
                               test::littleEndian((1ULL << 61) + 1, 8));
            },
            "x count: expected at most");
        row(
            "string length",
            [](TinyGguf& g) { g.set("x", test::littleEndian(8, 4) + test::littleEndian(~0ULL, 8)); },
            "x length: expected at most");
        row(
            "strings count",
            [](TinyGguf& g) {
                g.set("x", test::littleEndian(9, 4) + test::littleEndian(8, 4) +
                               test::littleEndian(1ULL << 40, 8));
            },
            "x count: expected at most");
        row(
            "alignment 0", [](TinyGguf& g) { g.set("general.alignment", test::ggufUint32(0)); },
            "general.alignment: expected a whole number from 8");
        row(
            "alignment 24", [](TinyGguf& g) { g.set("general.alignment", test::ggufUint32(24)); },
            "general.alignment: expected a power of two");
        row(
            "alignment text", [](TinyGguf& g) { g.set("general.alignment", test::ggufString("32")); },
            "general.alignment: expected a whole number from 8 to 1048576, found a text");
        row(
            "no dimensions", [](TinyGguf& g) { g.tensors[0].dimensions = {}; },
            "token_embd.weight dimensions: expected 1 to 4");
        row(
            "five dimensions",
            [](TinyGguf& g) {
                g.tensors[0].dimensions = {4, 8, 1, 1, 1};
            },
            "dimensions: expected 1 to 4");
        row(
            "dimension 0",
            [](TinyGguf& g) {
                g.tensors[0].dimensions = {4, 0};
            },
            "token_embd.weight shape: expected sizes");
        row(
            "dimension 2^63",
            [](TinyGguf& g) {
                g.tensors[0].dimensions = {4, 1ULL << 63};
            },
            "token_embd.weight shape: expected sizes");
        row(
            "product overflow",
            [](TinyGguf& g) {
                g.tensors[0].dimensions = {1ULL << 39, 1ULL << 39};
            },
            "token_embd.weight shape: expected fewer than 2^64 bytes");
        row(
            "past the end",
            [](TinyGguf& g) {
                g.tensors[11].dimensions = {4, 1000};
            },
            "output.weight size: expected at most");
        row(
            "overlap", [](TinyGguf& g) { g.tensors[1].offset = 32; },
            "blk.0.attn_norm.weight offset: expected 64");
        row(
            "hole", [](TinyGguf& g) { g.tensors[11].offset = 4096; }, "output.weight offset: expected");
        row(
            "offset 2^64 - 1", [](TinyGguf& g) { g.tensors[11].offset = INT64_MAX; },
            "output.weight offset: expected");
        row(
            "type given up", [](TinyGguf& g) { g.tensors[0].type = 4; },
            "token_embd.weight type: expected a type of ggml, found number 4");
        row(
            "type unknown", [](TinyGguf& g) { g.tensors[0].type = 1000; }, "found number 1000");
        row(
            "rows no blocks", [](TinyGguf& g) { g.tensors[0].type = 12; },
            "rows of a multiple of 256 values");
        row(
            "tensor twice", [](TinyGguf& g) { g.tensors[11].name = "output_norm.weight"; },
            "output_norm.weight: expected each tensor once");
        row(
            "tensor missing", [](TinyGguf& g) { g.tensors[5].name = "other"; },
            "blk.0.attn_output.weight: expected this tensor");
        row(
            "another shape",
            [](TinyGguf& g) {
                g.tensors[7].dimensions = {6, 4};
            },
            "blk.0.ffn_gate.weight shape: expected [6, 4]");
        row(
            "name with control characters",
            [](TinyGguf& g) {
                g.tensors[11].name = "a\nb";
                g.tensors[11].type = 99;
            },
            "a?b type");
        row(
            "long name", [](TinyGguf& g) { g.tensors[11].name.assign(2000, 'n'); },
            "tensors[11] name length: expected at most 1024");
        row(
            "architecture", [](TinyGguf& g) { g.set("general.architecture", test::ggufString("mamba")); },
            "general.architecture: expected llama, qwen2 or qwen3, found mamba");
        row(
            "no architecture", [](TinyGguf& g) { g.remove("general.architecture"); },
            "general.architecture: expected a text, found nothing");
        row(
            "no blocks", [](TinyGguf& g) { g.set("llama.block_count", test::ggufUint32(0)); },
            "llama.block_count: expected a whole number from 1");
        row(
            "10^9 blocks", [](TinyGguf& g) { g.set("llama.block_count", test::ggufUint32(1'000'000'000)); },
            "llama.block_count: expected");
        row(
            "more blocks", [](TinyGguf& g) { g.set("llama.block_count", test::ggufUint32(2)); },
            "blk.1.attn_norm.weight: expected this tensor");
        row(
            "heads", [](TinyGguf& g) { g.set("llama.attention.head_count", test::ggufUint32(3)); },
            "llama.attention.head_count");
        row(
            "key-value heads",
            [](TinyGguf& g) { g.set("llama.attention.head_count_kv", test::ggufUint32(3)); },
            "head_count_kv: expected a divisor");
        row(
            "different key-value heads",
            [](TinyGguf& g) {
                g.set("llama.attention.head_count_kv", test::ggufInt32s({1, 2}));
            },
            "the same number for all blocks");
        row(
            "no key-value heads",
            [](TinyGguf& g) { g.set("llama.attention.head_count_kv", test::ggufInt32s({})); },
            "the same number for all blocks");
        row(
            "odd head", [](TinyGguf& g) { g.set("llama.attention.key_length", test::ggufUint32(3)); },
            "key_length: expected an even number");
        row(
            "huge head", [](TinyGguf& g) { g.set("llama.attention.key_length", test::ggufUint32(1 << 24)); },
            "over all heads");
        row(
            "value head", [](TinyGguf& g) { g.set("llama.attention.value_length", test::ggufUint32(4)); },
            "value_length: expected 2");
        row(
            "partial rotary", [](TinyGguf& g) { g.set("llama.rope.dimension_count", test::ggufUint32(1)); },
            "rope.dimension_count: expected 2");
        row(
            "rope scaling", [](TinyGguf& g) { g.set("llama.rope.scaling.type", test::ggufString("yarn")); },
            "rope.scaling.type: expected none, found yarn");
        row(
            "rope factor", [](TinyGguf& g) { g.set("llama.rope.scaling.factor", test::ggufFloat(4)); },
            "rope.scaling.factor: expected 1");
        row(
            "experts", [](TinyGguf& g) { g.set("llama.expert_count", test::ggufUint32(8)); },
            "llama.expert_count: expected 0");
        row(
            "epsilon",
            [](TinyGguf& g) { g.set("llama.attention.layer_norm_rms_epsilon", test::ggufFloat(-1)); },
            "rms_epsilon: expected a number above 0");
        row(
            "epsilon NaN",
            [](TinyGguf& g) {
                g.set("llama.attention.layer_norm_rms_epsilon", test::ggufFloat(__builtin_nanf("")));
            },
            "rms_epsilon: expected a number above 0");
        row(
            "epsilon infinite",
            [](TinyGguf& g) {
                g.set("llama.attention.layer_norm_rms_epsilon", test::ggufFloat(__builtin_inff()));
            },
            "rms_epsilon: expected a number above 0");
        row(
            "BOS outside", [](TinyGguf& g) { g.set("tokenizer.ggml.bos_token_id", test::ggufUint32(8)); },
            "bos_token_id: expected a whole number from 0 to 7");
        row(
            "split count", [](TinyGguf& g) { g.set("split.count", test::ggufUint32(100'000)); },
            "split.count: expected");
        row(
            "split name",
            [](TinyGguf& g) {
                g.set("split.count", test::ggufUint32(2));
                g.set("split.no", test::ggufUint32(0));
            },
            "a name that ends in -00001-of-00002.gguf");
    }
    void damage_is_named() {
        QFETCH(Damage, damage);
        QFETCH(QString, expected);
        TinyGguf gguf = test::tinyGguf();
        damage(gguf);
        const QString message = errorFor(gguf.file());
        QVERIFY2(message.contains("x.gguf: ") && message.contains(expected), qPrintable(message));
    }

    void every_truncation_is_an_error() {
        const std::string whole = test::tinyGguf().file();
        for (std::size_t size = 0; size < whole.size(); ++size) {
            const QString message = errorFor(whole.substr(0, size));
            // The padding after the last values may be missing.
            QVERIFY2(!message.isEmpty() || size + 32 > whole.size(), qPrintable(QString::number(size)));
        }
        QVERIFY(errorFor(whole + std::string(32, '\0')).contains("size: expected"));
        QVERIFY(errorFor("").contains("magic"));
        QVERIFY(errorFor("GGML" + whole.substr(4)).contains("magic"));
        QVERIFY(peakMemoryBytes() < 300'000'000);
    }

    void a_folder_or_another_file_of_that_name_is_refused() {
        const std::string path = folder_.path().toStdString() + "/notes.txt";
        test::writeFile(path, "text");
        const QString message = test::errorOf([&] { Model::open(path); });
        QVERIFY2(message.contains("or a GGUF file"), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(GgufDamageTest)
#include "tst_gguf_damage.moc"
