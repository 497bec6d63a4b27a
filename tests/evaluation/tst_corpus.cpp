// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/text_form.h"
#include "support/sha256.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class CorpusTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::string written(const std::string& name, const std::string& content) const {
        const auto path = std::filesystem::path(folder_.path().toStdString()) / name;
        test::writeFile(path, content);
        return path.string();
    }
    static QString errorFor(const std::string& text) {
        return test::errorOf([&] { Corpus::open(text); });
    }

  private slots:
    void a_plain_file_is_its_bytes() {
        const std::string path = written("plain.txt", " \n = Title = \n\r\n\ttext ");
        const Corpus corpus = Corpus::open(path);
        QCOMPARE(corpus.text, std::string(" \n = Title = \n\r\n\ttext "));
        QCOMPARE(corpus.name, std::string("plain"));
        QCOMPARE(corpus.sha256, sha256Hex(corpus.text));
    }

    void a_recorded_name_finds_its_file_again() {
        const std::string path = written("recorded.txt", "text");
        const std::string name = path.substr(0, path.size() - 4);
        QCOMPARE(Corpus::open(name).path, path);
        QCOMPARE(Corpus::open(name).name, Corpus::open(path).name);
        QVERIFY(errorFor(name + "2").contains("expected a file"));
    }

    void json_lines_are_one_text_of_a_field() {
        const std::string path =
            written("lines.jsonl", "{\"id\": 1, \"text\": \"one\\n\", \"body\": \"a\"}\n\n"
                                   "{\"text\": \"two\", \"body\": \"b\"}\n");
        QCOMPARE(Corpus::open(path).text, std::string("one\n\n\ntwo"));
        const Corpus body = Corpus::open(path + ":body");
        QCOMPARE(body.text, std::string("a\n\nb"));
        QCOMPARE(body.name, std::string("lines:body"));
        QVERIFY(textFields("\n{\"id\": 1, \"text\": \"t\", \"body\": \"b\"}") ==
                (std::vector<std::string>{"text", "body"}));
    }

    void wrong_json_lines_name_line_and_field() {
        const std::string path =
            written("wrong.jsonl", "{\"text\": \"a\"}\n{\"text\": 7, \"body\": \"b\"}\n");
        QVERIFY2(errorFor(path).contains("wrong.jsonl, line 2: text: expected"), qPrintable(errorFor(path)));
        QVERIFY2(errorFor(path + ":body").contains("line 1: body: expected a field of text, one of text"),
                 qPrintable(errorFor(path + ":body")));
        QVERIFY(errorFor(written("bad.jsonl", "{\"text\": \"a\"}\n{\n")).contains("line 2"));
        QVERIFY(errorFor(written("empty.jsonl", "\n\n")).contains("at least one character"));
        QVERIFY(errorFor(written("plain2.txt", "a") + ":body").contains("FILE.jsonl:FIELD"));
    }

    /// WikiText's file as it is published, and the rows of its data set joined by blank lines.
    void wikitext_is_read_in_both_published_forms() {
        const std::string path = written("wiki.test.raw", " \n = Title = \n \n Words , words . \n \n");
        QCOMPARE(Corpus::open(path).text, std::string(" \n = Title = \n \n Words , words . \n \n"));
        const Corpus rows = Corpus::open(path + ":rows");
        QCOMPARE(rows.text, std::string("\n\n = Title = \n\n\n\n\n Words , words . \n\n\n"));
        QCOMPARE(rows.name, std::string("wiki.test:rows"));
    }

    void other_kinds_of_files_are_refused_with_what_to_do() {
        const QString message = errorFor(written("rows.parquet", "PAR1\x15\x04\x15"));
        QVERIFY2(message.contains("to_json") && message.contains("a Parquet file"), qPrintable(message));
        QVERIFY(errorFor(written("latin.txt", "caf\xe9")).contains("expected UTF-8"));
    }

    void a_colon_in_a_file_name_is_no_field() {
        QCOMPARE(Corpus::open(written("a:b", "text")).text, std::string("text"));
    }
};

QTEST_APPLESS_MAIN(CorpusTest)
#include "tst_corpus.moc"
