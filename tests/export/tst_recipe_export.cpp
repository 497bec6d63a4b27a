// SPDX-License-Identifier: GPL-3.0-or-later
#include "export/recipe_export.h"
#include "support/file.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QtTest>

using namespace planish;
using namespace planish::test;

class RecipeExportTest : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;

    std::filesystem::path path(const char* name) const {
        return std::filesystem::path(folder_.path().toStdString()) / name;
    }

  private slots:
    void an_exported_recipe_reads_back_equal();
    void a_file_already_there_is_kept_unless_overwriting_is_asked_for();
    void a_folder_that_cannot_be_made_or_written_is_named();
    void a_recipe_that_does_not_read_back_equal_is_an_error();
};

namespace {
const Recipe sample{"Mischung é", "bf16", {{"attention", "int4:g64"}, {"layers(0-1)", "int8:g128"}}};
}

void RecipeExportTest::an_exported_recipe_reads_back_equal() {
    const std::filesystem::path file = exportRecipe(sample, path("new/deep"), false);
    QCOMPARE(file, path("new/deep/recipe.json"));
    QVERIFY(Recipe::fromFile(file.string()) == sample);
}

void RecipeExportTest::a_file_already_there_is_kept_unless_overwriting_is_asked_for() {
    writeFile(path("kept/recipe.json"), "mine");
    QVERIFY_EXCEPTION_THROWN(exportRecipe(sample, path("kept"), false), InputError);
    QCOMPARE(readWholeFile(path("kept/recipe.json"), 100), std::string("mine"));
    exportRecipe(sample, path("kept"), true);
    QVERIFY(Recipe::fromFile(path("kept/recipe.json").string()) == sample);
}

void RecipeExportTest::a_folder_that_cannot_be_made_or_written_is_named() {
    writeFile(path("file"), "no folder");
    for (const std::filesystem::path& folder :
         {path("file"), path("file/below"), std::filesystem::path("/proc/planish-export")}) {
        const QString message = errorOf([&] { exportRecipe(sample, folder, true); });
        QVERIFY2(message.contains(QString::fromStdString(folder.string())), qPrintable(message));
    }
}

void RecipeExportTest::a_recipe_that_does_not_read_back_equal_is_an_error() {
    Recipe recipe = sample;
    recipe.rules[0].codec = "int4:g64:unheard-of";
    QVERIFY(!errorOf([&] { exportRecipe(recipe, path("odd"), false); }).isEmpty());
}

QTEST_GUILESS_MAIN(RecipeExportTest)
#include "tst_recipe_export.moc"
