// SPDX-License-Identifier: GPL-3.0-or-later
// Quantized checkpoints: their values are those of the published formats, and what does not fit is refused.
#include "model/model.h"
#include "support/system.h"
#include "test_support.h"
#include "tiny_quantized.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <random>

using namespace planish;
using test::QuantizedCheckpoint;
using test::QuantizedSpec;
using test::StoredTensor;

class QuantizedModelTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path write(const QuantizedCheckpoint& checkpoint) const {
        const std::filesystem::path path = folder_.path().toStdString() + "/model";
        std::filesystem::remove_all(path);
        test::writeTinyModel(path, checkpoint.tensors, checkpoint.config);
        return path;
    }

    QString openError(const QuantizedCheckpoint& checkpoint) const {
        return test::errorOf([&] { Model::open(write(checkpoint).string()); });
    }

    static QuantizedSpec spec(const std::string& kind) {
        QuantizedSpec spec;
        spec.method = kind;
        spec.symmetric = kind == "compressed-tensors";
        return spec;
    }

    static StoredTensor& part(QuantizedCheckpoint& checkpoint, const std::string& suffix) {
        return *std::find_if(checkpoint.tensors.begin(), checkpoint.tensors.end(),
                             [&](const StoredTensor& tensor) { return tensor.name.ends_with(suffix); });
    }

    static void replace(std::string& text, const std::string& what, const std::string& by) {
        const std::size_t at = text.find(what);
        QVERIFY2(at != std::string::npos, what.c_str());
        text.replace(at, what.size(), by);
    }

  private slots:
    void values_are_those_of_the_format_data() {
        QTest::addColumn<QuantizedSpec>("spec");
        QTest::addColumn<QString>("type");
        const auto row = [](const char* type, const QuantizedSpec& spec) {
            QTest::addRow("%s %s%s%s", type, spec.scales.c_str(), spec.ordered ? " ordered" : "",
                          spec.second ? " v2" : "")
                << spec << QString(type);
        };
        for (const char* scales : {"F16", "BF16", "F32"}) {
            row("compressed-tensors int4:sym:g16", {"compressed-tensors", 4, 16, true, false, scales});
        }
        row("compressed-tensors int8:sym:g32", {"compressed-tensors", 8, 32, true});
        row("compressed-tensors int4:sym:row", {"compressed-tensors", 4, -1, true});
        row("compressed-tensors uint4:g16", {"compressed-tensors", 4, 16, false});
        row("compressed-tensors uint8:row", {"compressed-tensors", 8, -1, false});
        row("compressed-tensors int4:sym:g16", {"compressed-tensors", 4, 16, true, true});
        for (const int bits : {2, 3, 4, 8}) {
            const std::string type = "gptq uint" + std::to_string(bits) + ":g16";
            row(type.c_str(), {"gptq", bits, 16, false});
        }
        row("gptq uint4:g16", {"gptq", 4, 16, true, true});
        row("gptq uint4:g64", {"gptq", 4, 64, false}); // the last group is a short one
        row("gptq uint8:row", {"gptq", 8, -1, true});
        row("gptq uint4:g16", {"gptq", 4, 16, false, false, "F16", true});
        row("awq uint4:g16", {"awq", 4, 16});
        row("awq uint4:row", {"awq", 4, -1});
    }
    void values_are_those_of_the_format() {
        QFETCH(QuantizedSpec, spec);
        QFETCH(QString, type);
        const QuantizedCheckpoint checkpoint = test::quantizedCheckpoint(spec);
        const Model model = Model::open(write(checkpoint).string());
        std::uint64_t bytes = 0;
        for (const StoredTensor& tensor : checkpoint.tensors) {
            bytes += tensor.bytes.size();
        }
        QCOMPARE(model.storedBytes(), bytes);
        for (const auto& [name, values] : checkpoint.values) {
            const TensorInfo& tensor = model.tensor(name);
            QCOMPARE(QString::fromStdString(tensor.type), type);
            QVERIFY2(model.read(tensor) == values, name.c_str());
            Matrix some(5, values.cols());
            model.readRows(tensor, 9, some);
            QVERIFY2(some == values.middleRows(9, 5), name.c_str());
        }
        QCOMPARE(model.tensor("lm_head").type, std::string("fp16"));
    }

    void older_gptq_checkpoints_say_it_in_a_file_of_their_own() {
        QuantizedCheckpoint checkpoint = test::quantizedCheckpoint(spec("gptq"));
        replace(checkpoint.config, "quantization_config", "other_config");
        const std::filesystem::path path = write(checkpoint);
        QVERIFY(!test::errorOf([&] { Model::open(path.string()); }).isEmpty());
        test::writeFile(path / "quantize_config.json", R"({"bits": 4, "group_size": 16, "sym": false})");
        const Model model = Model::open(path.string());
        const auto& [name, values] = *checkpoint.values.begin();
        QVERIFY(model.read(model.tensor(name)) == values);
    }

    void other_quantizations_are_refused_by_name_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("what");
        QTest::addColumn<QString>("by");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* kind, const char* what, const char* by, const char* message) {
            QTest::addRow("%s %s", kind, by)
                << QString(kind) << QString(what) << QString(by) << QString(message);
        };
        const char* ct = "compressed-tensors";
        row("gptq", R"("gptq")", R"("bitsandbytes")",
            "quant_method: expected compressed-tensors, gptq or awq");
        row("gptq", R"("bits": 4)", R"("bits": 5)", "quantization_config.bits: expected 2 or 3 or 4 or 8");
        row("gptq", R"("sym": false)", R"("checkpoint_format": "marlin")", "expected gptq or gptq_v2");
        row("gptq", R"("sym": false)", R"("is_marlin_format": true)", "is_marlin_format");
        row("gptq", R"("group_size": 16)", R"("group_size": 0)", "-1 or a number of inputs");
        row("gptq", R"("group_size": 16)", R"("group_size": 32)",
            "scales: expected F16 [1, 32], which config.json");
        row("awq", R"("gemm")", R"("gemv")", "version: expected gemm");
        row("awq", R"("bits": 4)", R"("bits": 8)", "quantization_config.bits: expected 4");
        row("awq", "true", "false", "zero_point: expected true");
        row(ct, "pack-quantized", "float-quantized", "format: expected pack-quantized");
        row(ct, R"("int")", R"("float")", "group_0.weights.type: expected int");
        row(ct, R"("num_bits": 4)", R"("num_bits": 6)", "num_bits: expected 4 or 8");
        row(ct, R"("strategy": "group")", R"("strategy": "tensor")", "expected group or channel");
        row(ct, R"("kv_cache_scheme": null)", R"("kv_cache_scheme": {"num_bits": 8})", "kv_cache_scheme");
        row(ct, R"("input_activations": null)", R"("input_activations": {"num_bits": 8})",
            "input_activations: expected null");
        row(ct, R"("group_size": 16)", R"("group_size": 32)", "in int4:sym:g32, which config.json implies");
        row(ct, R"("symmetric": true)", R"("symmetric": false)",
            "found words [32, 4], scales [32, 2], no zero");
    }
    void other_quantizations_are_refused_by_name() {
        QFETCH(QString, kind);
        QFETCH(QString, what);
        QFETCH(QString, by);
        QFETCH(QString, message);
        QuantizedCheckpoint checkpoint = test::quantizedCheckpoint(spec(kind.toStdString()));
        replace(checkpoint.config, what.toStdString(), by.toStdString());
        const QString error = openError(checkpoint);
        QVERIFY2(error.contains(message), qPrintable(error));
    }

    void parts_that_do_not_fit_are_refused_by_name_data() {
        QTest::addColumn<QString>("kind");
        QTest::addColumn<QString>("suffix");
        for (const char* suffix : {"weight_packed", "weight_scale", "weight_zero_point", "weight_shape"}) {
            QTest::addRow("%s", suffix) << "compressed-tensors" << suffix;
        }
        for (const char* suffix : {"qweight", "qzeros", "scales", "g_idx"}) {
            QTest::addRow("gptq %s", suffix) << "gptq" << suffix;
        }
        for (const char* suffix : {"qweight", "qzeros", "scales"}) {
            QTest::addRow("awq %s", suffix) << "awq" << suffix;
        }
    }
    void parts_that_do_not_fit_are_refused_by_name() {
        QFETCH(QString, kind);
        QFETCH(QString, suffix);
        QuantizedSpec asymmetric = spec(kind.toStdString());
        asymmetric.symmetric = false;
        const QuantizedCheckpoint whole = test::quantizedCheckpoint(asymmetric);
        const std::string name = "model.layers.0.self_attn.q_proj." + suffix.toStdString();
        const auto refused = [&](const auto& change) {
            QuantizedCheckpoint changed = whole;
            change(part(changed, name));
            const QString error = openError(changed);
            QVERIFY2(error.contains(QString::fromStdString(name).left(name.find("proj") + 4)),
                     qPrintable(error));
        };
        refused([](StoredTensor& tensor) {
            tensor.type = tensor.type == "F16" ? "I16" : "U" + tensor.type.substr(1);
        });
        refused([](StoredTensor& tensor) { tensor.shape.insert(tensor.shape.begin(), 1); });
        if (suffix != "g_idx") { // which may be missing
            refused([](StoredTensor& tensor) { tensor.name = "other"; });
        }
    }

    void indices_of_groups_are_within_the_groups() {
        QuantizedCheckpoint checkpoint = test::quantizedCheckpoint({"gptq", 4, 16, true, true});
        for (const char* index : {"\x02", "\xff"}) {
            part(checkpoint, "v_proj.g_idx").bytes.replace(16, 1, index);
            part(checkpoint, "v_proj.g_idx").bytes.replace(19, 1, 1, index[0] == '\x02' ? '\0' : index[0]);
            const QString error = openError(checkpoint);
            QVERIFY2(error.contains("v_proj.g_idx: expected groups from 0 to 1"), qPrintable(error));
        }
    }

    void the_shape_that_is_written_beside_is_that_of_the_model() {
        QuantizedCheckpoint checkpoint = test::quantizedCheckpoint(spec("compressed-tensors"));
        part(checkpoint, "o_proj.weight_shape").bytes[8] = 33;
        const QString error = openError(checkpoint);
        QVERIFY2(error.contains("o_proj.weight_shape: expected [32, 32], which config.json implies, found "
                                "[32, 33]"),
                 qPrintable(error));
    }

    void damaged_checkpoints_open_or_give_an_error() {
        std::mt19937 random(7);
        int opened = 0;
        constexpr int rounds = 300;
        for (int round = 0; round < rounds; ++round) {
            const char* kinds[] = {"compressed-tensors", "gptq", "awq"};
            const QuantizedCheckpoint checkpoint = test::quantizedCheckpoint(spec(kinds[round % 3]));
            const std::filesystem::path path = write(checkpoint);
            const bool config = round % 2 == 0;
            std::string content = config ? checkpoint.config : test::safetensors(checkpoint.tensors);
            for (int change = 0; change < 3; ++change) {
                content[random() % std::min<std::size_t>(content.size(), 6000)] =
                    "0123456789{}[]\",:-eE.\\ \xff"[random() % 25];
            }
            test::writeFile(path / (config ? "config.json" : "model.safetensors"), content);
            opened += test::errorOf([&] {
                          const Model model = Model::open(path.string());
                          for (const TensorInfo& tensor : model.tensors()) {
                              model.read(tensor);
                          }
                      }).isEmpty();
        }
        QVERIFY2(opened > 0 && opened < rounds, qPrintable(QString::number(opened)));
        QVERIFY(peakMemoryBytes() < 500'000'000);
    }
};

QTEST_APPLESS_MAIN(QuantizedModelTest)
#include "tst_quantized_model.moc"
