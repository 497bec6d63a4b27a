// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/json.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>

using namespace planish;

class JsonTest : public QObject {
    Q_OBJECT

    static QString parseError(const std::string& text) {
        return test::errorOf([&] { parseJson(text, "file.json", 8); });
    }

  private slots:
    void malformed_documents_are_refused_data() {
        QTest::addColumn<QByteArray>("text");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("empty") << QByteArray() << "byte 1: expected valid JSON";
        QTest::newRow("cut off") << QByteArray("{\"a\": [1, 2") << "expected valid JSON";
        QTest::newRow("comment") << QByteArray("// no\n{}") << "expected valid JSON";
        QTest::newRow("two documents") << QByteArray("{} {}") << "expected valid JSON";
        QTest::newRow("NaN") << QByteArray("[NaN]") << "expected valid JSON";
        QTest::newRow("key twice") << QByteArray("{\"a\": 1, \"a\": 2}") << "a: expected each key once";
        QTest::newRow("key twice inside")
            << QByteArray("[{\"b\": {\"a\": 1, \"a\": 2}}]") << "a: expected each key";
        QTest::newRow("too deep") << QByteArray(9, '[') << "nesting: expected at most 8 levels";
        QTest::newRow("very deep") << QByteArray(1'000'000, '[') << "nesting: expected at most 8 levels";
        QTest::newRow("not UTF-8") << QByteArray("\"\xff\"") << "expected UTF-8";
    }
    void malformed_documents_are_refused() {
        QFETCH(QByteArray, text);
        QFETCH(QString, expectation);
        const QString message = parseError(text.toStdString());
        QVERIFY2(message.startsWith("file.json: ") && message.contains(expectation), qPrintable(message));
    }

    void documents_keep_the_order_of_their_keys() {
        const std::string text = "{\"z\":1,\"a\":{\"y\":[true,null,-2,2.5,\"s\"],\"b\":{}},\"m\":[]}";
        QCOMPARE(parseJson(text, "file.json").dump(), text);
        QCOMPARE(parseJson("[[[[[[[[1]]]]]]]]", "file.json", 8).dump(), std::string("[[[[[[[[1]]]]]]]]"));
        // The same key in two objects is no duplicate.
        QVERIFY(parseError("[{\"a\": 1}, {\"a\": {\"a\": 2}}]").isEmpty());
    }

    void a_field_of_the_wrong_kind_is_refused_with_its_path_data() {
        QTest::addColumn<QString>("value");
        QTest::addColumn<QString>("expectation");
        QTest::newRow("fraction") << "1.5"
                                  << "inner.x: expected a whole number from 1 to 9, found 1.5";
        QTest::newRow("below") << "0"
                               << "inner.x: expected a whole number from 1 to 9, found 0";
        QTest::newRow("above") << "10"
                               << "inner.x: expected a whole number from 1 to 9, found 10";
        QTest::newRow("beyond 64 bits signed") << "18446744073709551615"
                                               << "found 18446744073709551615";
        QTest::newRow("string") << "\"5\""
                                << "found \"5\"";
        QTest::newRow("object") << "{}"
                                << "found an object";
        QTest::newRow("null") << "null"
                              << "inner.x: expected a value, found nothing";
    }
    void a_field_of_the_wrong_kind_is_refused_with_its_path() {
        QFETCH(QString, value);
        QFETCH(QString, expectation);
        const Json document = parseJson("{\"inner\": {\"x\": " + value.toStdString() + "}}", "file.json");
        const JsonObject inner = JsonObject(document, "file.json").object("inner");
        const QString message = test::errorOf([&] { inner.integer("x", 1, 9); });
        QVERIFY2(message.startsWith("file.json: ") && message.contains(expectation), qPrintable(message));
    }

    void fields_are_read_or_fall_back() {
        const Json document =
            parseJson("{\"s\": \"t\", \"b\": true, \"n\": 2.5, \"i\": 3, \"a\": [1], \"z\": null}", "f");
        const JsonObject json(document, "f");
        QCOMPARE(json.string("s"), std::string("t"));
        QCOMPARE(json.boolean("b"), true);
        QCOMPARE(json.number("n"), 2.5);
        QCOMPARE(json.number("i"), 3.0);
        QCOMPARE(json.integer("i", 0, 5), 3);
        QCOMPARE(json.array("a").size(), std::size_t{1});
        QVERIFY(!json.has("z") && !json.has("missing"));
        QCOMPARE(json.string("z", "other"), std::string("other"));
        QCOMPARE(json.integer("missing", 0, 5, 4), 4);
        QVERIFY(!test::errorOf([&] { json.boolean("n", false); }).isEmpty());
        QVERIFY(test::errorOf([&] {
                    json.object("a");
                }).contains("a: expected a JSON object, found an array of 1"));
    }

    void unknown_keys_get_the_nearest_known_one() {
        const Json document = parseJson("{\"defualt\": 1}", "r.json");
        const JsonObject json(document, "r.json");
        const QString message = test::errorOf([&] { json.allowOnly({"default", "rules"}); });
        QVERIFY2(message.contains("defualt: expected one of default, rules") &&
                     message.contains("mean default"),
                 qPrintable(message));
        json.allowOnly({"defualt"});
    }

    void files_over_the_limit_are_not_read() {
        QTemporaryDir folder;
        const std::string path = folder.path().toStdString() + "/x.json";
        test::writeFile(path, "[1, 2, 3]");
        QCOMPARE(parseJsonFile(path, 9).size(), std::size_t{3});
        QVERIFY(test::errorOf([&] { parseJsonFile(path, 8); }).contains("size: expected at most 8 B"));
    }
};

QTEST_APPLESS_MAIN(JsonTest)
#include "tst_json.moc"
