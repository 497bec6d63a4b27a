// SPDX-License-Identifier: GPL-3.0-or-later
// tokenizer.json files that are malformed, of another kind, or damaged at random.
#include "test_support.h"
#include "tiny_tokenizer.h"

#include <fmt/format.h>

#include <QTemporaryDir>
#include <QTest>
#include <random>

using namespace planish;

class HostileTokenizerTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path folder() const { return folder_.path().toStdString(); }
    QString errorFor(const std::string& document) const {
        return test::errorOf([&] { test::openTokenizer(folder(), document); });
    }

  private slots:
    void a_wrong_part_is_refused_by_name_data() {
        QTest::addColumn<QString>("pointer"); // JSON pointer to what is replaced or added
        QTest::addColumn<QString>("value");   // its JSON
        QTest::addColumn<QString>("expectation");
        const auto row = [](const char* pointer, const char* value, const char* expectation) {
            QTest::addRow("%s %.60s", pointer, value) << pointer << value << expectation;
        };
        row("/model/type", "'Unigram'", "model.type: expected BPE, found Unigram");
        row("/model/byte_fallback", "true", "model.byte_fallback: expected false");
        row("/model", "null", "model: expected a value");
        row("/model", "[]", "model: expected a JSON object");
        row("/model/vocab", "{}", "model.vocab: expected at least one token");
        row("/model/vocab", "[]", "model.vocab: expected at least one token");
        row("/model/vocab/ab", "97", "expected an id of its own, found 97");
        row("/model/vocab/ab", "-1", "model.vocab.ab: expected an id from 0 to 9999999, found -1");
        row("/model/vocab/ab", "10000000",
            "model.vocab.ab: expected an id from 0 to 9999999, found 10000000");
        row("/model/vocab/ab", "1.5", "model.vocab.ab: expected an id from 0 to 9999999, found 1.5");
        row("/model/vocab/ab", "'1'", "model.vocab.ab: expected an id from 0 to 9999999, found a string");
        row("/model/vocab/ab", "[1]", "model.vocab.ab: expected an id from 0 to 9999999, found an array");
        row("/model/vocab/", "400", "expected a token spelled in byte-level characters, found an empty one");
        row("/model/vocab/▁the", "400",
            "model.vocab.▁the: expected a token spelled in byte-level characters");
        row("/model/vocab/a b", "400", "model.vocab.a b: expected a token spelled in byte-level characters");
        row("/model/vocab/<s>", "400", "model.vocab.<s>: expected id 300 as in added_tokens, found 400");
        row("/model/merges/0", "'x y'", "model.merges[0]: expected tokens of the vocabulary, found xy");
        row("/model/merges/0", "'ab zz'", "model.merges[0]: expected tokens of the vocabulary, found zz");
        row("/model/merges/1", "'a'", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "'a b c'", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "' ab'", "model.merges[1]: expected tokens of the vocabulary, found an empty");
        row("/model/merges/1", "['','ab']",
            "model.merges[1]: expected tokens of the vocabulary, found an empty");
        row("/model/merges/1", "['a']", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "['a','b','c']", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "[['a'],'b']", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "7", "model.merges[1]: expected two tokens");
        row("/model/merges/1", "{}", "model.merges[1]: expected two tokens");
        row("/model/unk_token", "'<unk>'",
            "model.unk_token: expected a token of the vocabulary, found <unk>");
        row("/model/dropout", "0.1", "model.dropout: expected null or 0");
        row("/model/end_of_word_suffix", "'</w>'", "model.end_of_word_suffix: expected null");
        row("/normalizer", "{'type': 'Lowercase'}",
            "normalizer.type: expected Sequence, NFC, NFD, NFKC, NFKD, Prepend or Replace, found Lowercase");
        row("/normalizer", "{'type': 'Replace', 'pattern': {}, 'content': ''}",
            "normalizer.pattern: expected a Regex or a String");
        row("/decoder", "{'type': 'Metaspace'}", "decoder.type: expected ByteLevel, found Metaspace");
        row("/pre_tokenizer", "null", "pre_tokenizer: expected one that ends in ByteLevel");
        row("/pre_tokenizer", "{'type': 'Metaspace'}",
            "pre_tokenizer.type: expected Sequence, Split, Digits, Punctuation or ByteLevel, found "
            "Metaspace");
        row("/pre_tokenizer", "{'type': 'Sequence', 'pretokenizers': []}",
            "expected one that ends in ByteLevel");
        row("/pre_tokenizer",
            "{'type': 'Sequence', 'pretokenizers': [{'type': 'ByteLevel'}, {'type': 'Digits'}]}",
            "pretokenizers[1].type: expected at most 32 steps, ByteLevel the last");
        row("/pre_tokenizer", "{'type': 'Split', 'pattern': {'Regex': '(a'}, 'behavior': 'Isolated'}",
            "pre_tokenizer.pattern: expected a valid pattern");
        row("/pre_tokenizer", "{'type': 'Split', 'pattern': {'Regex': '[a&&b]'}, 'behavior': 'Isolated'}",
            "pre_tokenizer.pattern: expected a pattern without &&");
        row("/pre_tokenizer", "{'type': 'Split', 'pattern': {'String': ''}, 'behavior': 'Isolated'}",
            "pre_tokenizer.pattern.String: expected a pattern of 1 to 16384 bytes");
        row("/pre_tokenizer", "{'type': 'Split', 'pattern': {}, 'behavior': 'Isolated'}",
            "pre_tokenizer.pattern: expected a Regex or a String");
        row("/pre_tokenizer", "{'type': 'Split', 'pattern': {'Regex': 'a'}, 'behavior': 'Merged'}",
            "pre_tokenizer.behavior: expected Removed");
        row("/post_processor", "{'type': 'BertProcessing'}",
            "post_processor.type: expected TemplateProcessing");
        row("/post_processor", "{'type': 'TemplateProcessing', 'single': []}",
            "post_processor.single: expected");
        row("/post_processor", "{'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': '<s>'}}]}",
            "post_processor.special_tokens: expected a value");
        row("/post_processor",
            "{'type': 'TemplateProcessing', 'single': [{'SpecialToken': {'id': 'x'}}], "
            "'special_tokens': {'x': {'ids': [302]}}}",
            "post_processor.special_tokens.x.ids: expected a whole number from 0 to 301, found 302");
        row("/added_tokens", "{}", "added_tokens: expected an array");
        row("/added_tokens/0/id", "-1",
            "added_tokens[0].id: expected a whole number from 0 to 9999999, found -1");
        row("/added_tokens/0/id", "301", "expected an id of its own, found 301");
        row("/added_tokens/0/id", "97", "expected an id of its own, found 97");
        row("/added_tokens/0/content", "''", "added_tokens[0].content: expected 1 to 4096 bytes");
        row("/added_tokens/0/content", "'</s>'", "added_tokens: expected each content once");
        row("/added_tokens/1/special", "1", "added_tokens[1].special: expected true or false");
    }
    void a_wrong_part_is_refused_by_name() {
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(QString, expectation);
        Json document = test::tinyTokenizer();
        document[Json::json_pointer(pointer.toStdString())] = test::quotedJson(value.toStdString());
        const QString message = errorFor(document.dump());
        QVERIFY2(message.startsWith(folder_.path() + "/tokenizer.json: "), qPrintable(message));
        QVERIFY2(message.contains(expectation), qPrintable(message));
    }

    void a_wrong_part_of_text_is_refused_by_name_data() {
        QTest::addColumn<QString>("pointer");
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expectation");
        const auto row = [](const char* pointer, const char* value, const char* expectation) {
            QTest::addRow("%s %.60s", pointer, value) << pointer << value << expectation;
        };
        row("/decoder", "{'type': 'WordPiece'}", "decoder.type: expected Sequence, Replace");
        row("/decoder/decoders/3/start", "2", "decoder.decoders[3].start: expected a whole number");
        row("/decoder/decoders/0/content", "'x'", "decoder.decoders[0].content: expected a space");
        row("/pre_tokenizer", "{'type': 'Whitespace'}", "Punctuation or Metaspace, found Whitespace");
        row("/pre_tokenizer", "{'type': 'Metaspace', 'replacement': 'ab'}",
            "pre_tokenizer.replacement: expected one character");
        row("/pre_tokenizer", "{'type': 'Metaspace', 'prepend_scheme': 'last'}",
            "pre_tokenizer.prepend_scheme: expected always, first or never");
        row("/model/merges/0", "['▁', 'zz']", "model.merges[0]: expected tokens of the vocabulary");
    }
    void a_wrong_part_of_text_is_refused_by_name() {
        QFETCH(QString, pointer);
        QFETCH(QString, value);
        QFETCH(QString, expectation);
        Json document = parseJsonFile(test::fixture("tokenizers/pieces/pieces.json").string(), 1 << 20);
        document[Json::json_pointer(pointer.toStdString())] = test::quotedJson(value.toStdString());
        const QString message = errorFor(document.dump());
        QVERIFY2(message.contains(expectation), qPrintable(message));
    }

    void a_text_that_grows_without_bounds_is_refused() {
        Json document = test::tinyTokenizer();
        const std::string large(1000, 'a');
        document["normalizer"] = {{"type", "Sequence"}, {"normalizers", Json::array()}};
        for (int i = 0; i < 20; ++i) {
            document["normalizer"]["normalizers"].push_back(
                {{"type", "Replace"}, {"pattern", {{"String", "a"}}}, {"content", large}});
        }
        const Tokenizer tokenizer = test::openTokenizer(folder(), document);
        QVERIFY(test::errorOf([&] { tokenizer.encode("banana"); }).contains("32 times as long"));
    }

    void a_malformed_document_is_refused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("empty") << QByteArray() << "valid JSON";
        QTest::newRow("not UTF-8") << QByteArray("{\"\xff\": 1}") << "expected UTF-8";
        QTest::newRow("an array") << QByteArray("[]") << "document: expected a JSON object";
        QTest::newRow("deep") << QByteArray(100'000, '[') << "nesting: expected at most 16 levels";
        QTest::newRow("key twice") << QByteArray("{\"model\": {}, \"model\": {}}")
                                   << "model: expected each key once";
        QTest::newRow("token twice") << QByteArray("{\"model\": {\"vocab\": {\"a\": 0, \"a\": 1}}}")
                                     << "model.vocab.a: expected each token once, found the ids";
    }
    void a_malformed_document_is_refused() {
        QFETCH(QByteArray, text);
        QFETCH(QString, expectation);
        const QString message = errorFor(text.toStdString());
        QVERIFY2(message.contains("tokenizer.json: ") && message.contains(expectation), qPrintable(message));
    }

    void a_missing_file_says_what_is_needed() {
        QTemporaryDir other;
        const std::filesystem::path path = other.path().toStdString();
        QVERIFY(test::errorOf([&] { Tokenizer::open(path); }).contains("tokenizer.json: file: expected"));
        test::writeFile(path / "tokenizer.model", "x");
        QVERIFY(test::errorOf([&] { Tokenizer::open(path); }).contains("SentencePiece"));
    }

    void a_large_vocabulary_opens_in_seconds_not_minutes() {
        std::string text =
            "{\"pre_tokenizer\": {\"type\": \"ByteLevel\"}, \"model\": {\"merges\": [], \"vocab\": {";
        for (int i = 0; i < 300'000; ++i) {
            text += fmt::format("{}\"t{}\":{}", i == 0 ? "" : ",", i, i);
        }
        const Tokenizer tokenizer = test::openTokenizer(folder(), text + "}}}");
        QCOMPARE(tokenizer.vocabularySize(), std::size_t{300'000});
    }

    void a_pattern_of_endless_backtracking_is_an_error_and_no_hang() {
        Json document = test::tinyTokenizer();
        document["pre_tokenizer"] = test::quotedJson(
            "{'type': 'Sequence', 'pretokenizers': [{'type': 'Split', 'pattern': {'Regex': '(?:a+)+$'}, "
            "'behavior': 'Isolated'}, {'type': 'ByteLevel', 'use_regex': false}]}");
        const Tokenizer tokenizer = test::openTokenizer(folder(), document);
        const QString message = test::errorOf([&] { tokenizer.encode(std::string(5000, 'a') + "b"); });
        QVERIFY2(message.contains("the pattern cannot be applied"), qPrintable(message));
    }

    void damaged_files_open_or_give_an_error() {
        const std::string document = test::tinyTokenizer().dump();
        std::mt19937 random(4);
        const auto below = [&](std::size_t limit) { return random() % limit; };
        int opened = 0;
        for (int round = 0; round < 300; ++round) {
            std::string text = document;
            if (below(6) == 0) {
                text.resize(below(text.size()));
            }
            for (std::size_t count = 1 + below(3); count > 0 && !text.empty(); --count) {
                char& byte = text[below(text.size())];
                byte = below(2) == 0 ? static_cast<char>(byte ^ (1 << below(8)))
                                     : "0123456789{}[]\",:-eE.\\ \xff"[below(25)];
            }
            std::filesystem::remove(folder() / "tokenizer.json"); // truncating it would wait for the disk
            const QString message = test::errorOf([&] {
                const Tokenizer tokenizer = test::openTokenizer(folder(), text);
                ++opened;
                tokenizer.decode(tokenizer.encode("abc <s> Grüße, 123\n"));
            });
            QVERIFY2(message.isEmpty() || message.contains("tokenizer.json"), qPrintable(message));
        }
        QVERIFY2(opened > 0 && opened < 300, qPrintable(QString::number(opened)));
    }
};

QTEST_APPLESS_MAIN(HostileTokenizerTest)
#include "tst_hostile_tokenizer.moc"
