// SPDX-License-Identifier: GPL-3.0-or-later
// Tokenizers whose tokens are text: a SentencePiece vocabulary as it is, and as a tokenizer.json.
#include "support/json.h"
#include "test_support.h"
#include "tiny_tokenizer.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class TextTokenizerTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path folder(const std::string& name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }
    static std::filesystem::path pieces(const std::string& name) {
        return test::fixture("tokenizers/pieces/" + name);
    }
    static Json document() { return parseJsonFile(pieces("pieces.json").string(), 1 << 20); }
    static Json cases() { return parseJsonFile(pieces("ids.json").string(), 1 << 20); }

    /// The vocabulary in a folder of its own, with a tokenizer_config.json where that is not empty.
    Tokenizer sentencePiece(const std::string& name, const std::string& config = "") {
        std::filesystem::create_directories(folder(name));
        std::filesystem::copy_file(pieces("tokenizer.model"), folder(name) / "tokenizer.model");
        if (!config.empty()) {
            test::writeFile(folder(name) / "tokenizer_config.json", config);
        }
        return Tokenizer::open(folder(name));
    }
    void compare(const Tokenizer& tokenizer) {
        QCOMPARE(tokenizer.vocabularySize(), std::size_t{600});
        QCOMPARE(tokenizer.beginToken().value(), 1);
        const Json all = cases();
        QVERIFY(all.size() > 60);
        for (const Json& item : all) {
            const auto text = item["text"].get<std::string>();
            const auto ids = item["ids"].get<std::vector<TokenId>>();
            QVERIFY2(tokenizer.encode(text, false) == ids, text.c_str());
            QCOMPARE(QString::fromStdString(tokenizer.decode(ids)), QString::fromStdString(text));
        }
    }

  private slots:
    void a_sentencepiece_vocabulary_gives_the_recorded_ids() { compare(sentencePiece("plain")); }

    void the_same_vocabulary_as_merges_gives_the_recorded_ids() {
        compare(test::openTokenizer(folder("merges"), document()));
    }

    void metaspace_marks_words_as_the_normalizer_does() {
        Json marks = document();
        marks["normalizer"] = nullptr;
        marks["pre_tokenizer"] = {
            {"type", "Metaspace"}, {"replacement", "\u2581"}, {"prepend_scheme", "always"}, {"split", false}};
        const Tokenizer whole = test::openTokenizer(folder("metaspace"), marks);
        for (const Json& item : cases()) {
            const auto text = item["text"].get<std::string>();
            // A text that begins with a space has its mark already.
            if (!text.starts_with(' ')) {
                QVERIFY2(whole.encode(text, false) == item["ids"].get<std::vector<TokenId>>(), text.c_str());
            }
        }
        marks["pre_tokenizer"]["prepend_scheme"] = "first";
        const Tokenizer first = test::openTokenizer(folder("first"), marks);
        QCOMPARE(first.encode("the", false), whole.encode("the", false));
        const std::vector<TokenId> after = first.encode("</s>the", false);
        QCOMPARE(after.front(), 2);
        QVERIFY(first.tokenBytes(after[1]).front() == 't');
        QCOMPARE(whole.tokenBytes(whole.encode("</s>the", false)[1]).front(), ' ');
    }

    void words_that_end_before_a_space_are_cut_as_gemma_does() {
        Json cut = document();
        cut["normalizer"] = {{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}};
        cut["pre_tokenizer"] = {{"type", "Split"},
                                {"pattern", {{"String", " "}}},
                                {"behavior", "MergedWithPrevious"},
                                {"invert", false}};
        cut["decoder"]["decoders"].erase(3);
        const Tokenizer tokenizer = test::openTokenizer(folder("gemma"), cut);
        const std::string text = "the words, of the text";
        const auto ids = tokenizer.encode(text, false);
        QCOMPARE(tokenizer.tokenBytes(ids.front()).front(), 't');
        QCOMPARE(tokenizer.decode(ids), text);
        QCOMPARE(tokenizer.decode(tokenizer.encode(" the", false)), std::string(" the"));
    }

    void characters_without_token_are_bytes_or_unknown() {
        const Tokenizer bytes = test::openTokenizer(folder("bytes"), document());
        const auto ids = bytes.encode("\xe6\x97\xa5", false);
        QCOMPARE(ids.size(), std::size_t{4}); // the mark and three bytes
        QCOMPARE(bytes.tokenBytes(ids[1]), std::string("\xe6"));
        Json without = document();
        without["model"]["byte_fallback"] = false;
        const Tokenizer unknown = test::openTokenizer(folder("unknown"), without);
        const auto fused = unknown.encode("\xe6\x97\xa5\xe6\x9c\xac", false);
        QCOMPARE(fused.back(), 0);
        QCOMPARE(fused.size(), std::size_t{2});
    }

    void normalization_forms_make_one_of_two_spellings() {
        Json document = test::tinyTokenizer();
        const std::string composed = "caf\xc3\xa9";
        const std::string decomposed = "cafe\xcc\x81";
        const Tokenizer none = test::openTokenizer(folder("none"), document);
        QVERIFY(none.encode(composed) != none.encode(decomposed));
        document["normalizer"] = {{"type", "NFC"}};
        const Tokenizer nfc = test::openTokenizer(folder("nfc"), document);
        QCOMPARE(nfc.encode(decomposed), none.encode(composed));
        QCOMPARE(nfc.encode("\xef\xac\x81"), none.encode("\xef\xac\x81")); // the ligature fi stays
        document["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFKC"}}}}};
        const Tokenizer nfkc = test::openTokenizer(folder("nfkc"), document);
        QCOMPARE(nfkc.encode("\xef\xac\x81"), none.encode("fi"));
        document["normalizer"] = {{"type", "NFD"}};
        QCOMPARE(test::openTokenizer(folder("nfd"), document).encode(composed), none.encode(decomposed));
    }

    void the_configuration_says_what_goes_around_a_text() {
        const Tokenizer tokenizer = sentencePiece("configured", R"({
            "add_bos_token": false, "add_eos_token": true,
            "added_tokens_decoder": {"600": {"content": "<|user|>", "special": true, "normalized": false}}})");
        QVERIFY(!tokenizer.beginToken());
        QCOMPARE(tokenizer.vocabularySize(), std::size_t{601});
        const auto ids = tokenizer.encode("<|user|>a</s>");
        QCOMPARE(ids.front(), 600);
        QCOMPARE(ids[ids.size() - 2], 2);
        QCOMPARE(ids.back(), 2);
        QCOMPARE(tokenizer.decode(ids), std::string("a"));
    }

    void a_wrong_configuration_is_refused_by_name() {
        const QString message = test::errorOf(
            [&] { sentencePiece("wrong", R"({"added_tokens_decoder": {"-1": {"content": "x"}}})"); });
        QVERIFY2(message.contains("tokenizer_config.json: ") && message.contains("-1"), qPrintable(message));
        QVERIFY(!test::errorOf([&] {
                     sentencePiece("list", R"({"added_tokens_decoder": {"5": []}})");
                 }).isEmpty());
    }

    void damaged_vocabularies_are_refused_or_read() {
        const std::string whole = [] {
            QFile file(QString::fromStdString(pieces("tokenizer.model").string()));
            file.open(QIODevice::ReadOnly);
            return file.readAll().toStdString();
        }();
        const auto openWith = [&](const std::string& bytes) {
            test::writeFile(folder("damaged") / "tokenizer.model", bytes);
            return test::errorOf([&] { Tokenizer::open(folder("damaged")).encode("a text"); });
        };
        QVERIFY(openWith("x").contains("tokenizer.model: model: expected a vocabulary of SentencePiece"));
        QVERIFY(!openWith("").isEmpty());
        for (std::size_t size = 1; size < whole.size(); size += 97) {
            openWith(whole.substr(0, size)); // an error or a smaller vocabulary, never a crash
        }
        for (std::size_t at = 0; at < whole.size(); at += 89) {
            std::string changed = whole;
            changed[at] = static_cast<char>(changed[at] ^ 0x55);
            openWith(changed);
        }
    }
};

QTEST_APPLESS_MAIN(TextTokenizerTest)
#include "tst_text_tokenizer.moc"
