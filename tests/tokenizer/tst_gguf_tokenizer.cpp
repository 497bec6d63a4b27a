// SPDX-License-Identifier: GPL-3.0-or-later
// Tokenizers in the metadata of GGUF files.
#include "model/gguf_file.h"
#include "support/system.h"
#include "test_support.h"
#include "tiny_gguf.h"
#include "tokenizer/gguf_tokenizer.h"
#include "tokenizer/tokenizer.h"

#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class GgufTokenizerTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    Tokenizer open(const test::TinyGguf& gguf) const {
        const std::string path = folder_.path().toStdString() + "/x.gguf";
        std::filesystem::remove(path);
        test::writeFile(path, gguf.file());
        return Tokenizer::open(path);
    }

    /// A SentencePiece vocabulary: specials, two bytes, characters, and pieces they merge to.
    static test::TinyGguf pieces() {
        test::TinyGguf gguf;
        gguf.set("tokenizer.ggml.model", test::ggufString("llama"));
        gguf.set("tokenizer.ggml.tokens",
                 test::ggufStrings({"<unk>", "<s>", "</s>", "<0x0A>", "<0xC3>", "▁", "a", "b", "c", "▁a",
                                    "ab", "bc", "▁ab", "abc", "[X]"}));
        gguf.set("tokenizer.ggml.scores",
                 test::ggufFloats({0, 0, 0, 0, 0, -20, -21, -22, -23, -3, -2, -1, -4, -5, 0}));
        gguf.set("tokenizer.ggml.token_type",
                 test::ggufInt32s({2, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 4}));
        gguf.set("tokenizer.ggml.bos_token_id", test::ggufUint32(1));
        gguf.set("tokenizer.ggml.eos_token_id", test::ggufUint32(2));
        gguf.set("tokenizer.ggml.unknown_token_id", test::ggufUint32(0));
        return gguf;
    }

    /// Byte-level tokens of a few letters.
    static test::TinyGguf byteLevel() {
        test::TinyGguf gguf;
        gguf.set("tokenizer.ggml.model", test::ggufString("gpt2"));
        gguf.set("tokenizer.ggml.pre", test::ggufString("gpt-2"));
        gguf.set("tokenizer.ggml.tokens",
                 test::ggufStrings({"<s>", "a", "b", "Ġ", "ab", "Ġa", "1", "12", "<tool>", "2"}));
        gguf.set("tokenizer.ggml.token_type", test::ggufInt32s({3, 1, 1, 1, 1, 1, 1, 1, 4, 1}));
        gguf.set("tokenizer.ggml.merges", test::ggufStrings({"a b", "Ġ a", "1 2"}));
        gguf.set("tokenizer.ggml.bos_token_id", test::ggufUint32(0));
        return gguf;
    }

    using Ids = std::vector<TokenId>;

  private slots:
    void a_file_of_llama_cpp_tokenizes_as_the_original_does() {
        const Tokenizer file = Tokenizer::open(test::fixture("gguf/folio-4m-Q4_K_M.gguf"));
        const Tokenizer original = Tokenizer::open(resourceFolder() / "models" / "folio-4m");
        QCOMPARE(file.description(), original.description());
        QCOMPARE(file.beginToken(), original.beginToken());
        const std::string text =
            "It's 1234567 o'clock,\n\n  \"naïve\" café  \t — <|end_of_text|>日本 x=y+1;\r\n THEY'RE";
        QCOMPARE(file.encode(text), original.encode(text));
        QCOMPARE(file.encode(text, false), original.encode(text, false));
        QCOMPARE(file.decode(file.encode(text)), original.decode(original.encode(text)));
    }

    void the_pieces_of_the_highest_score_are_merged_first() {
        const Tokenizer tokenizer = open(pieces());
        QCOMPARE(tokenizer.encode("abc", false), (Ids{9, 11})); // bc before ▁a before ▁ab
        QCOMPARE(tokenizer.encode("ab", false), (Ids{12}));     // ab, then with the space
        QCOMPARE(tokenizer.encode("a a", false), (Ids{9, 9}));
        QCOMPARE(tokenizer.encode("a"), (Ids{1, 9}));
        QCOMPARE(tokenizer.encode("", false), Ids{});
        QCOMPARE(tokenizer.decode(Ids{1, 9, 11, 9}), std::string("abc a"));
        QCOMPARE(tokenizer.beginToken(), std::optional<TokenId>(1));
        QCOMPARE(tokenizer.tokenBytes(9), std::string(" a"));
        QCOMPARE(tokenizer.idOf("ab"), std::optional<TokenId>(10));
    }

    void characters_without_piece_become_bytes_or_the_unknown_token() {
        const Tokenizer tokenizer = open(pieces());
        QCOMPARE(tokenizer.encode("\n", false), (Ids{5, 3}));
        QCOMPARE(tokenizer.encode("a\xc3\xa9", false), (Ids{9, 4, 0})); // é is C3 A9; A9 has no piece
        QCOMPARE(tokenizer.decode(Ids{5, 3}), std::string("\n"));
    }

    void added_tokens_are_found_and_begin_a_new_text() {
        const Tokenizer tokenizer = open(pieces());
        QCOMPARE(tokenizer.encode("a[X]a</s>", false), (Ids{9, 14, 9, 2}));
        test::TinyGguf plain = pieces();
        plain.set("tokenizer.ggml.add_space_prefix", test::ggufBoolean(false));
        plain.set("tokenizer.ggml.add_bos_token", test::ggufBoolean(false));
        plain.set("tokenizer.ggml.add_eos_token", test::ggufBoolean(true));
        QCOMPARE(open(plain).encode("a"), (Ids{6, 2}));
        QCOMPARE(open(plain).decode(Ids{9}), std::string(" a"));
    }

    void byte_level_vocabularies_follow_their_pre_tokenizer() {
        const Tokenizer tokenizer = open(byteLevel());
        QCOMPARE(tokenizer.encode("ab a12<tool><s>"), (Ids{4, 5, 7, 8, 0})); // no BOS unless the file says so
        test::TinyGguf digits = byteLevel();
        digits.set("tokenizer.ggml.pre", test::ggufString("smollm"));
        QCOMPARE(open(digits).encode("12"), (Ids{6, 9}));
        test::TinyGguf llama3 = byteLevel();
        llama3.set("tokenizer.ggml.pre", test::ggufString("llama-bpe"));
        QCOMPARE(open(llama3).encode("12"), (Ids{0, 7}));
        llama3.set("tokenizer.ggml.add_bos_token", test::ggufBoolean(false));
        QCOMPARE(open(llama3).encode("12"), (Ids{7}));
    }

    void pre_tokenizers_are_known_by_name_and_by_what_they_do() {
        for (const char* name : {"llama-bpe", "gpt-2", "smollm", "qwen2"}) {
            test::TinyGguf gguf = byteLevel();
            gguf.set("tokenizer.ggml.pre", test::ggufString(name));
            const std::string path = folder_.path().toStdString() + "/pre.gguf";
            std::filesystem::remove(path);
            test::writeFile(path, gguf.file());
            QCOMPARE(ggufPreTokenizer(tokenizerFileOf(GgufFile(path).metadata())), std::string_view(name));
        }
        const TokenizerFile bundled =
            readTokenizerFile((resourceFolder() / "models" / "folio-4m" / "tokenizer.json").string());
        QCOMPARE(ggufPreTokenizer(bundled), std::string_view("llama-bpe"));
    }

    void damage_is_named() {
        const auto expect = [&](test::TinyGguf gguf, const char* key, const std::string& value,
                                const char* expected) {
            gguf.set(key, value);
            const QString message = test::errorOf([&] { open(gguf); });
            QVERIFY2(message.contains("x.gguf: ") && message.contains(expected), qPrintable(message));
        };
        expect(pieces(), "tokenizer.ggml.model", test::ggufString("rwkv"),
               "tokenizer.ggml.model: expected gpt2 or llama, found rwkv");
        expect(byteLevel(), "tokenizer.ggml.pre", test::ggufString("tekken"),
               "tokenizer.ggml.pre: expected one of llama-bpe");
        expect(pieces(), "tokenizer.ggml.tokens", test::ggufStrings({}), "tokens: expected 1 to");
        expect(pieces(), "tokenizer.ggml.tokens", test::ggufString("a"),
               "tokens: expected an array of texts, found a text");
        expect(pieces(), "tokenizer.ggml.scores", test::ggufFloats({1}), "scores: expected 15 numbers");
        expect(pieces(), "tokenizer.ggml.token_type", test::ggufInt32s({1}),
               "token_type: expected 15 numbers");
        expect(pieces(), "tokenizer.ggml.token_type", test::ggufFloats(std::vector<float>(15)),
               "token_type[0]: expected a whole number");
        expect(pieces(), "tokenizer.ggml.token_type",
               test::ggufInt32s({6, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}), "token 0: expected a byte");
        expect(pieces(), "tokenizer.ggml.bos_token_id", test::ggufUint32(15),
               "bos_token_id: expected a whole number from 0 to 14");
        expect(pieces(), "tokenizer.ggml.unknown_token_id", test::ggufUint32(15),
               "unknown token: expected an id below 15");
        expect(byteLevel(), "tokenizer.ggml.merges", test::ggufStrings({"a b c"}),
               "merges[0]: expected two tokens");
        expect(byteLevel(), "tokenizer.ggml.merges", test::ggufStrings({"a x"}),
               "merges[0]: expected tokens of the vocabulary");
        expect(byteLevel(), "tokenizer.ggml.tokens", test::ggufStrings({"\xff"}),
               "tokens[0]: expected UTF-8");
        auto spelled = test::ggufStrings({"<0x-1>", "<s>", "</s>", "<0x0A>", "<0xC3>", "▁", "a", "b", "c",
                                          "▁a", "ab", "bc", "▁ab", "abc", "[X]"});
        test::TinyGguf negative = pieces();
        negative.set("tokenizer.ggml.tokens", spelled);
        expect(negative, "tokenizer.ggml.token_type",
               test::ggufInt32s({6, 3, 3, 6, 6, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1}),
               "token 0: expected a byte, such as <0x0A>, found <0x-1>");
        std::vector<float> scores(15);
        scores[7] = __builtin_nanf("");
        expect(pieces(), "tokenizer.ggml.scores", test::ggufFloats(scores),
               "score of token 7: expected a finite number");
    }
};

QTEST_APPLESS_MAIN(GgufTokenizerTest)
#include "tst_gguf_tokenizer.moc"
