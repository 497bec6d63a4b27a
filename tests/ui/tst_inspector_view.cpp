// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "layer_fixture.h"
#include "model/model.h"
#include "models/codec_cost_model.h"
#include "models/cost_table.h"
#include "models/model_summary.h"
#include "plots/tensor_plots.h"
#include "views/inspector_view.h"
#include "views/layer_panel.h"
#include "views/layer_selection_link.h"
#include "views/layer_tree_view.h"
#include "views/model_page.h"
#include "views/tensor_page.h"

#include <QAbstractItemModelTester>
#include <QLabel>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTableView>
#include <QTest>
#include <QTextBrowser>
#include <QTreeWidget>
#include <memory>

using namespace planish;

namespace {

constexpr int patience = 60'000; ///< milliseconds
const std::string up = "model.layers.1.mlp.up_proj";

} // namespace

class TestInspectorView : public QObject {
    Q_OBJECT

    std::unique_ptr<RecipeEditor> editor_;
    std::unique_ptr<TensorSelection> tensors_;
    std::unique_ptr<JobQueue> queue_;
    std::unique_ptr<InspectorView> view_;

    TensorPage& page() { return *view_->tensorPage(); }
    int indexOf(const std::string& name) const {
        const auto found = std::ranges::find(editor_->tensors(), name, &TensorInfo::name);
        return static_cast<int>(found - editor_->tensors().begin());
    }
    QString codecOf(const std::string& name) const {
        return QString::fromStdString(editor_->codecs()[static_cast<std::size_t>(indexOf(name))].name());
    }

  private slots:
    void init();
    void cleanup();

    void costs_are_a_table_and_the_best_are_known();
    void parts_add_up_to_the_model();
    void without_a_model_it_says_what_to_do();
    void the_model_is_shown_until_a_tensor_is_selected();
    void text_becomes_tokens();
    void a_selected_tensor_is_looked_into();
    void an_edit_of_the_codec_is_followed();
    void the_latest_selection_wins();
    void a_click_on_a_codec_stores_the_tensor_in_it();
    void enter_in_the_table_does_the_same();
    void what_cannot_be_stored_says_why();
    void statistics_of_inputs_let_calibrated_codecs_be_measured();
    void the_layer_tree_and_the_selection_follow_each_other();
};

void TestInspectorView::init() {
    editor_ = std::make_unique<RecipeEditor>();
    tensors_ = std::make_unique<TensorSelection>();
    queue_ = std::make_unique<JobQueue>();
    const Model model = Model::open("folio-4m");
    editor_->setModel(QStringLiteral("folio-4m"), model.tensors(), model.config().tiedEmbedding);
    view_ = std::make_unique<InspectorView>(*editor_, *tensors_, *queue_);
    view_->resize(520, 700);
    view_->show();
    view_->setModel(QStringLiteral("folio-4m"));
    QVERIFY(QTest::qWaitForWindowActive(view_.get()));
}

void TestInspectorView::cleanup() {
    view_.reset();
    queue_.reset();
}

void TestInspectorView::costs_are_a_table_and_the_best_are_known() {
    CodecCostModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    std::vector<CodecTrial> costs = {{"int8:g64", 8.5, 1e-5, 0.1}, {"int4:g64", 4.5, 1e-2, 0.2}};
    model.show(costs, QStringLiteral("int4:g64"));
    costs.push_back({"int4:row", 4.6, 2e-2, 0.05});
    model.show(costs, QStringLiteral("int4:g64"));
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(model.index(1, CodecCostModel::errorColumn).data().toString(), QStringLiteral("1.000"));
    QCOMPARE(model.index(1, CodecCostModel::noiseColumn).data().toString(), QStringLiteral("20.00"));
    QVERIFY(model.index(1, 0).data(Qt::FontRole).value<QFont>().bold());
    QVERIFY(!model.index(0, 0).data(Qt::FontRole).value<QFont>().bold());
    QCOMPARE(model.rowOf(QStringLiteral("int4:row")), 2);
    QCOMPARE(bestCosts(costs, false), (std::vector<std::size_t>{1, 0}));
    QCOMPARE(bestCosts(costs, true), (std::vector<std::size_t>{1, 2}));
    model.show({costs[2]}, {});
    QCOMPARE(model.rowCount(), 1);
}

