// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/recipe_editor.h"
#include "models/recipe_text.h"
#include "test_support.h"
#include "ui/layer_fixture.h"

#include <QLocale>
#include <QSignalSpy>
#include <QTest>
#include <random>

using planish::Codec;
using planish::Recipe;
using planish::RecipeEditor;
using planish::Role;
using planish::test::errorOf;
using planish::test::layerTensors;
using planish::test::tensorOf;

namespace {

QStringList codecNames(const RecipeEditor& editor) {
    QStringList names;
    for (const Codec& codec : editor.codecs()) {
        names += planish::fromUtf8(codec.name());
    }
    return names;
}

std::vector<int> tensorsOf(const RecipeEditor& editor, std::string_view group) {
    std::vector<int> found;
    for (std::size_t index = 0; index < editor.tensors().size(); ++index) {
        if (planish::roleGroup(editor.tensors()[index].role) == group) {
            found.push_back(static_cast<int>(index));
        }
    }
    return found;
}

} // namespace

class TestRecipeEditor : public QObject {
    Q_OBJECT

  private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void without_a_model_there_is_nothing_to_edit() {
        RecipeEditor editor;
        QVERIFY(!editor.hasModel());
        QCOMPARE(editor.size().totalBytes, 0u);
        QVERIFY(errorOf([&] {
                    editor.setRecipe(Recipe::uniform("int4:g64"), {});
                }).contains(QStringLiteral("model")));
    }

