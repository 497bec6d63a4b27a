// SPDX-License-Identifier: GPL-3.0-or-later
#include "recipe/recipe.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>

using namespace planish;
using namespace planish::test;

namespace {

/// JSON written with ' instead of ", as moc stumbles over raw strings.
Recipe parse(std::string text) {
    std::replace(text.begin(), text.end(), '\'', '"');
    return Recipe::fromJson(parseJson(text, "r.json"), "r.json");
}

} // namespace

class RecipeJsonTest : public QObject {
    Q_OBJECT

  private slots:
    void a_recipe_is_read_and_its_codecs_made_canonical() {
        const Recipe recipe = parse("{'schema': 'planish.recipe/1', 'name': 'attention 4 bit, MLP 3 bit', "
                                    "'default': 'bf16', 'summary': 'for the menu', "
                                    "'rules': [{'match': 'attention', 'codec': 'int4'}, {'match': "
                                    "'model.layers.0.*', 'codec': 'int4_opt_v1'}]}");
        QCOMPARE(recipe.name, std::string("attention 4 bit, MLP 3 bit"));
        QCOMPARE(recipe.defaultCodec, std::string("bf16"));
        const std::vector<RecipeRule> rules{{"attention", "int4:g128"},
                                            {"model.layers.0.*", "int4:g16+refine"}};
        QVERIFY(recipe.rules == rules);
    }

    void what_is_written_reads_back_the_same() {
        const Recipe recipe{
            "n", "fp16", {{"mlp", "int3:g64+mse"}, {"layers(0-2)", "nf4:g64"}, {"*.down_proj", "int8:g128"}}};
        QVERIFY(Recipe::fromJson(recipe.toJson(), "again") == recipe);
        QVERIFY(parse(recipe.toJson().dump()) == recipe);
        QTemporaryDir folder;
        const std::string path = folder.filePath("r.json").toStdString();
        writeFile(path, recipe.toJson().dump(2));
        QVERIFY(Recipe::fromFile(path) == recipe);
    }

    void only_the_schema_is_required() {
        const Recipe recipe = parse("{'schema': 'planish.recipe/1'}");
        QCOMPARE(recipe.defaultCodec, std::string("bf16"));
        QVERIFY(recipe.rules.empty());
    }

    void mistakes_are_named_with_their_field_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("parts");
        const auto row = [](const char* name, const char* text, const QStringList& parts) {
            QTest::newRow(name) << QString(text) << parts;
        };
        row("no object", "[]", {"r.json"});
        row("no schema", "{'name': 'x'}", {"r.json", "schema"});
        row("newer schema", "{'schema': 'planish.recipe/2'}",
            {"schema", "planish.recipe/1", "planish.recipe/2"});
        row("unknown key", "{'schema': 'planish.recipe/1', 'rule': []}", {"rule", "rules"});
        row("rules no array", "{'schema': 'planish.recipe/1', 'rules': {}}", {"rules"});
        row("rule no object", "{'schema': 'planish.recipe/1', 'rules': [1]}", {"rules[0]"});
        row("unknown rule key",
            "{'schema': 'planish.recipe/1', 'rules': [{'match': 'mlp', 'codec': 'int4', 'x': 1}]}",
            {"rules[0].x"});
        row("no codec", "{'schema': 'planish.recipe/1', 'rules': [{'match': 'mlp'}]}", {"rules[0].codec"});
        row("bad codec",
            "{'schema': 'planish.recipe/1', 'rules': [{'match': 'mlp', 'codec': 'int4:g64+mze'}]}",
            {"r.json", "rules[0].codec", "character 9", "+mse"});
        row("bad default", "{'schema': 'planish.recipe/1', 'default': 'int1'}", {"default", "int1"});
        row("codec no text", "{'schema': 'planish.recipe/1', 'rules': [{'match': 'mlp', 'codec': 4}]}",
            {"rules[0].codec"});
        row("empty match", "{'schema': 'planish.recipe/1', 'rules': [{'match': '', 'codec': 'int4'}]}",
            {"rules[0].match"});
        row("layers backwards",
            "{'schema': 'planish.recipe/1', 'rules': [{'match': 'layers(3-1)', 'codec': 'int4' "
            "}] "
            "}",
            {"rules[0].match", "layers(A-B)", "layers(3-1)"});
        row("layers open",
            "{'schema': 'planish.recipe/1', 'rules': [{'match': 'layers(3', 'codec': 'int4'}]}",
            {"rules[0].match", "layers(A-B)"});
        row("layers overflow",
            "{'schema': 'planish.recipe/1', 'rules': [{'match': 'layers(99999999999)', 'codec': 'int4' "
            "}] "
            "}",
            {"rules[0].match", "layers(A-B)"});
    }
    void mistakes_are_named_with_their_field() {
        QFETCH(QString, text);
        QFETCH(QStringList, parts);
        const QString message = errorOf([&] { parse(text.toStdString()); });
        QVERIFY(!message.isEmpty());
        for (const QString& part : parts) {
            QVERIFY2(message.contains(part), qPrintable(message));
        }
    }

    void more_than_ten_thousand_rules_are_refused() {
        Json document = Recipe{"n", "bf16", {}}.toJson();
        for (int i = 0; i < 10'000; ++i) {
            document["rules"].push_back({{"match", "mlp"}, {"codec", "int4"}});
        }
        QCOMPARE(Recipe::fromJson(document, "r").rules.size(), std::size_t{10'000});
        document["rules"].push_back({{"match", "mlp"}, {"codec", "int4"}});
        QVERIFY(errorOf([&] { Recipe::fromJson(document, "r"); }).contains("10000"));
        document["rules"] = Json::array({{{"match", std::string(501, 'x')}, {"codec", "int4"}}});
        QVERIFY(errorOf([&] { Recipe::fromJson(document, "r"); }).contains("rules[0].match"));
    }
};

QTEST_APPLESS_MAIN(RecipeJsonTest)
#include "tst_recipe_json.moc"
