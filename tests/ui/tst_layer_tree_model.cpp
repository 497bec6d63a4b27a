// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_choices.h"
#include "models/layer_filter_model.h"
#include "models/layer_tree_model.h"
#include "models/recipe_text.h"
#include "ui/layer_fixture.h"

#include <QAbstractItemModelTester>
#include <QFont>
#include <QLocale>
#include <QSignalSpy>
#include <QTest>

using planish::Codec;
using planish::LayerFilterModel;
using planish::LayerTreeModel;
using planish::Recipe;
using planish::RecipeEditor;
using planish::Role;
using planish::test::layerTensors;
using planish::test::tensorOf;

namespace {

/// One line a row, indented: "Layer | Codec".
QStringList printTree(const QAbstractItemModel& model, const QModelIndex& parent = {}, int depth = 0) {
    QStringList lines;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, 0, parent);
        const QString codec = index.siblingAtColumn(LayerTreeModel::codecColumn).data().toString();
        lines += QStringLiteral("%1%2 | %3").arg(QString(depth * 2, u' '), index.data().toString(), codec);
        lines += printTree(model, index, depth + 1);
    }
    return lines;
}

QStringList layersOf(const QAbstractItemModel& model, const QModelIndex& parent = {}) {
    QStringList names;
    for (int row = 0; row < model.rowCount(parent); ++row) {
        const QModelIndex index = model.index(row, 0, parent);
        names +=
            model.hasChildren(index)
                ? layersOf(model, index)
                : QStringList(QStringLiteral("%1/%2").arg(
                      index.parent().parent().data().toString().section(u' ', 1), index.data().toString()));
    }
    return names;
}

} // namespace

class TestLayerTreeModel : public QObject {
    Q_OBJECT

    RecipeEditor editor_;

    static constexpr auto codecColumn = LayerTreeModel::codecColumn;

