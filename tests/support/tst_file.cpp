// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/file.h"
#include "support/sha256.h"
#include "test_support.h"

#include <sys/stat.h>

#include <QTemporaryDir>
#include <QTest>
#include <fstream>

using namespace planish;

class FileTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path at(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    static std::size_t entries(const std::filesystem::path& folder) {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
    }

  private slots:
    void any_part_of_a_file_can_be_read() {
        test::writeFile(at("a"), "0123456789");
        const ReadOnlyFile file(at("a"));
        QCOMPARE(file.size(), std::uint64_t{10});
        std::string part(4, ' ');
        file.read(3, std::as_writable_bytes(std::span(part)));
        QCOMPARE(part, std::string("3456"));
        file.read(10, {});
        QVERIFY(test::errorOf([&] {
                    file.read(8, std::as_writable_bytes(std::span(part)));
                }).contains("expected 4 bytes at offset 8"));
    }

    void only_regular_files_are_opened_and_without_waiting() {
        QVERIFY(
            test::errorOf([&] { ReadOnlyFile file(at("missing")); }).contains("expected a readable file"));
        QVERIFY(test::errorOf([&] { ReadOnlyFile file(at(".")); }).contains("found a folder"));
        QCOMPARE(::mkfifo(at("pipe").c_str(), 0600), 0);
        QVERIFY(test::errorOf([&] { ReadOnlyFile file(at("pipe")); }).contains("expected a regular file"));
        QVERIFY(test::errorOf([&] { ReadOnlyFile file("/dev/zero"); }).contains("expected a regular file"));
    }

    void a_whole_file_over_the_limit_is_refused() {
        test::writeFile(at("b"), std::string("a\0b", 3));
        QCOMPARE(readWholeFile(at("b"), 3), std::string("a\0b", 3));
        QVERIFY(
            test::errorOf([&] { readWholeFile(at("b"), 2); }).contains("expected at most 2 B, found 3 B"));
    }

    void a_replaced_file_has_the_old_or_the_new_content() {
        const std::filesystem::path folder = at("replace");
        const std::filesystem::path path = folder / "x";
        std::filesystem::create_directory(folder);
        replaceFile(path, "one");
        QCOMPARE(readWholeFile(path, 100), std::string("one"));
        const QString message = test::errorOf([&] {
            replaceFile(path, [](const std::filesystem::path& temporary) {
                std::ofstream(temporary) << "half";
                throw Error("disk on fire");
            });
        });
        QCOMPARE(message, "disk on fire");
        QCOMPARE(readWholeFile(path, 100), std::string("one"));
        QCOMPARE(entries(folder), std::size_t{1});
        replaceFile(path, "two");
        QCOMPARE(readWholeFile(path, 100), std::string("two"));
        QCOMPARE(entries(folder), std::size_t{1});
    }

    void a_new_file_is_filled_at_any_position() {
        test::writeFile(at("filled"), "something longer");
        const std::string text = "012345";
        const auto bytes = std::as_bytes(std::span(text));
        NewFile file(at("filled"), at("filled"), text.size());
        file.write(3, bytes.subspan(3));
        file.write(0, bytes.first(3));
        file.close();
        QCOMPARE(readWholeFile(at("filled"), 100), text);
    }

    void a_full_disk_says_which_file_needs_how_much() {
        const NewFile file("/dev/full", "shown", 2048);
        const QString message = test::errorOf([&] { file.write(0, std::as_bytes(std::span("x", 1))); });
        QVERIFY2(message.startsWith("shown: cannot be written (2.00 KiB needed): No space"),
                 qPrintable(message));
    }

    void writing_where_nothing_can_be_written_names_the_file() {
        const QString message = test::errorOf([&] { replaceFile(at("no/such/folder"), "x"); });
        QVERIFY2(message.contains("no/such/folder"), qPrintable(message));
    }

    void sha256_is_that_of_the_standard() {
        // FIPS 180-2, appendix B.
        QCOMPARE(sha256Hex("abc"),
                 std::string("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        Sha256 pieces;
        pieces.add("a");
        pieces.add(std::as_bytes(std::span("bc", 2)));
        QCOMPARE(pieces.hex(), sha256Hex("abc"));
    }
};

QTEST_APPLESS_MAIN(FileTest)
#include "tst_file.moc"