void TestInspectorView::parts_add_up_to_the_model() {
    const std::vector<TensorInfo> tensors = test::layerTensors(2, false);
    const std::vector<Codec> codecs(tensors.size(), Codec::parse("bf16"));
    const std::vector<PartSize> parts = partSizes(tensors, codecs);
    QStringList names;
    std::uint64_t weights = 0;
    for (const PartSize& part : parts) {
        names.append(part.name);
        QCOMPARE(part.packedBytes, 2 * part.weights);
        QCOMPARE(part.fileBytes, part.packedBytes);
        weights += part.name == QLatin1String("All") ? 0 : part.weights;
    }
    QCOMPARE(names.join(QLatin1Char('|')),
             QStringLiteral("Embedding|Norms and biases|Attention|MLP|Head|All"));
    QCOMPARE(parts.back().weights, weights);
}

void TestInspectorView::without_a_model_it_says_what_to_do() {
    RecipeEditor editor;
    InspectorView view(editor, *tensors_, *queue_);
    view.show();
    QVERIFY(!view.modelPage()->isVisible());
    const auto labels = view.findChildren<QLabel*>();
    QVERIFY(std::ranges::any_of(labels, [](const QLabel* label) {
        return label->isVisible() && label->text().contains(QStringLiteral("Ctrl+O"));
    }));
}

void TestInspectorView::the_model_is_shown_until_a_tensor_is_selected() {
    QVERIFY(view_->modelPage()->isVisible());
    QTreeWidget* summary = view_->modelPage()->summary();
    const auto value = [&](const char* title) {
        const auto found = summary->findItems(QString::fromLatin1(title), Qt::MatchStartsWith);
        return found.isEmpty() ? QString() : found.front()->text(1);
    };
    QTRY_VERIFY_WITH_TIMEOUT(!value("Fingerprint").isEmpty() && !value("Tokenizer").isEmpty(), patience);
    QCOMPARE(value("Fingerprint").size(), 64);
    QCOMPARE(value("Blocks"), QStringLiteral("4"));
    QVERIFY(view_->modelPage()->parts()->topLevelItemCount() >= 4);
    tensors_->select({up});
    QVERIFY(page().isVisible());
    tensors_->select({up, "model.norm"});
    QVERIFY(view_->modelPage()->isVisible());
}

void TestInspectorView::text_becomes_tokens() {
    ModelPage& model = *view_->modelPage();
    QTRY_VERIFY_WITH_TIMEOUT(
        !model.summary()->findItems(QStringLiteral("Tokenizer"), Qt::MatchExactly).isEmpty(), patience);
    model.text()->setFocus();
    QTest::keyClicks(model.text(), QStringLiteral("It was late"));
    QTRY_VERIFY(model.tokens()->toPlainText().endsWith(QStringLiteral("It was late")));
    const auto ids = Tokenizer::open(Model::open("folio-4m").path()).encode("It was late");
    QVERIFY(
        model.tokenCount()->text().startsWith(QStringLiteral("%1 token(s): %2").arg(ids.size()).arg(ids[0])));
}

void TestInspectorView::a_selected_tensor_is_looked_into() {
    tensors_->select({up});
    QTRY_VERIFY_WITH_TIMEOUT(view_->inspector().inspection().has_value(), patience);
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().isMeasuring(), patience);
    QCOMPARE(page().histogram()->emptyText(), QString());
    QCOMPARE(page().histogram()->levelCount(), 16); // int4:g64
    QVERIFY2(page().summary()->text().contains(QStringLiteral("4.500 bits per weight")),
             qPrintable(page().summary()->text()));
    QVERIFY(view_->inspector().costs().size() > 15);
    QCOMPARE(page().costTable()->model()->rowCount(), int(view_->inspector().costs().size()));
}

void TestInspectorView::an_edit_of_the_codec_is_followed() {
    tensors_->select({up});
    QTRY_VERIFY_WITH_TIMEOUT(view_->inspector().inspection().has_value(), patience);
    editor_->setCodec({indexOf(up)}, Codec::parse("int2:g32"));
    QTRY_VERIFY_WITH_TIMEOUT(
        view_->inspector().inspection() && view_->inspector().inspection()->bitsPerWeight == 3.0, patience);
    QCOMPARE(page().histogram()->levelCount(), 4);
}