  private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }
    void init() { editor_.setModel(QStringLiteral("model"), layerTensors(2), true); }

    void the_tree_shows_the_network_in_its_order() {
        editor_.setModel(QStringLiteral("model"), layerTensors(1, false), false);
        editor_.setCodec({tensorOf(0, Role::key)}, Codec::parse("int3:g64"));
        LayerTreeModel model(&editor_);
        QCOMPARE(printTree(model), QStringList({
                                       QStringLiteral("Embedding | bf16"),
                                       QStringLiteral("Block 0 | mixed"),
                                       QStringLiteral("  Attention | mixed"),
                                       QStringLiteral("    q_proj | int4:g64"),
                                       QStringLiteral("    k_proj | int3:g64"),
                                       QStringLiteral("    v_proj | int4:g64"),
                                       QStringLiteral("    o_proj | int4:g64"),
                                       QStringLiteral("  MLP | int4:g64"),
                                       QStringLiteral("    gate_proj | int4:g64"),
                                       QStringLiteral("    up_proj | int4:g64"),
                                       QStringLiteral("    down_proj | int4:g64"),
                                       QStringLiteral("  Norms | bf16"),
                                       QStringLiteral("    input_layernorm | bf16"),
                                       QStringLiteral("    post_attention_layernorm | bf16"),
                                       QStringLiteral("Final norm | bf16"),
                                       QStringLiteral("Head | bf16"),
                                   }));
    }

    void a_tied_embedding_says_that_it_is_the_head_too() {
        LayerTreeModel model(&editor_);
        QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("Embedding and head"));
    }

    void another_recipe_stands_beside_where_it_differs() {
        RecipeEditor other;
        other.setModel(QStringLiteral("model"), layerTensors(2), true);
        other.setCodec({tensorOf(1, Role::up), tensorOf(1, Role::down)}, Codec::parse("int3:g64"));
        other.setCodec({tensorOf(1, Role::key)}, Codec::parse("int8:g64"));
        LayerTreeModel model(&editor_);
        model.setOther(&other, QStringLiteral("run 7"));
        const auto there = [&](int tensor) {
            return model.indexOf(tensor, LayerTreeModel::otherColumn).data().toString();
        };
        QCOMPARE(model.differenceCount(), 3);
        QCOMPARE(there(tensorOf(1, Role::up)), QStringLiteral("int3:g64"));
        QCOMPARE(there(tensorOf(0, Role::up)), QString());
        QCOMPARE(model.index(1, LayerTreeModel::otherColumn).data().toString(), QString());
        const QModelIndex block = model.index(2, LayerTreeModel::otherColumn);
        QVERIFY2(block.data().toString().startsWith(QStringLiteral("3 ")),
                 qPrintable(block.data().toString()));
        QVERIFY(block.data(Qt::BackgroundRole).isValid());
        QVERIFY(block.data(Qt::ToolTipRole).toString().contains(QStringLiteral("int3:g64: 2 tensors")));
        QCOMPARE(model.headerData(LayerTreeModel::otherColumn, Qt::Horizontal).toString(),
                 QStringLiteral("run 7"));
        editor_.setCodec({tensorOf(1, Role::up)}, Codec::parse("int3:g64")); // follows both
        QCOMPARE(there(tensorOf(1, Role::up)), QString());
        other.undoStack()->setIndex(0);
        QCOMPARE(there(tensorOf(1, Role::up)), QStringLiteral("int4:g64"));
        QCOMPARE(model.differenceCount(), 1);
        model.setOther(nullptr);
        QCOMPARE(model.differenceCount(), 0);
    }

    void the_models_keep_the_rules_of_item_models() {
        LayerTreeModel model(&editor_);
        LayerFilterModel filtered(&model);
        QAbstractItemModelTester modelTester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
        QAbstractItemModelTester filterTester(&filtered,
                                              QAbstractItemModelTester::FailureReportingMode::QtTest);
        editor_.setCodec({tensorOf(1, Role::up)}, Codec::parse("int2:g64"));
        filtered.setFilterText(QStringLiteral("block 1 int2"));
        editor_.undoStack()->undo();
        filtered.refresh();
        QCOMPARE(filtered.rowCount(), 0);
        filtered.setFilterText({});
        RecipeEditor other;
        model.setSource(&other);
        QCOMPARE(model.rowCount(), 0);
        other.setModel(QStringLiteral("other"), layerTensors(3), true);
        QCOMPARE(model.rowCount(), 5);
        model.setSource(&editor_);
        QCOMPARE(model.rowCount(), 4);
    }

    void groups_of_different_codecs_are_mixed_and_say_which() {
        LayerTreeModel model(&editor_);
        editor_.setCodec({tensorOf(0, Role::query)}, Codec::parse("int8:g64"));
        const QModelIndex block = model.index(1, codecColumn);
        QCOMPARE(block.data().toString(), QStringLiteral("mixed"));
        QVERIFY(block.data(LayerTreeModel::mixedRole).toBool());
        QVERIFY(block.data(Qt::FontRole).value<QFont>().italic());
        QCOMPARE(block.data(Qt::ToolTipRole).toString(),
                 QStringLiteral("int4:g64: 6 tensors\nint8:g64: 1 tensor"));
        QCOMPARE(block.data(Qt::EditRole).toString(), QString());
        const QModelIndex otherBlock = model.index(2, codecColumn);
        QCOMPARE(otherBlock.data().toString(), QStringLiteral("int4:g64"));
        QVERIFY(!otherBlock.data(Qt::FontRole).value<QFont>().italic());
    }

    void numbers_are_exact_and_groups_weigh_their_tensors() {
        LayerTreeModel model(&editor_);
        const auto cell = [&](int tensor, int column) { return model.indexOf(tensor, column); };
        const int up = tensorOf(0, Role::up);
        QCOMPARE(cell(up, LayerTreeModel::shapeColumn).data().toString(), QStringLiteral("768 × 256"));
        QCOMPARE(cell(up, LayerTreeModel::weightsColumn).data().toString(), QStringLiteral("196,608"));
        QCOMPARE(cell(up, LayerTreeModel::bitsColumn).data().toString(), QStringLiteral("4.50"));
        QCOMPARE(cell(up, LayerTreeModel::sizeColumn).data().toString(), QStringLiteral("108 KiB"));
        QCOMPARE(cell(up, LayerTreeModel::sizeColumn).data(LayerTreeModel::sortRole).toULongLong(), 110592u);
        QCOMPARE(cell(tensorOf(0, Role::norm), LayerTreeModel::shapeColumn).data().toString(),
                 QStringLiteral("256"));
        // 786,432 weights of 4.5 bits and 512 of 16
        const QModelIndex block = model.index(1, LayerTreeModel::bitsColumn);
        QCOMPARE(block.data(LayerTreeModel::sortRole).toDouble(), (786432 * 4.5 + 512 * 16) / 786944);
        QCOMPARE(block.data(Qt::TextAlignmentRole).value<Qt::Alignment>(), Qt::AlignRight | Qt::AlignVCenter);
    }

    void editing_a_group_sets_its_matrices_and_undo_restores_them() {
        LayerTreeModel model(&editor_);
        const QStringList before = printTree(model);
        QSignalSpy changed(&model, &QAbstractItemModel::dataChanged);
        QVERIFY(model.setData(model.index(1, codecColumn), QStringLiteral("int3:g64")));
        QVERIFY(!changed.isEmpty());
        QCOMPARE(printTree(model).filter(QStringLiteral("int3:g64")).size(), 10);
        QCOMPARE(editor_.codecs()[static_cast<std::size_t>(tensorOf(0, Role::norm))].name(),
                 std::string("bf16"));
        editor_.undoStack()->undo();
        QCOMPARE(printTree(model), before);
    }

    void text_that_is_no_codec_is_refused_with_the_reason() {
        LayerTreeModel model(&editor_);
        QSignalSpy refused(&model, &LayerTreeModel::editRefused);
        QVERIFY(!model.setData(model.index(1, codecColumn), QStringLiteral("int99:g64")));
        QVERIFY(
            !model.setData(model.indexOf(tensorOf(0, Role::norm), codecColumn), QStringLiteral("int4:g64")));
        QCOMPARE(refused.size(), 2);
        QVERIFY(refused[0][0].toString().contains(QStringLiteral("int99")));
        QVERIFY(refused[1][0].toString().contains(QStringLiteral("Norms")));
        QVERIFY(!editor_.undoStack()->canUndo());
    }

    void only_codecs_of_an_editable_model_can_be_edited() {
        LayerTreeModel model(&editor_);
        QVERIFY(model.index(1, codecColumn).flags() & Qt::ItemIsEditable);
        QVERIFY(!(model.index(1, LayerTreeModel::layerColumn).flags() & Qt::ItemIsEditable));
        model.setEditable(false);
        QVERIFY(!(model.index(1, codecColumn).flags() & Qt::ItemIsEditable));
        QVERIFY(!model.setData(model.index(1, codecColumn), QStringLiteral("int3:g64")));
    }

    void another_recipe_of_the_same_model_keeps_the_rows() {
        LayerTreeModel model(&editor_);
        RecipeEditor other;
        other.setModel(QStringLiteral("model"), layerTensors(2), true);
        other.setRecipe(Recipe::uniform("int2:g64"), {});
        QSignalSpy reset(&model, &QAbstractItemModel::modelReset);
        model.setSource(&other);
        QCOMPARE(reset.size(), 0);
        QCOMPARE(model.index(1, codecColumn).data().toString(), QStringLiteral("int2:g64"));
        editor_.setCodec({tensorOf(0, Role::query)}, Codec::parse("int8:g64"));
        QCOMPARE(model.index(1, codecColumn).data().toString(), QStringLiteral("int2:g64"));
    }

    void the_filter_finds_roles_names_codecs_and_blocks_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("layers");
        const auto row = [](const char* text, const char* layers) {
            QTest::newRow(text) << QString::fromUtf8(text)
                                << QString::fromUtf8(layers).split(u' ', Qt::SkipEmptyParts);
        };
        row("mlp", "0/gate_proj 0/up_proj 0/down_proj 1/gate_proj 1/up_proj 1/down_proj");
        row("MLP block 1", "1/gate_proj 1/up_proj 1/down_proj");
        row("q", "0/q_proj 1/q_proj");
        row("attention layers(1-5)", "1/q_proj 1/k_proj 1/v_proj 1/o_proj");
        row("int8", "1/up_proj");
        row("gate_proj", "0/gate_proj 1/gate_proj");
        row("model.layers.0.mlp.up_proj", "0/up_proj");
        row("norm 0", "0/input_layernorm 0/post_attention_layernorm");
        row("block 7", "");
        row("nothing", "");
    }

    void the_filter_finds_roles_names_codecs_and_blocks() {
        QFETCH(QString, text);
        QFETCH(QStringList, layers);
        editor_.setCodec({tensorOf(1, Role::up)}, Codec::parse("int8:g64"));
        LayerTreeModel model(&editor_);
        LayerFilterModel filtered(&model);
        filtered.setFilterText(text);
        QCOMPARE(layersOf(filtered), layers);
        filtered.setFilterText(QStringLiteral("  "));
        QCOMPARE(printTree(filtered), printTree(model));
    }

    void editing_a_filtered_group_leaves_hidden_tensors_alone() {
        LayerTreeModel model(&editor_);
        LayerFilterModel filtered(&model);
        filtered.setFilterText(QStringLiteral("up"));
        const QModelIndex block = filtered.index(0, codecColumn);
        QCOMPARE(filtered.editableTensors({block}), std::vector<int>{tensorOf(0, Role::up)});
        QVERIFY(filtered.setData(block, QStringLiteral("int3:g64")));
        QCOMPARE(editor_.undoStack()->undoText(), QStringLiteral("Set block 0 up_proj to int3:g64"));
    }

    void rows_stay_while_their_codecs_are_edited() {
        LayerTreeModel model(&editor_);
        LayerFilterModel filtered(&model);
        filtered.setFilterText(QStringLiteral("int4"));
        const int rows = filtered.rowCount();
        QVERIFY(filtered.setData(filtered.index(0, codecColumn), QStringLiteral("int3:g64")));
        QCOMPARE(filtered.rowCount(), rows);
        filtered.refresh();
        QCOMPARE(filtered.rowCount(), rows - 1);
    }

    void every_codec_offered_can_be_read_and_says_what_it_costs() {
        const std::vector<Codec> inUse = {Codec::parse("int7:g48"), Codec::parse("bf16")};
        const std::vector<planish::TensorInfo> tensors = {
            layerTensors(1)[static_cast<std::size_t>(tensorOf(0, planish::Role::query))]};
        QStringList names;
        for (const planish::CodecChoice& choice : planish::codecChoices(inUse, tensors)) {
            QVERIFY2(planish::readCodec(choice.name).codec.has_value(), qPrintable(choice.name));
            QVERIFY(choice.hint.endsWith(QStringLiteral(" bpw")));
            QVERIFY2(!names.contains(choice.name), qPrintable(choice.name));
            names += choice.name;
        }
        QVERIFY(names.contains(QStringLiteral("int7:g48")));
        QVERIFY(names.contains(QStringLiteral("int4_opt_v1")));
        QCOMPARE(planish::bitsText(planish::bitsPerWeight(Codec::parse("int4:g64"), tensors)),
                 QStringLiteral("4.50"));
        QVERIFY(!planish::readCodec(QStringLiteral(" ")).error.isEmpty());
    }
};

QTEST_MAIN(TestLayerTreeModel)
#include "tst_layer_tree_model.moc"
