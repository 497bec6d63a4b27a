// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model.h"
#include "recipe/open_recipe.h"
#include "recipe/recipe.h"
#include "small_llama.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <map>
#include <set>

using namespace planish;
using namespace planish::test;

class RecipePresetsTest : public QObject {
    Q_OBJECT

  private slots:
    void every_preset_loads_resolves_and_explains_itself() {
        const auto presets = recipePresets();
        QVERIFY(presets.size() >= 20);
        std::set<std::string> names;
        const auto tensors = smallLlama(2, true);
        for (const RecipePreset& preset : presets) {
            QVERIFY2(names.insert(preset.recipe.name).second, preset.recipe.name.c_str());
            QVERIFY2(preset.summary.size() > 20 && preset.summary.ends_with('.'), preset.recipe.name.c_str());
            const auto codecs = resolve(preset.recipe, tensors, true);
            QVERIFY(recipeSize(codecs, tensors).compression() > 2);
            for (const Codec& codec : codecs) {
                QVERIFY(codec.calibration() != CalibrationUse::required ||
                        (preset.recipe.name.find("uncalibrated") == std::string::npos &&
                         preset.recipe.name.find("without calibration") == std::string::npos));
            }
        }
    }

    void presets_go_from_the_finest_to_the_coarsest() {
        const Model model = Model::open("folio-23m");
        double before = 32;
        for (const RecipePreset& preset : recipePresets()) {
            const auto codecs = resolve(preset.recipe, model.tensors(), true);
            const double bits = recipeSize(codecs, model.tensors()).bitsPerWeight();
            QVERIFY2(bits <= before, preset.recipe.name.c_str());
            before = bits;
        }
    }

    void presets_that_state_their_bits_have_them() {
        // On rows that all groups divide.
        for (const RecipePreset& preset : recipePresets()) {
            const std::string& text = preset.summary;
            const std::size_t end = text.find(" bits a weight");
            if (end == std::string::npos || preset.recipe.rules[0].codec != preset.recipe.rules[1].codec) {
                continue;
            }
            const double stated = std::stod(text);
            const Codec codec = Codec::parse(preset.recipe.rules[0].codec);
            QCOMPARE(8.0 * static_cast<double>(codec.packedBytes({4, 1024})) / 4096, stated);
        }
    }

    void the_named_modes_of_old_are_there() {
        std::map<std::string, std::vector<std::string>> codecs;
        for (const RecipePreset& preset : recipePresets()) {
            for (const RecipeRule& rule : preset.recipe.rules) {
                codecs[preset.recipe.name].push_back(rule.codec);
            }
        }
        using Codecs = std::vector<std::string>;
        QCOMPARE(codecs.at("int4_opt_v1"), (Codecs{"int4:g16+refine", "int4:g16+refine"}));
        QCOMPARE(codecs.at("INT3 MLP only"), (Codecs{"int4:g64+gptq", "int3:g64+gptq"}));
        QCOMPARE(codecs.at("full INT3"), (Codecs{"int3:g128+gptq", "int3:g128+gptq"}));
        QCOMPARE(codecs.at("pure PQ"), (Codecs{"pq:d8:k256:m1", "pq:d8:k256:m1"}));
        QCOMPARE(codecs.at("NF4"), (Codecs{"nf4:g64", "nf4:g64"}));
    }

    void hybrid_modes_have_the_size_in_their_name_data() {
        QTest::addColumn<QString>("name");
        QTest::addColumn<double>("least");
        QTest::addColumn<double>("most");
        QTest::newRow("sparsity") << "10 % sparsity" << 32 / 9.0 << 32 / 9.0;
        QTest::newRow("g256, two stages") << "hybrid g256 + residual" << 32 / 6.25 << 32 / 6.25;
        QTest::newRow("g256, rank 2") << "hybrid g256 + residual at 7.5x" << 7.45 << 7.65;
        QTest::newRow("g128") << "hybrid g128" << 32 / 4.25 << 32 / 4.25;
        QTest::newRow("aggressive") << "aggressive layer-aware" << 8.0 << 9.0;
        QTest::newRow("mixed") << "mixed INT4/INT3" << 32 / 3.5 << 32 / 3.5;
        QTest::newRow("3 bits in the MLP") << "INT3 MLP only" << 32 / 3.75 << 32 / 3.75;
        QTest::newRow("3 bits") << "full INT3" << 32 / 3.25 << 32 / 3.25;
        QTest::newRow("10x") << "full INT3, 10x" << 10.0 << 10.3;
    }

    /// On the bundled models, a quarter of whose decoder weights is attention.
    void hybrid_modes_have_the_size_in_their_name() {
        QFETCH(QString, name);
        QFETCH(double, least);
        QFETCH(double, most);
        const Recipe recipe = openRecipe(name.toStdString());
        for (const char* folder : {"folio-4m", "folio-23m"}) {
            const Model model = Model::open(folder);
            const auto codecs = resolve(recipe, model.tensors(), true);
            const double compression = recipeSize(codecs, model.tensors()).compression();
            QVERIFY2(least <= compression && compression <= most, std::to_string(compression).c_str());
        }
    }

    void a_recipe_opens_by_preset_name_file_or_text() {
        QCOMPARE(openRecipe("int4_opt_v1").rules.size(), std::size_t{2});
        const Recipe recipe = Recipe::uniform("int5:g32");
        QVERIFY(openRecipe(recipe.toJson().dump()) == recipe);
        QTemporaryDir folder;
        writeFile(folder.filePath("mine.json").toStdString(), recipe.toJson().dump());
        QVERIFY(openRecipe("mine.json", folder.path().toStdString()) == recipe);
        const QString message = errorOf([] { openRecipe("int4_opt_v2"); });
        QVERIFY2(message.contains("int4_opt_v1"), qPrintable(message));
    }
};

QTEST_APPLESS_MAIN(RecipePresetsTest)
#include "tst_recipe_presets.moc"
