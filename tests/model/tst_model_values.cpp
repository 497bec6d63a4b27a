// SPDX-License-Identifier: GPL-3.0-or-later
// Values of BF16, F16 and F32 files as floats, read whole, by rows, and from files that change.
#include "codec/codec.h"
#include "model/model.h"
#include "test_support.h"
#include "tiny_model.h"

#include <QTemporaryDir>
#include <QTest>
#include <bit>
#include <cmath>
#include <limits>

using namespace planish;

namespace {

std::uint32_t bits(float value) {
    return std::bit_cast<std::uint32_t>(value);
}

std::vector<float> decoded(const std::string& codec, std::span<const std::byte> stored, std::size_t count) {
    Matrix values(1, static_cast<Eigen::Index>(count));
    Codec::parse(codec).decodeRows(stored, {1, count}, 0, values);
    return {values.data(), values.data() + count};
}

std::vector<float> convert(const std::string& codec, const std::vector<std::uint16_t>& stored) {
    return decoded(codec, std::as_bytes(std::span(stored)), stored.size());
}

} // namespace

class ModelValuesTest : public QObject {
    Q_OBJECT

  private slots:
    void every_fp16_number_is_its_exact_float() {
        std::vector<std::uint16_t> all(65536);
        for (std::size_t i = 0; i < all.size(); ++i) {
            all[i] = static_cast<std::uint16_t>(i);
        }
        const std::vector<float> values = convert("fp16", all);
        for (std::size_t i = 0; i < all.size(); ++i) {
            // The definition of IEEE 754 binary16, in double.
            const int exponent = static_cast<int>(i >> 10 & 31);
            const double fraction = static_cast<double>(i & 1023) / 1024;
            const double sign = i >> 15 ? -1 : 1;
            if (exponent == 31 && fraction != 0) {
                QVERIFY(std::isnan(values[i]));
                QCOMPARE(bits(values[i]) & 0x7fffff, static_cast<std::uint32_t>(i & 1023) << 13);
            } else {
                const double expected = exponent == 31  ? std::numeric_limits<double>::infinity()
                                        : exponent == 0 ? std::ldexp(fraction, -14)
                                                        : std::ldexp(1 + fraction, exponent - 15);
                QCOMPARE(bits(values[i]), bits(static_cast<float>(sign * expected)));
            }
        }
    }

    void every_bf16_number_is_the_upper_half_of_its_float() {
        const std::vector<std::uint16_t> stored{0, 0x8000, 0x3f80, 0xc049, 1, 0x807f, 0x7f80, 0xff80, 0x7fc1};
        const std::vector<float> values = convert("bf16", stored);
        for (std::size_t i = 0; i < stored.size(); ++i) {
            QCOMPARE(bits(values[i]), static_cast<std::uint32_t>(stored[i]) << 16);
        }
        QCOMPARE(values[2], 1.0F);
        QCOMPARE(values[3], -3.140625F);
        QVERIFY(std::isinf(values[6]) && std::isnan(values[8]));
        QCOMPARE(values[4], std::ldexp(1.0F, -133)); // a denormal
    }

    void every_type_of_file_is_read_exactly_data() {
        QTest::addColumn<QString>("type");
        QTest::addColumn<QString>("expected");
        QTest::newRow("BF16") << "BF16"
                              << "bf16";
        QTest::newRow("F16") << "F16"
                             << "fp16";
        QTest::newRow("F32") << "F32"
                             << "fp32";
    }
    void every_type_of_file_is_read_exactly() {
        QFETCH(QString, type);
        QFETCH(QString, expected);
        QTemporaryDir folder;
        const auto tensors = test::tinyTensors(type.toStdString());
        test::writeTinyModel(folder.path().toStdString(), tensors);
        const Model model = Model::open(folder.path().toStdString());
        for (const test::StoredTensor& stored : tensors) {
            const TensorInfo& tensor = model.tensor(stored.name);
            QCOMPARE(QString::fromStdString(tensor.type), expected);
            const std::vector<float> values =
                decoded(tensor.type, std::as_bytes(std::span(stored.bytes)), tensor.count());
            const Matrix read = model.read(tensor);
            QVERIFY(std::equal(values.begin(), values.end(), read.data(),
                               [](float a, float b) { return bits(a) == bits(b); }));
        }
        // The first pattern is 0x3c00: 2^-7 as bf16, 1 as fp16; F32 has it as the upper half.
        QCOMPARE(model.read(model.tensors().front())(0, 0), type == "F16" ? 1.0F : 0.0078125F);
    }

    void rows_read_one_by_one_equal_the_whole() {
        const Model model = Model::open("folio-4m");
        const TensorInfo& tensor = model.tensor("model.embed_tokens");
        const Matrix whole = model.read(tensor);
        QVERIFY(whole.cwiseAbs().maxCoeff() > 0);
        Matrix wide = Matrix::Constant(3, whole.cols() + 7, -1);
        for (const Eigen::Index row : {Eigen::Index{0}, Eigen::Index{1000}, whole.rows() - 3}) {
            model.readRows(tensor, static_cast<std::size_t>(row), wide.leftCols(whole.cols()));
            QVERIFY(wide.leftCols(whole.cols()) == whole.middleRows(row, 3));
            QVERIFY((wide.rightCols(7).array() == -1).all());
        }
        const Vector norm = model.readVector(model.tensor("model.norm"));
        QCOMPARE(norm.size(), Eigen::Index{256});
        QVERIFY(!test::errorOf([&] { model.readVector(tensor); }).isEmpty());
    }

    void rows_outside_the_tensor_are_refused() {
        const Model model = Model::open("folio-4m");
        const TensorInfo& tensor = model.tensor("model.embed_tokens");
        Matrix rows(2, 256);
        Matrix narrow(2, 255);
        const QString past = test::errorOf([&] { model.readRows(tensor, 2047, rows); });
        QVERIFY2(past.contains("model.embed_tokens"), qPrintable(past));
        QVERIFY(!test::errorOf([&] { model.readRows(tensor, SIZE_MAX, rows); }).isEmpty());
        QVERIFY(!test::errorOf([&] { model.readRows(tensor, 0, narrow); }).isEmpty());
    }

    void a_model_file_cut_off_while_in_use_is_an_error() {
        QTemporaryDir folder;
        const std::filesystem::path path = folder.path().toStdString();
        test::writeTinyModel(path, test::tinyTensors());
        const Model model = Model::open(path.string());
        std::filesystem::resize_file(path / "model.safetensors", 200);
        const QString message = test::errorOf([&] { model.read(model.tensors().back()); });
        QVERIFY2(message.contains("model.safetensors") && message.contains("changed while in use"),
                 qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(ModelValuesTest)
#include "tst_model_values.moc"
