// SPDX-License-Identifier: GPL-3.0-or-later
// The bundled tokenizers against token ids recorded with the Hugging Face library.
#include "support/file.h"
#include "support/json.h"
#include "support/sha256.h"
#include "support/system.h"
#include "test_support.h"
#include "tokenizer/tokenizer.h"

#include <QTest>

using namespace planish;

class TokenizerReferenceTest : public QObject {
    Q_OBJECT

    static Tokenizer bundled(const QString& model) {
        return Tokenizer::open(resourceFolder() / "models" / model.toStdString());
    }
    static Json reference(const std::string& name) {
        return parseJsonFile(test::fixture("reference/" + name).string(), 64 << 20);
    }
    static std::string corpus(const QString& name) {
        return readWholeFile(resourceFolder() / "corpora" / (name.toStdString() + ".txt"), 64 << 20);
    }

  private slots:
    void every_recorded_text_has_the_recorded_ids_data() {
        QTest::addColumn<QString>("model");
        QTest::addColumn<QString>("file");
        QTest::newRow("2048 tokens") << "folio-4m"
                                     << "tokenizer-2048.json";
        QTest::newRow("8192 tokens") << "folio-23m"
                                     << "tokenizer-8192.json";
    }
    void every_recorded_text_has_the_recorded_ids() {
        QFETCH(QString, model);
        QFETCH(QString, file);
        const Tokenizer tokenizer = bundled(model);
        const Json document = reference(file.toStdString());
        QCOMPARE(tokenizer.vocabularySize(), document["vocab_size"].get<std::size_t>());
        QCOMPARE(document["cases"].size(), std::size_t{68});
        for (const Json& item : document["cases"]) {
            const auto text = item["text"].get<std::string>();
            QVERIFY2(tokenizer.encode(text) == item["ids"].get<std::vector<TokenId>>(), text.c_str());
            const auto plain = item["ids_no_special"].get<std::vector<TokenId>>();
            QVERIFY2(tokenizer.encode(text, false) == plain, text.c_str());
            QCOMPARE(QString::fromStdString(tokenizer.decode(plain, false)),
                     QString::fromStdString(item["decoded"].get<std::string>()));
        }
    }

    void whole_corpora_have_the_recorded_ids_data() {
        QTest::addColumn<QString>("text");
        QTest::newRow("literature") << "literature";
        QTest::newRow("docs") << "docs";
    }
    void whole_corpora_have_the_recorded_ids() {
        QFETCH(QString, text);
        const Json document = reference("reference_ppl.json");
        const Json& expected = document["models"]["folio-4m"]["texts"]["eval-" + text.toStdString()];
        const std::string content = corpus(text);
        QCOMPARE(content.size(), expected["bytes"].get<std::size_t>());
        const std::vector<TokenId> ids = bundled("folio-4m").encode(content);
        QCOMPARE(ids.size(), expected["n_tokens_with_bos"].get<std::size_t>());
        const auto first = expected["first_ids"].get<std::vector<TokenId>>();
        QVERIFY(std::equal(first.begin(), first.end(), ids.begin()));
        Sha256 digest;
        digest.add(std::as_bytes(std::span(ids)));
        QCOMPARE(digest.hex(), expected["sha256_ids_int32le"].get<std::string>());
    }

    void whole_corpora_fill_the_recorded_number_of_windows() {
        const Json document = reference("reference_ppl.json");
        for (const char* text : {"literature", "docs"}) {
            const std::size_t count = bundled("folio-23m").encode(corpus(text)).size();
            int compared = 0;
            for (const Json& row :
                 document["models"]["folio-23m"]["texts"][std::string("eval-") + text]["results"]) {
                if (row["scope"] == "whole") {
                    QCOMPARE(count / row["ctx"].get<std::size_t>(), row["windows"].get<std::size_t>());
                    ++compared;
                }
            }
            QVERIFY(compared > 0);
        }
    }

    void whole_corpora_decode_to_themselves() {
        const std::string content = corpus("docs");
        const Tokenizer tokenizer = bundled("folio-23m");
        QVERIFY(tokenizer.decode(tokenizer.encode(content)) == content);
    }

    void the_beginning_of_text_is_put_in_front_and_left_out_when_decoding() {
        const Tokenizer tokenizer = bundled("folio-4m");
        QCOMPARE(tokenizer.beginToken(), tokenizer.idOf("<|begin_of_text|>"));
        const std::vector<TokenId> ids = tokenizer.encode("Hello");
        QCOMPARE(ids.front(), *tokenizer.beginToken());
        QCOMPARE(tokenizer.decode(ids), std::string("Hello"));
        QCOMPARE(tokenizer.decode(ids, false), std::string("<|begin_of_text|>Hello"));
        QCOMPARE(tokenizer.description(), std::string("byte-level BPE, 2048 tokens, 1790 merges"));
    }
};

QTEST_APPLESS_MAIN(TokenizerReferenceTest)
#include "tst_tokenizer_reference.moc"
