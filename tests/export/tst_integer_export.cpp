// SPDX-License-Identifier: GPL-3.0-or-later
// Folders of whole numbers for other programs: decoded here once more, by the rules the formats are published
// with, they hold what was measured.
#include "experiment/quantize.h"
#include "export/export_model.h"
#include "model/safetensors.h"
#include "support/file.h"
#include "support/json.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <cstring>

using namespace planish;

namespace {

/// A tensor of a safetensors file as a program reads it: numbers of a type, in a shape.
template <typename Number>
std::vector<Number> numbers(const SafetensorsFile& file, const std::string& name, const char* type,
                            const std::vector<std::uint64_t>& shape) {
    const SafetensorsEntry* entry = file.find(name);
    if (entry == nullptr || entry->type != type || entry->shape != shape) {
        throw Error(name + " is not there as it should be");
    }
    std::vector<Number> values(entry->bytes / sizeof(Number));
    file.range(*entry).read(0, std::as_writable_bytes(std::span(values)));
    return values;
}

float half(std::uint16_t bits) {
    return static_cast<float>(Eigen::numext::bit_cast<Eigen::half>(bits));
}
float brain(std::uint16_t bits) {
    return static_cast<float>(Eigen::numext::bit_cast<Eigen::bfloat16>(bits));
}

/// compressed-tensors, pack-quantized, symmetric: 32 ÷ B numbers a word from the lowest bits up, plus
/// 2^(B−1).
Matrix decodeCompressed(const SafetensorsFile& file, const std::string& name, Shape shape, unsigned bits,
                        std::size_t group, bool bf16, bool symmetric) {
    const std::size_t perWord = 32 / bits;
    const std::size_t groups = shape.columns / group;
    const auto words =
        numbers<std::uint32_t>(file, name + ".weight_packed", "I32", {shape.rows, shape.columns / perWord});
    const auto scales =
        numbers<std::uint16_t>(file, name + ".weight_scale", bf16 ? "BF16" : "F16", {shape.rows, groups});
    if (numbers<std::int64_t>(file, name + ".weight_shape", "I64", {2}) !=
        std::vector<std::int64_t>{static_cast<std::int64_t>(shape.rows),
                                  static_cast<std::int64_t>(shape.columns)}) {
        throw Error(name + ": shape");
    }
    std::vector<std::uint32_t> zeros;
    if (!symmetric) {
        zeros =
            numbers<std::uint32_t>(file, name + ".weight_zero_point", "I32", {shape.rows / perWord, groups});
    }
    const int middle = 1 << (bits - 1);
    const auto numberOf = [&](std::uint32_t word, std::size_t place) {
        return static_cast<int>(word >> (bits * place) & ((1U << bits) - 1)) - middle;
    };
    Matrix result(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
    for (std::size_t row = 0; row < shape.rows; ++row) {
        for (std::size_t i = 0; i < shape.columns; ++i) {
            const std::uint32_t word = words[(row * shape.columns + i) / perWord];
            const int zero =
                symmetric ? 0 : numberOf(zeros[row / perWord * groups + i / group], row % perWord);
            const int number = numberOf(word, i % perWord) - zero;
            const std::uint16_t scale = scales[row * groups + i / group];
            result(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(i)) =
                static_cast<float>(number) * (bf16 ? brain(scale) : half(scale));
        }
    }
    return result;
}

/// AutoGPTQ: numbers of one output are a stream of bits down the words of its column; zero points, less one,
/// along the outputs.
Matrix decodeGptq(const SafetensorsFile& file, const std::string& name, Shape shape, unsigned bits,
                  std::size_t group) {
    const std::size_t groups = shape.columns / group;
    const std::size_t zeroWords = shape.rows * bits / 32;
    const auto words =
        numbers<std::uint32_t>(file, name + ".qweight", "I32", {shape.columns * bits / 32, shape.rows});
    const auto zeros = numbers<std::uint32_t>(file, name + ".qzeros", "I32", {groups, zeroWords});
    const auto scales = numbers<std::uint16_t>(file, name + ".scales", "F16", {groups, shape.rows});
    const auto index = numbers<std::int32_t>(file, name + ".g_idx", "I32", {shape.columns});
    const auto bitsAt = [&](std::size_t at, const auto& word) {
        unsigned value = 0;
        for (unsigned bit = 0; bit < bits; ++bit) {
            value |= (word((at + bit) / 32) >> ((at + bit) % 32) & 1U) << bit;
        }
        return static_cast<int>(value);
    };
    Matrix result(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
    for (std::size_t row = 0; row < shape.rows; ++row) {
        for (std::size_t i = 0; i < shape.columns; ++i) {
            const auto at = static_cast<std::size_t>(index[i]);
            const int level =
                bitsAt(i * bits, [&](std::size_t word) { return words[word * shape.rows + row]; });
            const int zero =
                bitsAt(row * bits, [&](std::size_t word) { return zeros[at * zeroWords + word]; }) + 1;
            result(static_cast<Eigen::Index>(row), static_cast<Eigen::Index>(i)) =
                static_cast<float>(level - zero) * half(scales[at * shape.rows + row]);
        }
    }
    return result;
}

} // namespace

class IntegerExportTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    Workers workers_{2};
    SilentMonitor monitor_;

    std::filesystem::path path(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

    QuantizedModel packed(const Recipe& recipe, const std::string& model = "folio-4m") {
        const Model opened = Model::open(model);
        return quantizeModel(opened, {resolve(recipe, opened.tensors(), opened.config().tiedEmbedding)},
                             workers_, monitor_);
    }

    ExportResult exported(const QuantizedModel& model, const Recipe& recipe, ExportFormat format,
                          const std::string& name, const std::string& floats = "fp16",
                          OtherTensors others = OtherTensors::floats) {
        return exportModel(model.model, recipe, nullptr, {format, path(name), false, floats, others},
                           workers_, monitor_);
    }

    QString refusal(const Recipe& recipe, ExportFormat format, const std::string& floats = "fp16",
                    OtherTensors others = OtherTensors::refused) {
        const Model model = Model::open("folio-4m");
        return test::errorOf([&] {
            planExport(model, resolve(recipe, model.tensors(), true), {format, "x", false, floats, others});
        });
    }

    Json config(const std::string& name) const {
        return parseJsonFile((path(name) / "config.json").string(), 1 << 20);
    }

  private slots:
    void integers_go_to_compressed_tensors_exactly_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("group");
        QTest::newRow("4 bits") << "int4:sym:g128" << 4 << 128;
        QTest::newRow("4 bits, rounded well") << "int4:sym:g32+mse" << 4 << 32;
        QTest::newRow("8 bits") << "int8:sym:g64" << 8 << 64;
        QTest::newRow("rows") << "int8:sym:row" << 8 << 0;
        QTest::newRow("zero points") << "uint4:g128" << 4 << 128;
        QTest::newRow("zero points, bf16") << "uint4:g32:scale=bf16+mse" << 4 << 32;
        QTest::newRow("bf16") << "int4:sym:g64:scale=bf16" << 4 << 64;
    }
    void integers_go_to_compressed_tensors_exactly() {
        QFETCH(QString, codec);
        QFETCH(int, bits);
        QFETCH(int, group);
        const bool bf16 = codec.contains("bf16");
        const Recipe recipe = Recipe::uniform(codec.toStdString());
        const QuantizedModel model = packed(recipe);
        const std::string name = std::string("ct-") + QTest::currentDataTag();
        const ExportResult result =
            exported(model, recipe, ExportFormat::compressedTensors, name, bf16 ? "bf16" : "fp16");
        const SafetensorsFile file(path(name) / "model.safetensors");
        std::uint64_t bytes = 0;
        for (const SafetensorsEntry& entry : file.entries()) {
            bytes += entry.bytes;
        }
        QCOMPARE(result.plan.bytes(), bytes);
        for (std::size_t i = 0; i < result.plan.tensors.size(); ++i) {
            const TensorInfo& tensor = model.model.model().tensors()[i];
            if (isDecoderLinear(tensor.role)) {
                QVERIFY(result.plan.tensors[i].exact);
                const std::size_t size = group == 0 ? tensor.shape.columns : static_cast<std::size_t>(group);
                QVERIFY2(decodeCompressed(file, tensor.name, tensor.shape, static_cast<unsigned>(bits), size,
                                          bf16,
                                          codec.contains("sym")) == model.model.matrix(tensor, workers_),
                         tensor.name.c_str());
            }
        }
        const Json quantization = config(name)["quantization_config"];
        QVERIFY(quantization["quant_method"] == Json("compressed-tensors"));
        QVERIFY(quantization["format"] == Json("pack-quantized"));
        QVERIFY(quantization["ignore"] == Json({"lm_head"}));
        const Json scheme = quantization["config_groups"]["group_0"];
        QVERIFY(scheme["targets"] == Json({"Linear"}));
        QVERIFY(scheme["weights"]["num_bits"] == Json(bits));
        QVERIFY(scheme["weights"]["symmetric"] == Json(codec.contains("sym")));
        QVERIFY(scheme["weights"]["group_size"] == (group == 0 ? Json(nullptr) : Json(group)));
        QVERIFY(scheme["weights"]["strategy"] == Json(group == 0 ? "channel" : "group"));
        QVERIFY(config(name)["torch_dtype"] == Json(bf16 ? "bfloat16" : "float16"));
    }

    void several_schemes_name_their_modules() {
        const Recipe recipe{
            "two", "bf16", {{"attention", "int8:sym:g64"}, {"mlp", "int4:sym:g128"}, {"down", "bf16"}}};
        const QuantizedModel model = packed(recipe);
        exported(model, recipe, ExportFormat::compressedTensors, "two");
        const Json quantization = config("two")["quantization_config"];
        QCOMPARE(quantization["config_groups"].size(), std::size_t{2});
        QCOMPARE(quantization["config_groups"]["group_0"]["targets"].size(), std::size_t{8});
        QVERIFY(quantization["config_groups"]["group_1"]["targets"][0] ==
                Json("model.layers.0.self_attn.q_proj"));
        QVERIFY(quantization["ignore"][0] == Json("model.layers.0.mlp.down_proj"));
    }

    void what_vllm_makes_one_tensor_of_is_stored_alike() {
        const Recipe recipe{
            "k", "bf16", {{"attention", "int4:sym:g128"}, {"mlp", "int4:sym:g128"}, {"k", "int8:sym:g128"}}};
        const QString refused = refusal(recipe, ExportFormat::compressedTensors);
        QVERIFY2(refused.contains("layers.0.self_attn.k_proj: expected int4:sym:g128, as "
                                  "model.layers.0.self_attn.q_proj: vLLM makes one tensor of q, k and v"),
                 qPrintable(refused));
        const QuantizedModel model = packed(recipe);
        const ExportResult floats = exported(model, recipe, ExportFormat::compressedTensors, "fused");
        QCOMPARE(floats.plan.tensors[3].written, std::string("fp16"));
        QCOMPARE(floats.plan.tensors[5].written, std::string("int4:sym:g128")); // o is alone
        QVERIFY(floats.notes[1].find("alike") != std::string::npos ||
                floats.notes[2].find("vLLM wants q, k and v of a block alike") != std::string::npos);
        const ExportResult again = exported(model, recipe, ExportFormat::compressedTensors, "fused-again",
                                            "fp16", OtherTensors::reencoded);
        QCOMPARE(again.plan.tensors[2].written, std::string("int8:sym:g128"));
        QVERIFY(!again.plan.tensors[2].exact && again.plan.tensors[3].exact);
    }

    void other_codecs_become_numbers_or_the_nearest_scheme_or_are_refused() {
        const Recipe recipe{"mixed", "bf16", {{"attention", "int4:sym:g64"}, {"mlp", "int4:g64"}}};
        const QString refused = refusal(recipe, ExportFormat::compressedTensors);
        const Recipe embedding{
            "embedding",
            "bf16",
            {{"attention", "int4:sym:g64"}, {"mlp", "int4:sym:g64"}, {"embedding", "Q8_0"}}};
        for (const auto format : {ExportFormat::compressedTensors, ExportFormat::gptq}) {
            const QString message = refusal(embedding, format);
            QVERIFY2(message.contains("model.embed_tokens: expected a float type"), qPrintable(message));
        }
        QVERIFY2(refused.contains("mlp.gate_proj: expected int4:sym, int8:sym or uint4"),
                 qPrintable(refused));
        const QuantizedModel model = packed(recipe);
        const ExportResult floats = exported(model, recipe, ExportFormat::compressedTensors, "numbers");
        QCOMPARE(floats.plan.tensors[7].written, std::string("fp16"));
        const ExportResult again = exported(model, recipe, ExportFormat::compressedTensors, "nearest", "fp16",
                                            OtherTensors::reencoded);
        QCOMPARE(again.plan.tensors[7].written, std::string("int4:sym:g32")); // 4.5 bits, as int4:g64
        QVERIFY(again.plan.tensors[7].error > 1e-5 && again.plan.tensors[7].error < 1e-2);
    }

    void what_no_program_would_load_is_refused_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<int>("format");
        QTest::addColumn<QString>("floats");
        QTest::addColumn<int>("others");
        QTest::addColumn<QString>("message");
        const auto row = [](const char* codec, ExportFormat format, const char* floats, OtherTensors others,
                            const char* message) {
            QTest::addRow("%s %s %s", codec, exportFormatInfo(format).word.data(), floats)
                << codec << static_cast<int>(format) << floats << static_cast<int>(others) << message;
        };
        const auto compressed = ExportFormat::compressedTensors;
        const auto refused = OtherTensors::refused;
        const auto floats = OtherTensors::floats;
        row("int4:sym:g16", compressed, "fp16", refused,
            "q_proj: expected int4:sym, int8:sym or uint4 with :g32");
        row("int3:sym:g64", compressed, "fp16", refused, "expected int4:sym");
        row("int4:sym:g64", compressed, "bf16", refused, "scales in bf16, as vLLM loads it");
        row("uint8:g64", compressed, "fp16", refused, "expected int4:sym");
        row("uint4:g64", ExportFormat::gptq, "fp16", floats, "expected int4:sym:g128 like the other linears");
        row("int4:sym:g64+rht", compressed, "fp16", refused, "expected int4:sym");
        row("int4:sym:g64", compressed, "fp32", floats, "float type: expected fp16 or bf16");
        row("int4:g64", compressed, "fp16", floats, "none that go over as whole numbers");
        row("int4:g64", ExportFormat::gptq, "fp16", floats, "expected int4:sym:g128 like the other linears");
        row("int5:sym:g64", ExportFormat::gptq, "fp16", floats, "2, 3, 4 or 8");
        row("int4:sym:g96", ExportFormat::gptq, "fp16", floats, "expected int4:sym:g96");
        row("int4:sym:g64:scale=bf16", ExportFormat::gptq, "fp16", floats, "scales in fp16");
        row("int4:sym:g64", ExportFormat::gptq, "bf16", floats, "float type: expected fp16");
    }
    void what_no_program_would_load_is_refused() {
        QFETCH(QString, codec);
        QFETCH(int, format);
        QFETCH(QString, floats);
        QFETCH(int, others);
        QFETCH(QString, message);
        const QString error = refusal(Recipe::uniform(codec.toStdString()), static_cast<ExportFormat>(format),
                                      floats.toStdString(), static_cast<OtherTensors>(others));
        QVERIFY2(error.contains(message), qPrintable(error));
    }