    void a_new_model_starts_in_four_bits_with_an_empty_history() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("first"), layerTensors(1), true);
        editor.setCodec({0}, Codec::parse("int8:g64"));
        QSignalSpy changed(&editor, &RecipeEditor::modelChanged);
        editor.setModel(QStringLiteral("second"), layerTensors(4), true);
        QCOMPARE(changed.size(), 1);
        QCOMPARE(editor.modelName(), QStringLiteral("second"));
        QCOMPARE(editor.name(), QStringLiteral("int4:g64"));
        QVERIFY(!editor.undoStack()->canUndo());
        for (std::size_t index = 0; index < editor.tensors().size(); ++index) {
            QCOMPARE(editor.codecs()[index].name(),
                     std::string(isDecoderLinear(editor.tensors()[index].role) ? "int4:g64" : "bf16"));
        }
    }

    void an_edit_is_one_step_and_undo_restores_codecs_and_name() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(4), true);
        const QStringList before = codecNames(editor);
        const std::vector<int> mlp = tensorsOf(editor, "mlp");
        QSignalSpy changed(&editor, &RecipeEditor::codecsChanged);
        editor.setCodec(mlp, Codec::parse("int3:g64"));
        QCOMPARE(changed.size(), 1);
        QCOMPARE(changed.front().front().value<std::vector<int>>(), mlp);
        QCOMPARE(codecNames(editor).count(QStringLiteral("int3:g64")), 12);
        QCOMPARE(editor.undoStack()->undoText(), QStringLiteral("Set 12 MLP tensors to int3:g64"));
        QCOMPARE(editor.name(), QStringLiteral("attention int4:g64, mlp int3:g64"));
        QCOMPARE(editor.recipe().name, editor.name().toStdString());
        editor.undoStack()->undo();
        QCOMPARE(codecNames(editor), before);
        QCOMPARE(editor.name(), QStringLiteral("int4:g64"));
        editor.undoStack()->redo();
        QCOMPARE(codecNames(editor).count(QStringLiteral("int3:g64")), 12);
    }

    void steps_say_what_they_did() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        const auto textOf = [&](std::vector<int> tensors, const char* codec) {
            editor.setCodec(tensors, Codec::parse(codec));
            return editor.undoStack()->undoText();
        };
        QCOMPARE(textOf({tensorOf(1, Role::query)}, "int8:g64"),
                 QStringLiteral("Set block 1 q_proj to int8:g64"));
        QCOMPARE(textOf({tensorOf(0, Role::query), tensorOf(1, Role::query)}, "int3:g64"),
                 QStringLiteral("Set 2 q tensors to int3:g64"));
        QCOMPARE(textOf({tensorOf(0, Role::query), tensorOf(0, Role::key)}, "int2:g64"),
                 QStringLiteral("Set 2 attention tensors to int2:g64"));
        QCOMPARE(textOf({tensorOf(0, Role::query), tensorOf(0, Role::up)}, "int5:g64"),
                 QStringLiteral("Set 2 tensors to int5:g64"));
        QCOMPARE(textOf({0}, "int8:g64"), QStringLiteral("Set embed_tokens to int8:g64"));
    }

    void trying_codecs_on_the_same_tensors_is_one_step() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        const QStringList before = codecNames(editor);
        const std::vector<int> attention = tensorsOf(editor, "attention");
        for (const char* codec : {"int8:g64", "int2:g64", "int3:g64"}) {
            editor.setCodec(attention, Codec::parse(codec));
        }
        QCOMPARE(editor.undoStack()->count(), 1);
        QCOMPARE(editor.undoStack()->undoText(), QStringLiteral("Set 8 attention tensors to int3:g64"));
        editor.undoStack()->undo();
        QCOMPARE(codecNames(editor), before);
    }

    void going_back_by_hand_leaves_no_step_and_the_old_name() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        editor.setName(QStringLiteral("my recipe"));
        editor.setCodec({2, 3}, Codec::parse("int8:g64"));
        editor.setCodec({3, 2, 2}, Codec::parse("int4:g64"));
        QCOMPARE(editor.undoStack()->count(), 1);
        QCOMPARE(editor.undoStack()->undoText(), QStringLiteral("Name the recipe \"my recipe\""));
        QCOMPARE(editor.name(), QStringLiteral("my recipe"));
    }

    void edits_of_different_tensors_are_separate_steps() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        editor.setCodec({2, 3}, Codec::parse("int8:g64"));
        editor.setCodec({2}, Codec::parse("int3:g64"));
        editor.setCodec({2}, Codec::parse("int3:g64"));
        QCOMPARE(editor.undoStack()->count(), 2);
    }

    void tensors_get_a_codec_as_a_run_will_store_them() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(1), true);
        const int output = tensorOf(0, Role::output);
        const int query = tensorOf(0, Role::query);
        editor.setCodec({query, output}, Codec::parse("int4:g64+awq:folded"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(query)].name(), std::string("int4:g64+awq:folded"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(output)].name(), std::string("int4:g64+awq"));
        const int embedding = 0;
        editor.setCodec({embedding, query}, Codec::parse("int4:g64+gptq"));
        QCOMPARE(editor.codecs()[0].name(), std::string("bf16"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(query)].name(), std::string("int4:g64+gptq"));
        const QString message = errorOf([&] { editor.setCodec({embedding}, Codec::parse("int4:g64+gptq")); });
        QVERIFY2(message.contains(QStringLiteral("embedding")), qPrintable(message));
    }

    void norms_keep_their_float_codec() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(1), true);
        const int norm = tensorOf(0, Role::norm);
        const int query = tensorOf(0, Role::query);
        editor.setCodec({norm, query}, Codec::parse("int3:g64"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(norm)].name(), std::string("bf16"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(query)].name(), std::string("int3:g64"));
        editor.setCodec({norm}, Codec::parse("fp32"));
        QCOMPARE(editor.codecs()[static_cast<std::size_t>(norm)].name(), std::string("fp32"));
        const QString message = errorOf([&] { editor.setCodec({norm}, Codec::parse("int8:g64")); });
        QVERIFY2(message.contains(QStringLiteral("int8:g64")) && message.contains(QStringLiteral("Norms")),
                 qPrintable(message));
    }

    void a_recipe_replaces_all_codecs_in_one_step() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        const QStringList before = codecNames(editor);
        const Recipe recipe{"mixed bag", "bf16", {{"attention", "int8:g64"}, {"mlp", "int3:g64"}}};
        editor.setRecipe(recipe, QStringLiteral("Load recipe"));
        QCOMPARE(editor.undoStack()->count(), 1);
        QCOMPARE(editor.undoStack()->undoText(), QStringLiteral("Load recipe"));
        QCOMPARE(editor.name(), QStringLiteral("mixed bag"));
        QCOMPARE(codecNames(editor).count(QStringLiteral("int8:g64")), 8);
        editor.setRecipe(recipe, QStringLiteral("Load recipe"));
        QCOMPARE(editor.undoStack()->count(), 1);
        editor.undoStack()->undo();
        QCOMPARE(codecNames(editor), before);
    }

    void a_recipe_that_does_not_fit_changes_nothing() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(2), true);
        const QStringList before = codecNames(editor);
        const Recipe recipe{"other model", "bf16", {{"model.layers.77.mlp.up_proj", "int3:g64"}}};
        QVERIFY(!errorOf([&] { editor.setRecipe(recipe, {}); }).isEmpty());
        QCOMPARE(codecNames(editor), before);
        QVERIFY(!editor.undoStack()->canUndo());
    }

    void the_size_is_the_sum_of_packed_bytes() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(4), true);
        const planish::RecipeSize size = editor.size();
        QCOMPARE(size.decoderWeights, 4u * 786432u);
        QCOMPARE(size.decoderBytes, 4u * 786432u * 9u / 16u); // int4:g64 is 4.5 bits a weight
        QCOMPARE(size.totalBytes, size.decoderBytes + 2u * (2048u * 256u + 9u * 256u));
        QCOMPARE(planish::sizeText(size),
                 QStringLiteral("7.1x (4.50 bits/weight) · whole model 5.2x fp32 / 2.6x bf16 · 2.69 MiB"));
    }

    void the_recipe_of_an_edit_gives_the_same_codecs_again() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(3, false), false);
        editor.setCodec({tensorOf(1, Role::up), tensorOf(2, Role::key)}, Codec::parse("int2:g64"));
        const QStringList edited = codecNames(editor);
        const Recipe recipe = editor.recipe();
        editor.undoStack()->undo();
        editor.setRecipe(recipe, QStringLiteral("again"));
        QCOMPARE(codecNames(editor), edited);
    }

    void random_edits_undone_and_redone_pass_through_the_same_recipes() {
        RecipeEditor editor;
        editor.setModel(QStringLiteral("model"), layerTensors(3), true);
        std::mt19937 random(7);
        const auto below = [&](std::size_t count) { return static_cast<int>(random() % count); };
        const std::vector<Codec> codecs = {Codec::parse("bf16"), Codec::parse("int8:g64"),
                                           Codec::parse("int4:g64"), Codec::parse("int3:g64"),
                                           Codec::parse("int2:g128")};
        QList<QStringList> history;
        QList<Recipe> recipes;
        const auto record = [&] {
            // Merging and undo change the length of the history; its index tells which entry this state is.
            history.resize(editor.undoStack()->index());
            recipes.resize(editor.undoStack()->index());
            history += codecNames(editor);
            recipes += editor.recipe();
        };
        record();
        for (int edit = 0; edit < 300; ++edit) {
            std::vector<int> tensors;
            for (int count = 1 + below(4); count > 0; --count) {
                tensors.push_back(tensorOf(below(3), below(2) == 0 ? Role::query : Role::down));
            }
            editor.setCodec(tensors, codecs[static_cast<std::size_t>(below(codecs.size()))]);
            record();
            if (below(5) == 0 && editor.undoStack()->canUndo()) {
                editor.undoStack()->undo();
                QCOMPARE(codecNames(editor), history[editor.undoStack()->index()]);
            }
        }
        QVERIFY(editor.undoStack()->count() > 100);
        for (int index = editor.undoStack()->index(); index >= 0; --index) {
            editor.undoStack()->setIndex(index);
            QCOMPARE(codecNames(editor), history[index]);
            QVERIFY(editor.recipe() == recipes[index]);
        }
        for (int index = 0; index < recipes.size() && index <= editor.undoStack()->count(); ++index) {
            editor.undoStack()->setIndex(index);
            QCOMPARE(codecNames(editor), history[index]);
        }
    }
};

QTEST_GUILESS_MAIN(TestRecipeEditor)
#include "tst_recipe_editor.moc"
