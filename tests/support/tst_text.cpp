// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/error.h"
#include "support/text.h"
#include "test_support.h"

#include <QTest>

using namespace planish;

class TextTest : public QObject {
    Q_OBJECT

  private slots:
    void ill_formed_utf8_becomes_one_replacement_for_each_maximal_part_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QByteArray>("repaired");
        const auto row = [](const char* name, const char* text, const char* repaired) {
            QTest::newRow(name) << QByteArray(text) << QByteArray(repaired);
        };
        row("stray continuation", "a\x80z", "a\ufffdz");
        row("cut off", "\xe2\x82", "\ufffd");
        row("cut off by another", "\xe2\x82z", "\ufffdz");
        row("overlong", "\xc0\xaf", "\ufffd\ufffd");
        row("overlong, three bytes", "\xe0\x80\xaf", "\ufffd\ufffd\ufffd");
        row("surrogate", "\xed\xa0\x80", "\ufffd\ufffd\ufffd");
        row("above U+10FFFF", "\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd");
        row("cut off at four bytes", "\xf0\x9f\x98z", "\ufffdz");
        row("never a byte of UTF-8", "\xff\xfe", "\ufffd\ufffd");
    }
    void ill_formed_utf8_becomes_one_replacement_for_each_maximal_part() {
        QFETCH(QByteArray, text);
        QFETCH(QByteArray, repaired);
        QVERIFY(!isUtf8(text.toStdString()));
        QCOMPARE(QByteArray::fromStdString(toValidUtf8(text.toStdString())), repaired);
        QVERIFY(isUtf8(repaired.toStdString()));
    }

    void well_formed_utf8_stays_as_it_is() {
        for (const std::string text : {"", "plain", "é€😀", "\xf4\x8f\xbf\xbf", "\xed\x9f\xbf\xee\x80\x80"}) {
            QVERIFY(isUtf8(text));
            QCOMPARE(toValidUtf8(text), text);
        }
    }

    void the_nearest_words_come_first_and_far_ones_not_at_all() {
        const std::vector<std::string> words{"int4", "int8", "nf4", "fp16", "codebook"};
        QCOMPARE(nearest("int5", words).front(), std::string("int4"));
        QCOMPARE(nearest("codebok", words), std::vector<std::string>{"codebook"});
        QVERIFY(nearest("something else entirely", words).empty());
        QCOMPARE(nearest("int", words, 1).size(), std::size_t{1});
    }

    void globs_match_as_in_a_shell() {
        QVERIFY(globMatches("model.layers.*.mlp.*", "model.layers.3.mlp.up_proj"));
        QVERIFY(globMatches("*", ""));
        QVERIFY(globMatches("a?c", "abc"));
        QVERIFY(globMatches("*a*b", "xaxxab"));
        QVERIFY(!globMatches("a?c", "ac"));
        QVERIFY(!globMatches("model.layers.1.*", "model.layers.10.mlp"));
        QVERIFY(!globMatches("", "a"));
        QVERIFY(!globMatches("a[b]", "ab"));
        QVERIFY(!globMatches(std::string(50, '*') + "b", std::string(20'000, 'a')));
    }

    void sizes_and_times_are_told_in_units_people_read() {
        QCOMPARE(formatBytes(0), std::string("0 B"));
        QCOMPARE(formatBytes(1023), std::string("1023 B"));
        QCOMPARE(formatBytes(1536), std::string("1.50 KiB"));
        QCOMPARE(formatBytes(46'150'656), std::string("44.0 MiB"));
        QCOMPARE(formatBytes(UINT64_MAX), std::string("16.0 EiB"));
        QCOMPARE(formatSeconds(0.02), std::string("< 0.1 s"));
        QCOMPARE(formatSeconds(0.84), std::string("0.8 s"));
        QCOMPARE(formatSeconds(125), std::string("2 min 05 s"));
        QCOMPARE(formatSeconds(12'000), std::string("3 h 20 min"));
        QCOMPARE(formatSeconds(-1), std::string("unknown"));
    }

    void messages_stay_one_printable_line() {
        const InputError error("a\nb", "field\x1b[31m", "one", std::string(100'000, 'x'));
        const std::string message = error.what();
        QVERIFY(message.starts_with("a?b: field?[31m: expected one, found xxx"));
        QVERIFY(message.size() < 300);
        QCOMPARE(printable("\xff\x7f"), std::string("??"));
        QVERIFY(isUtf8(printable("aé€😀é€😀é€😀", 8)));
    }
};

QTEST_APPLESS_MAIN(TextTest)
#include "tst_text.moc"
