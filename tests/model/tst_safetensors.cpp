// SPDX-License-Identifier: GPL-3.0-or-later
// Safetensors files: every malformed form is refused with file, field, expected and found.
#include "model/safetensors.h"
#include "test_support.h"
#include "tiny_model.h"

#include <fmt/format.h>
#include <unistd.h>

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <filesystem>

using namespace planish;
using test::littleEndian;
using test::safetensors;

class SafetensorsTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path path() const {
        return std::filesystem::path(folder_.path().toStdString()) / "x.safetensors";
    }
    QString errorFor(const std::string& content) {
        test::writeFile(path(), content);
        return test::errorOf([&] { SafetensorsFile file(path()); });
    }
    /// One tensor "w" with this description, and four bytes of values.
    static std::string one(const std::string& description) {
        return safetensors("{\"w\":" + description + "}", "1234");
    }
    static std::string two(int begin, int end) {
        return safetensors(fmt::format(R"({{"a":{{"dtype":"U8","shape":[4],"data_offsets":[0,4]}},)"
                                       R"("b":{{"dtype":"U8","shape":[{}],"data_offsets":[{},{}]}}}})",
                                       end - begin, begin, end),
                           "12345678");
    }

  private slots:
    void a_malformed_file_is_refused_by_field_data() {
        QTest::addColumn<QByteArray>("content");
        QTest::addColumn<QString>("field");
        QTest::addColumn<QString>("rest");
        const auto row = [](const char* name, const std::string& content, const char* field,
                            const char* rest) {
            QTest::newRow(name) << QByteArray::fromStdString(content) << field << rest;
        };
        const std::string good = R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})";
        row("empty", "", "size", "found 0 bytes");
        row("shorter than the length", "1234567", "size", "found 7 bytes");
        row("header length 0", littleEndian(0, 8) + "{}", "header length", "found 0");
        row("header length of the whole file", littleEndian(10, 8) + "{}", "header length", "found 10");
        row("header length past the end", littleEndian(1000, 8) + "{}", "header length", "found 1000");
        row("header length over 100 MB", littleEndian(100'000'001, 8) + "{}", "header length", "100000001");
        row("header length 2^64-1", std::string(8, '\xff') + "{}", "header length", "18446744073709551615");
        row("not UTF-8", safetensors("{\"\xff\":1}", ""), "header", "expected UTF-8");
        row("not JSON", safetensors("{\"w\" 1}", ""), "header byte", "expected valid JSON");
        row("cut off JSON", safetensors("{\"w\":{", ""), "header byte", "expected valid JSON");
        row("two documents", safetensors("{}{}", ""), "header byte", "expected valid JSON");
        row("not an object", safetensors("[1]", ""), "header", "expected an object, found an array");
        row("a number", safetensors("12", ""), "header", "expected an object, found 12");
        row("deep nesting", safetensors(std::string(100'000, '['), ""), "header", "found an array");
        row("deep nesting in a tensor", one(std::string(100'000, '{')), "header byte", "valid JSON");
        row("tensor no object", one("[]"), "w", "expected an object");
        row("metadata of numbers", safetensors(R"({"__metadata__":{"a":1}})", ""), "__metadata__",
            "strings only");
        row("metadata twice", safetensors(R"({"__metadata__":{},"__metadata__":{}})", ""), "__metadata__",
            "a duplicate");
        row("duplicate name", safetensors("{\"w\":" + good + ",\"w\":" + good + "}", "1234"), "w",
            "each name once, found a duplicate");
        row("empty name", safetensors("{\"\":" + good + "}", "1234"), "tensor name", "1 to 1024 bytes");
        row("very long name", safetensors("{\"" + std::string(100'000, 'n') + "\":" + good + "}", "1234"),
            "nnn", "found 100000 bytes");
        row("control character", safetensors("{\"a\\nb\":" + good + "}", "1234"), "a?b",
            "control characters");
        row("no dtype", one(R"({"shape":[1],"data_offsets":[0,4]})"), "w dtype", "found nothing");
        row("no shape", one(R"({"dtype":"F32","data_offsets":[0,4]})"), "w shape", "found nothing");
        row("no offsets", one(R"({"dtype":"F32","shape":[1]})"), "w data_offsets", "found nothing");
        row("extra key", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1})"), "w x",
            "an unknown key");
        row("key twice", one(R"({"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]})"), "w dtype",
            "a duplicate");
        row("unknown dtype", one(R"({"dtype":"Q4","shape":[1],"data_offsets":[0,4]})"), "w dtype",
            "found Q4");
        row("dtype a number", one(R"({"dtype":4,"shape":[1],"data_offsets":[0,4]})"), "w dtype",
            "expected a string");
        row("shape a number", one(R"({"dtype":"F32","shape":1,"data_offsets":[0,4]})"), "w shape",
            "an array");
        row("shape nested", one(R"({"dtype":"F32","shape":[[1]],"data_offsets":[0,4]})"), "w shape",
            "found an array");
        row("negative size", one(R"({"dtype":"F32","shape":[-1],"data_offsets":[0,4]})"), "w shape",
            "found -1");
        row("fractional size", one(R"({"dtype":"F32","shape":[1.5],"data_offsets":[0,4]})"), "w shape",
            "found 1.5");
        row("size 2^63", one(R"({"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,4]})"),
            "w shape", "below 2^64");
        row("size over 2^64", one(R"({"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]})"),
            "w shape", "found 99999999999999999999");
        row("product over 2^64",
            one(R"({"dtype":"F32","shape":[4294967296,4294967297],"data_offsets":[0,4]})"), "w shape",
            "below 2^64");
        row("product wraps to the span",
            one(R"({"dtype":"F32","shape":[4294967296,1073741824,1],"data_offsets":[0,0]})"), "w shape",
            "below 2^64");
        row("zero size", one(R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})"), "w shape",
            "found 0 (a tensor without values)");
        row("nine sizes", one(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[0,4]})"),
            "w shape", "at most 8 sizes");
        row("one offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0]})"), "w data_offsets",
            "an array of 1");
        row("three offsets", one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4,8]})"), "w data_offsets",
            "more than two");
        row("negative offset", one(R"({"dtype":"F32","shape":[1],"data_offsets":[-4,0]})"), "w data_offsets",
            "found -4");
        row("offsets reversed", one(R"({"dtype":"F32","shape":[1],"data_offsets":[4,0]})"), "w data_offsets",
            "begin before end");
        row("span other than shape", one(R"({"dtype":"F16","shape":[1],"data_offsets":[0,4]})"),
            "w data_offsets", "expected a span of 2 bytes for F16 [1], found 4 bytes");
        row("past the end", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})"), "w data_offsets",
            "at most 4");
        row("far past the end",
            one(R"({"dtype":"U8","shape":[18446744073709551615],"data_offsets":[0,18446744073709551615]})"),
            "w data_offsets", "at most 4");
        row("overlap", two(2, 6), "b data_offsets", "an overlap");
        row("same bytes twice", two(0, 4), "data_offsets", "an overlap");
        row("hole", two(6, 8), "b data_offsets", "a hole");
        row("trailing bytes", two(4, 6), "size", "expected 6 bytes of values, found 8 bytes");
        row("values without tensors", safetensors("{}", "1"), "size", "found 1 bytes");
    }
    void a_malformed_file_is_refused_by_field() {
        QFETCH(QByteArray, content);
        QFETCH(QString, field);
        QFETCH(QString, rest);
        const QString message = errorFor(content.toStdString());
        QVERIFY2(message.startsWith(QString::fromStdString(path().string()) + ": "), qPrintable(message));
        QVERIFY2(message.contains(field), qPrintable(message));
        QVERIFY2(message.contains(rest), qPrintable(message));
        QVERIFY2(message.contains(": expected ") && message.size() < 1000, qPrintable(message));
    }

    void a_hostile_header_of_many_megabytes_takes_seconds() {
        std::string header = "{";
        for (int i = 0; i <= 1'000'000; ++i) {
            header += fmt::format("\"{}\":{{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}},", i);
        }
        header.back() = '}';
        QElapsedTimer timer;
        timer.start();
        const QString message = errorFor(safetensors(header, "1"));
        QVERIFY2(message.contains("at most 1000000 tensors"), qPrintable(message));
        QVERIFY2(timer.elapsed() < 60'000, qPrintable(QString::number(timer.elapsed())));
    }

    void padding_and_any_order_of_the_values_are_allowed() {
        const std::string header = R"({"b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                                   R"("a":{"dtype":"F16","shape":[],"data_offsets":[2,4]}}    )";
        test::writeFile(path(), safetensors(header, "1234"));
        const SafetensorsFile file(path());
        QCOMPARE(file.entries().size(), std::size_t{2});
        std::string bytes(2, ' ');
        file.range(*file.find("a")).read(0, std::as_writable_bytes(std::span(bytes)));
        QCOMPARE(bytes, std::string("34"));
        QVERIFY(file.find("c") == nullptr);
    }

    void only_regular_readable_files_are_opened() {
        const std::filesystem::path folder(folder_.path().toStdString());
        const auto message = [](const std::filesystem::path& file) {
            return test::errorOf([&] { SafetensorsFile opened(file); });
        };
        std::filesystem::create_directory(folder / "folder.safetensors");
        QVERIFY(message(folder / "folder.safetensors").contains("expected a regular file, found a folder"));
        std::filesystem::create_symlink("loop2", folder / "loop1");
        std::filesystem::create_symlink("loop1", folder / "loop2");
        QVERIFY(message(folder / "loop1").contains("loop1: file: expected a readable file"));
        QVERIFY(message(folder / "missing").contains("missing: file: expected a readable file"));
    }

    void a_file_without_permission_is_refused() {
        test::writeFile(path(), safetensors("{}", ""));
        std::filesystem::permissions(path(), std::filesystem::perms::none);
        const QString message = test::errorOf([&] { SafetensorsFile file(path()); });
        std::filesystem::remove(path());
        if (::geteuid() == 0) {
            QSKIP("root may read everything");
        }
        QVERIFY2(message.contains("x.safetensors: file: expected a readable file"), qPrintable(message));
    }

    void a_file_cut_off_while_in_use_is_an_error() {
        test::writeFile(path(), one(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"));
        const SafetensorsFile file(path());
        std::filesystem::resize_file(path(), std::filesystem::file_size(path()) - 2);
        std::array<std::byte, 4> bytes{};
        const QString message = test::errorOf([&] { file.range(*file.find("w")).read(0, bytes); });
        QVERIFY2(message.contains("x.safetensors") && message.contains("changed while in use"),
                 qPrintable(message));
        QVERIFY(!test::errorOf([&] { file.range(*file.find("w")).read(1, bytes); }).isEmpty());
    }
};

QTEST_APPLESS_MAIN(SafetensorsTest)
#include "tst_safetensors.moc"
