// SPDX-License-Identifier: GPL-3.0-or-later
// The parts of a tokenizer.json one by one, each with what the Hugging Face library does with it.
#include "test_support.h"
#include "tiny_tokenizer.h"

#include <QElapsedTimer>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

using namespace planish;
using Ids = std::vector<TokenId>;

class TokenizerTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    Tokenizer open(const Json& document) const {
        return test::openTokenizer(folder_.path().toStdString(), document);
    }
    /// The words that this step in front of ByteLevel cuts `text` into, joined by '|'. Every word is one
    /// token: the vocabulary holds all substrings and needs no merges.
    std::string words(const Json& step, const std::string& text) const {
        Json document = test::tinyTokenizer();
        document["model"]["ignore_merges"] = true;
        int id = 1000;
        for (std::size_t begin = 0; begin < text.size(); ++begin) {
            for (std::size_t size = 1; begin + size <= text.size(); ++size) {
                std::string spelling;
                for (const char byte : text.substr(begin, size)) {
                    spelling += test::spelledByte(static_cast<unsigned char>(byte));
                }
                if (!document["model"]["vocab"].contains(spelling)) {
                    document["model"]["vocab"][spelling] = id++;
                }
            }
        }
        document["pre_tokenizer"] =
            Json{{"type", "Sequence"}, {"pretokenizers", Json::array({step, document["pre_tokenizer"]})}};
        const Tokenizer tokenizer = open(document);
        std::string joined;
        for (const TokenId token : tokenizer.encode(text)) {
            joined += (joined.empty() ? "" : "|") + tokenizer.tokenBytes(token);
        }
        return joined;
    }

  private slots:
    void the_lowest_rank_merges_first_and_the_leftmost_of_equals() {
        const Tokenizer tokenizer = open(test::tinyTokenizer());
        QCOMPARE(tokenizer.encode("abc"), Ids{258});
        QCOMPARE(tokenizer.encode("bc"), Ids{257});
        QCOMPARE(tokenizer.encode("abbc"), (Ids{256, 257}));
        QCOMPARE(tokenizer.encode(" abc"), (Ids{' ', 258}));
        QCOMPARE(tokenizer.encode(" ac"), (Ids{259, 'c'}));
        Json document = test::tinyTokenizer();
        document["model"]["vocab"]["aa"] = 260;
        document["model"]["merges"].push_back("a a");
        QCOMPARE(open(document).encode("aaaaa"), (Ids{260, 260, 'a'}));
    }

    void merges_may_be_pairs_or_strings() {
        Json document = test::tinyTokenizer();
        document["model"]["merges"] = test::quotedJson("[['a','b'],['b','c'],['ab','c'],['Ġ','a']]");
        const Tokenizer tokenizer = open(document);
        QCOMPARE(tokenizer.encode("abbc ac"), (Ids{256, 257, 259, 'c'}));
        QCOMPARE(tokenizer.description(), std::string("byte-level BPE, 262 tokens, 4 merges"));
    }

    void long_words_give_the_same_tokens_as_short_ones() {
        const Tokenizer tokenizer = open(test::tinyTokenizer());
        std::string word;
        Ids expected;
        for (int i = 0; i < 500; ++i) {
            for (const char* part : {"abc", "bc", "x", "ab", "ab", "a"}) {
                word += part;
                const Ids ids = tokenizer.encode(part);
                expected.insert(expected.end(), ids.begin(), ids.end());
            }
        }
        // The last "a" of a round stays single, as "a" + "a" is no merge.
        QCOMPARE(tokenizer.encode(word), expected);
    }

    void a_word_that_is_a_token_needs_no_merges_if_so_asked() {
        Json document = test::tinyTokenizer();
        document["model"]["vocab"]["xyz"] = 260;
        QCOMPARE(open(document).encode("xyz"), (Ids{'x', 'y', 'z'}));
        document["model"]["ignore_merges"] = true;
        QCOMPARE(open(document).encode("xyz"), Ids{260});
    }

    void bytes_without_token_become_the_unknown_token_or_nothing() {
        Json document = test::tinyTokenizer();
        document["model"]["vocab"].erase("x");
        document["model"]["vocab"].erase("y");
        QCOMPARE(open(document).encode("axya"), (Ids{'a', 'a'}));
        document["model"]["unk_token"] = "?";
        QCOMPARE(open(document).encode("axya"), (Ids{'a', '?', '?', 'a'}));
        document["model"]["fuse_unk"] = true;
        QCOMPARE(open(document).encode("axya"), (Ids{'a', '?', 'a'}));
    }

    void split_behaviours_are_those_of_the_library_data() {
        QTest::addColumn<QString>("options");
        QTest::addColumn<QString>("expected");
        // The examples of the library's documentation, "the-final--countdown".
        QTest::newRow("removed") << "'behavior': 'Removed'"
                                 << "the|final|countdown";
        QTest::newRow("isolated") << "'behavior': 'Isolated'"
                                  << "the|-|final|-|-|countdown";
        QTest::newRow("previous") << "'behavior': 'MergedWithPrevious'"
                                  << "the-|final-|-|countdown";
        QTest::newRow("next") << "'behavior': 'MergedWithNext'"
                              << "the|-final|-|-countdown";
        QTest::newRow("contiguous") << "'behavior': 'Contiguous'"
                                    << "the|-|final|--|countdown";
        QTest::newRow("inverted") << "'behavior': 'Removed', 'invert': true"
                                  << "-|-|-";
        QTest::newRow("inverted next") << "'behavior': 'MergedWithNext', 'invert': true"
                                       << "the-|final-|-|countdown";
    }
    void split_behaviours_are_those_of_the_library() {
        QFETCH(QString, options);
        QFETCH(QString, expected);
        for (const char* pattern : {"'String'", "'Regex'"}) {
            const Json step = test::quotedJson(std::string("{'type': 'Split', 'pattern': {") + pattern +
                                               ": '-'}, " + options.toStdString() + "}");
            QCOMPARE(words(step, "the-final--countdown"), expected.toStdString());
        }
    }

    void patterns_follow_the_rules_of_ruby_and_unicode_data() {
        QTest::addColumn<QString>("pattern");
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("expected");
        QTest::newRow("lookahead") << "\\s+(?!\\S)"
                                   << "a   b"
                                   << "a|  | b";
        QTest::newRow("letters") << "\\p{L}+"
                                 << "né1ß"
                                 << "né|1|ß";
        QTest::newRow("case") << "(?i:'s)"
                              << "a'Sb"
                              << "a|'S|b";
        QTest::newRow("dollar at line ends") << "a$"
                                             << "aa\na"
                                             << "a|a|\n|a";
        QTest::newRow("dot is no line end") << ".+"
                                            << "ab\ncd"
                                            << "ab|\n|cd";
        QTest::newRow("Mongolian separator is no space") << "\\s"
                                                         << "a\u180eb c"
                                                         << "a\u180eb| |c";
        QTest::newRow("not space in a class") << "[^\\S\\n]+"
                                              << "a \n b"
                                              << "a| |\n| |b";
        QTest::newRow("escaped backslash") << "\\\\s"
                                           << "a\\s b"
                                           << "a|\\s| b";
        QTest::newRow("empty matches part") << "(?=b)"
                                            << "abab"
                                            << "a|ba|b";
        QTest::newRow("empty matches everywhere") << "x*"
                                                  << "aéxb"
                                                  << "a|é|x|b";
    }
    void patterns_follow_the_rules_of_ruby_and_unicode() {
        QFETCH(QString, pattern);
        QFETCH(QString, text);
        QFETCH(QString, expected);
        const Json step{
            {"type", "Split"}, {"pattern", {{"Regex", pattern.toStdString()}}}, {"behavior", "Isolated"}};
        QCOMPARE(QString::fromStdString(words(step, text.toStdString())), expected);
    }

    void digits_and_punctuation_are_steps_too() {
        QCOMPARE(words(test::quotedJson("{'type': 'Digits', 'individual_digits': true}"), "a12b"),
                 std::string("a|1|2|b"));
        QCOMPARE(words(test::quotedJson("{'type': 'Digits', 'individual_digits': false}"), "a12b"),
                 std::string("a|12|b"));
        QCOMPARE(words(test::quotedJson("{'type': 'Punctuation'}"), "a.$b"), std::string("a|.|$|b"));
    }

    void byte_level_has_a_pattern_and_a_space_of_its_own() {
        Json document = test::tinyTokenizer();
        document["pre_tokenizer"] = test::quotedJson("{'type': 'ByteLevel'}");
        document["model"]["vocab"]["1a"] = 260;
        document["model"]["merges"].push_back("1 a");
        const Tokenizer tokenizer = open(document);
        QCOMPARE(tokenizer.encode("abc"), (Ids{' ', 258}));
        QCOMPARE(tokenizer.encode(" ac a"), (Ids{259, 'c', 259}));
        // The pattern keeps digits and letters apart.
        QCOMPARE(tokenizer.encode("1a"), (Ids{' ', '1', 'a'}));
        QCOMPARE(tokenizer.encode("ac<s>ac"), (Ids{259, 'c', 300, 259, 'c'}));
        QVERIFY(tokenizer.encode("").empty());
    }

    void added_tokens_are_found_first_the_longest_at_a_place() {
        Json document = test::tinyTokenizer();
        const auto add = [&](int id, const char* content, const char* flag) {
            Json token{{"id", id}, {"content", content}, {"special", false}, {"normalized", false}};
            token[flag] = true;
            document["added_tokens"].push_back(token);
        };
        add(302, "<s><s>", "special");
        add(303, "[L]", "lstrip");
        add(304, "[R]", "rstrip");
        add(305, "[W]", "single_word");
        add(306, "[S", "normalized");
        const Tokenizer tokenizer = open(document);
        QCOMPARE(tokenizer.encode("a<s>b"), (Ids{'a', 300, 'b'}));
        QCOMPARE(tokenizer.encode("<s><s><s>"), (Ids{302, 300}));
        QCOMPARE(tokenizer.encode("<s"), (Ids{'<', 's'}));
        QCOMPARE(tokenizer.encode("a \t\n[L] b"), (Ids{'a', 303, ' ', 'b'}));
        QCOMPARE(tokenizer.encode("a [R]\u00a0 b"), (Ids{'a', ' ', 304, 'b'}));
        QCOMPARE(tokenizer.encode("[R]  [L]"), (Ids{304, 303}));
        QCOMPARE(tokenizer.encode("([W])"), (Ids{'(', 305, ')'}));
        QCOMPARE(tokenizer.encode("[W]a"), (Ids{'[', 'W', ']', 'a'}));
        QCOMPARE(tokenizer.encode("\u00e9[W]").size(), std::size_t{5});
        QCOMPARE(tokenizer.encode("[S<s>"), (Ids{306, 300}));
        QCOMPARE(tokenizer.decode(Ids{300, 'a', 303, 301}), std::string("a[L]"));
        QCOMPARE(tokenizer.decode(Ids{300, 'a'}, false), std::string("<s>a"));
        QCOMPARE(tokenizer.idOf("[L]"), std::optional<TokenId>(303));
        QCOMPARE(tokenizer.idOf(" a"), std::optional<TokenId>(259));
        QVERIFY(!tokenizer.idOf("zz"));
    }

    void templates_put_tokens_around_the_text() {
        Json document = test::tinyTokenizer();
        document["post_processor"] = test::quotedJson(
            "{'type': 'Sequence', 'processors': [{'type': 'ByteLevel', 'trim_offsets': false}, "
            "{'type': 'TemplateProcessing', "
            "'single': [{'SpecialToken': {'id': '<s>', 'type_id': 0}}, {'Sequence': {'id': 'A', "
            "'type_id': 0}}, "
            "{'SpecialToken': {'id': '</s>', 'type_id': 0}}], "
            "'special_tokens': {'<s>': {'id': '<s>', 'ids': [300], 'tokens': ['<s>']}, "
            "'</s>': {'id': '</s>', 'ids': [301, 300], 'tokens': ['</s>', '<s>']}}}]}");
        const Tokenizer tokenizer = open(document);
        QCOMPARE(tokenizer.encode("a"), (Ids{300, 'a', 301, 300}));
        QCOMPARE(tokenizer.encode("a", false), Ids{'a'});
        QCOMPARE(tokenizer.beginToken(), std::optional<TokenId>(300));
        QVERIFY(!open(test::tinyTokenizer()).beginToken());
    }

    void text_that_is_not_utf8_is_read_with_replacement_characters() {
        const Tokenizer tokenizer = open(test::tinyTokenizer());
        QCOMPARE(tokenizer.encode("a\xff"), (Ids{'a', 0xef, 0xbf, 0xbd}));
        QCOMPARE(tokenizer.decode(Ids{0xc3}), std::string("\ufffd"));
        QCOMPARE(tokenizer.decode(Ids{0xc3, 0xa9}), std::string("é"));
    }

    void ids_outside_the_vocabulary_are_nothing() {
        const Tokenizer tokenizer = open(test::tinyTokenizer());
        QCOMPARE(tokenizer.vocabularySize(), std::size_t{302});
        QCOMPARE(tokenizer.decode(Ids{-1, 'a', 280, 302, INT32_MAX, 'b'}), std::string("ab"));
        QVERIFY(tokenizer.tokenBytes(280).empty() && tokenizer.tokenBytes(-1).empty());
    }

    void a_word_of_megabytes_takes_seconds() {
        const Tokenizer tokenizer = open(test::tinyTokenizer());
        std::string word(2'000'000, 'a');
        for (std::size_t i = 0; i < word.size(); i += 3) {
            word[i] = 'b';
        }
        QElapsedTimer timer;
        timer.start();
        QCOMPARE(tokenizer.decode(tokenizer.encode(word)), word);
        QVERIFY2(timer.elapsed() < 30'000, qPrintable(QString::number(timer.elapsed())));
    }
};

QTEST_APPLESS_MAIN(TokenizerTest)
#include "tst_tokenizer.moc"