    void symmetric_integers_go_to_gptq_exactly_data() {
        QTest::addColumn<QString>("codec");
        QTest::addColumn<int>("bits");
        QTest::addColumn<int>("group");
        QTest::newRow("2 bits") << "int2:sym:g32" << 2 << 32;
        QTest::newRow("3 bits") << "int3:sym:g64" << 3 << 64;
        QTest::newRow("4 bits") << "int4:sym:g128+mse" << 4 << 128;
        QTest::newRow("8 bits, rows") << "int8:sym:row" << 8 << 0;
    }
    void symmetric_integers_go_to_gptq_exactly() {
        QFETCH(QString, codec);
        QFETCH(int, bits);
        QFETCH(int, group);
        const Recipe recipe = Recipe::uniform(codec.toStdString());
        const QuantizedModel model = packed(recipe);
        const std::string name = std::string("gptq-") + QTest::currentDataTag();
        const ExportResult result = exported(model, recipe, ExportFormat::gptq, name);
        const SafetensorsFile file(path(name) / "model.safetensors");
        for (const TensorInfo& tensor : model.model.model().tensors()) {
            if (isDecoderLinear(tensor.role)) {
                const std::size_t size = group == 0 ? tensor.shape.columns : static_cast<std::size_t>(group);
                QVERIFY2(decodeGptq(file, tensor.name, tensor.shape, static_cast<unsigned>(bits), size) ==
                             model.model.matrix(tensor, workers_),
                         tensor.name.c_str());
            }
        }
        const Json quantization = config(name)["quantization_config"];
        QVERIFY(quantization == parseJsonFile((path(name) / "quantize_config.json").string(), 1 << 20));
        QVERIFY(quantization["bits"] == Json(bits));
        QVERIFY(quantization["group_size"] == Json(group == 0 ? -1 : group));
        QVERIFY(quantization["sym"] == Json(true));
        QVERIFY(quantization["desc_act"] == Json(false));
    }