void TestInspectorView::the_latest_selection_wins() {
    for (int block = 0; block < 4; ++block) {
        tensors_->select({"model.layers." + std::to_string(block) + ".mlp.down_proj"});
    }
    tensors_->select({"model.layers.0.self_attn.k_proj"});
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().isMeasuring() && view_->inspector().inspection(), patience);
    std::set<std::string> codecs;
    for (const CodecTrial& cost : view_->inspector().costs()) {
        codecs.insert(cost.codec);
    }
    // None of the earlier tensors has left a point.
    QCOMPARE(codecs.size(), view_->inspector().costs().size());
    QVERIFY(page().summary()->text().startsWith(QStringLiteral("128 × 256")));
}

void TestInspectorView::a_click_on_a_codec_stores_the_tensor_in_it() {
    tensors_->select({up});
    page().tabs()->setCurrentIndex(2);
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().isMeasuring(), patience);
    QTest::qWait(50);
    const std::optional<QPointF> pixel = page().costPlot()->pixelOf("int2:g64+mse");
    QVERIFY(pixel.has_value());
    QTest::mouseClick(page().costPlot(), Qt::LeftButton, {}, pixel->toPoint());
    QCOMPARE(codecOf(up), QStringLiteral("int2:g64+mse"));
    editor_->undoStack()->undo();
    QCOMPARE(codecOf(up), QStringLiteral("int4:g64"));
}

void TestInspectorView::enter_in_the_table_does_the_same() {
    tensors_->select({up});
    page().tabs()->setCurrentIndex(2);
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().isMeasuring(), patience);
    QTableView* table = page().costTable();
    table->setFocus();
    QTest::keyClick(table, Qt::Key_Down);
    QTest::keyClick(table, Qt::Key_Down);
    const QString codec = table->currentIndex().siblingAtColumn(0).data().toString();
    QTest::keyClick(table, Qt::Key_Return);
    QCOMPARE(codecOf(up), codec);
}

void TestInspectorView::what_cannot_be_stored_says_why() {
    editor_->setCodec({indexOf(up)}, Codec::parse("int4:g64+gptq"));
    tensors_->select({up});
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().problem().isEmpty(), patience);
    QVERIFY2(view_->inspector().problem().contains(QStringLiteral("statistics")),
             qPrintable(view_->inspector().problem()));
    QVERIFY(!view_->inspector().apply(QStringLiteral("int99")).isEmpty());
}

void TestInspectorView::statistics_of_inputs_let_calibrated_codecs_be_measured() {
    tensors_->select({"model.norm"});
    QVERIFY(!view_->inspector().hasInputs());
    tensors_->select({up});
    page().tabs()->setCurrentIndex(3);
    QVERIFY(page().collectButton()->isVisible());
    QTest::mouseClick(page().collectButton(), Qt::LeftButton);
    QTRY_VERIFY_WITH_TIMEOUT(view_->inspector().inputs() != nullptr, patience);
    QVERIFY(page().inputPlot()->isVisible());
    QVERIFY(!page().collectButton()->isVisible());
    QTRY_VERIFY_WITH_TIMEOUT(!view_->inspector().isMeasuring(), patience);
    const auto& costs = view_->inspector().costs();
    const auto gptq = std::ranges::find_if(
        costs, [](const CodecTrial& cost) { return cost.codec.find("+gptq") != std::string::npos; });
    QVERIFY(gptq != costs.end());
    QVERIFY(gptq->proxyLoss > 0);
    // gate_proj of the same block reads the same.
    tensors_->select({"model.layers.1.mlp.gate_proj"});
    QVERIFY(view_->inspector().inputs() != nullptr);
    tensors_->select({"model.layers.2.mlp.gate_proj"});
    QVERIFY(view_->inspector().inputs() == nullptr);
}

void TestInspectorView::the_layer_tree_and_the_selection_follow_each_other() {
    CostTable costs(editor_.get());
    LayerPanel panel(editor_.get(), &costs);
    panel.resize(500, 600);
    panel.show();
    const LayerSelectionLink link(*panel.tree(), *editor_, *tensors_);
    tensors_->select({up});
    QCOMPARE(panel.tree()->selectedTensors(), QSet<int>{indexOf(up)});
    panel.tree()->setFocus();
    QTest::keyClick(panel.tree(), Qt::Key_Down);
    QVERIFY(tensors_->single() != up && !tensors_->single().empty());
    panel.tree()->clearSelection();
    QVERIFY(tensors_->names().empty());
}

QTEST_MAIN(TestInspectorView)
#include "tst_inspector_view.moc"