    void gptq_is_one_codec_for_all() {
        const Recipe recipe{"two",
                            "bf16",
                            {{"attention", "int4:sym:g128"},
                             {"mlp", "int4:sym:g128"},
                             {"v", "int8:sym:g128"},
                             {"layers(3-3)", "bf16"}}};
        const QString refused = refusal(recipe, ExportFormat::gptq, "fp16", OtherTensors::floats);
        QVERIFY2(refused.contains("model.layers.0.self_attn.v_proj: expected int4:sym:g128") &&
                     refused.contains("9 more that differ, model.layers.3.mlp.down_proj the last"),
                 qPrintable(refused));
        const QuantizedModel model = packed(recipe);
        const ExportResult again =
            exported(model, recipe, ExportFormat::gptq, "alike", "fp16", OtherTensors::reencoded);
        QVERIFY(!again.plan.tensors[4].exact && again.plan.tensors[3].exact);
    }

    void a_quantized_checkpoint_is_exported_again() {
        const Recipe recipe = Recipe::uniform("int4:sym:g64");
        exported(packed(recipe), recipe, ExportFormat::gptq, "first");
        const Recipe plain{"as it is", "fp32", {}};
        exported(packed(plain, path("first").string()), plain, ExportFormat::huggingFace, "decoded", "fp32");
        QVERIFY(!config("decoded").contains("quantization_config"));
        const Model decoded = Model::open(path("decoded").string());
        const Model first = Model::open(path("first").string());
        QCOMPARE(first.tensor("model.layers.0.mlp.up_proj").type, std::string("gptq uint4:g64"));
        for (const TensorInfo& tensor : first.tensors()) {
            QVERIFY2(decoded.read(decoded.tensor(tensor.name)) == first.read(tensor), tensor.name.c_str());
        }
        exportModel(packed(recipe).model, recipe, nullptr,
                    {ExportFormat::compressedTensors, path("first"), true, "fp16"}, workers_, monitor_);
        QVERIFY(!std::filesystem::exists(path("first") / "quantize_config.json"));
    }

    void fused_projections_go_over_too() {
        const Recipe recipe{"phi", "bf16", {{"attention", "int8:sym:g32"}, {"mlp", "int4:sym:g32"}}};
        const QuantizedModel model = packed(recipe, test::fixture("architectures/phi3").string());
        const ExportResult result = exported(model, recipe, ExportFormat::compressedTensors, "phi");
        QVERIFY(result.plan.tensors[2].exact);
        QCOMPARE(result.plan.tensors[2].name, std::string("model.layers.0.self_attn.qkv_proj"));
    }
};

QTEST_APPLESS_MAIN(IntegerExportTest)
#include "tst_integer_export.moc"
