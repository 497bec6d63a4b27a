// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/cost_table.h"
#include "models/layer_tree_model.h"
#include "views/prediction_label.h"

#include <QAbstractItemModelTester>
#include <QLocale>
#include <QSignalSpy>
#include <QTest>
#include <cmath>

using namespace planish;

/// Predicted costs while a recipe is edited, on folio-4m with a study whose sensitivities are made up.
class CostTableTest : public QObject {
    Q_OBJECT

    Model model_ = Model::open("folio-4m");
    std::unique_ptr<RecipeEditor> editor_;
    std::unique_ptr<CostTable> costs_;

    SensitivityRecord study() const {
        Workers workers;
        SilentMonitor monitor;
        SensitivityRecord record;
        record.id = "study";
        record.model = "folio-4m";
        record.corpus = "calibration";
        record.created = "2000-01-01T00:00:00Z";
        record.modelFingerprint = model_.fingerprint(workers, monitor);
        record.sensitivity.lossPerDivergence = 0.5;
        record.sensitivity.lossPerDivergenceError = 0.1;
        for (const TensorInfo& tensor : model_.tensors()) {
            if (!tensor.isVector) {
                record.sensitivity.tensors.push_back({tensor.name, std::string(roleName(tensor.role)),
                                                      tensor.shape.rows, tensor.shape.columns,
                                                      tensor.role == Role::down ? 2.0 : 1.0, 0.1, 2});
                if (isDecoderLinear(tensor.role)) {
                    record.costs.push_back({tensor.name, "int4:g64", 1, 0.01});
                }
            }
        }
        return record;
    }
    const TensorInfo& down() const { return model_.tensor("model.layers.1.mlp.down_proj"); }
    std::optional<TensorCosts::Total> total() const {
        return costs_->known().total(editor_->tensors(), editor_->codecs());
    }
    bool isKnown() const {
        const auto whole = total();
        return whole && whole->unknown == 0;
    }

  private slots:
    void init() {
        editor_ = std::make_unique<RecipeEditor>();
        costs_ = std::make_unique<CostTable>(editor_.get());
        editor_->setModel("folio-4m", model_.tensors(), true);
    }

    void without_a_study_nothing_is_predicted_and_the_label_offers_one() {
        QVERIFY(!total());
        QVERIFY(!costs_->known().cost(down(), Codec::parse("int4:g64")));
        PredictionLabel label;
        label.showCosts(*costs_, *editor_);
        QVERIFY(label.text().contains("Measure sensitivities"));
        QSignalSpy wanted(&label, &PredictionLabel::measureRequested);
        emit label.linkActivated("measure");
        QCOMPARE(wanted.count(), 1);
    }

    void a_study_of_the_open_model_predicts_what_its_codecs_cost() {
        costs_->setStudies({study()});
        QVERIFY(costs_->study() == nullptr); // whose model is open is not known yet
        costs_->setModel("folio-4m");
        QTRY_VERIFY(costs_->study() != nullptr);
        const auto cost = costs_->known().cost(down(), Codec::parse("int4:g64"));
        QVERIFY(cost && !cost->atMost);
        QCOMPARE(cost->divergence, 0.02);
        QVERIFY(std::abs(cost->standardError - 0.001) < 1e-12);
        QCOMPARE(costs_->known().cost(down(), Codec::parse("bf16"))->divergence, 0.0);
        const auto whole = total(); // int4:g64 in all decoder linears
        QCOMPARE(whole->unknown, 0);
        QVERIFY(std::abs(whole->prediction.divergence - (24 * 0.01 + 4 * 0.02)) < 1e-12);
        QVERIFY(whole->prediction.deltaPplErrorPercent > 0);
        PredictionLabel label;
        label.showCosts(*costs_, *editor_);
        QVERIFY2(label.text().contains(QLocale().toString(100 * (std::exp(0.16) - 1), 'f', 2)),
                 qPrintable(label.text()));
    }

    void a_study_of_another_model_is_not_used() {
        SensitivityRecord other = study();
        other.modelFingerprint = "another";
        QSignalSpy changed(costs_.get(), &CostTable::changed);
        costs_->setStudies({other});
        costs_->setModel("folio-4m");
        QTRY_VERIFY(changed.count() >= 3);
        QVERIFY(costs_->study() == nullptr);
    }

    void errors_that_no_study_has_are_measured_while_editing() {
        costs_->setModel("folio-4m");
        costs_->setStudies({study()});
        QTRY_VERIFY(costs_->study() != nullptr);
        editor_->setCodec({1, 2, 3}, Codec::parse("int3:g32"));
        QTRY_VERIFY(isKnown());
        const TensorInfo& tensor = model_.tensors()[2];
        const auto cost = costs_->known().cost(tensor, Codec::parse("int3:g32"));
        QVERIFY(cost && !cost->atMost);
        Workers workers;
        SilentMonitor monitor;
        const Matrix weights = model_.read(tensor);
        const Codec codec = Codec::parse("int3:g32");
        const PackedTensor packed = codec.encode(weights, {workers, monitor});
        QVERIFY(std::abs(cost->divergence - storageError(weights, codec, packed, workers).relative) < 1e-12);
    }

    void codecs_that_need_statistics_are_predicted_from_above() {
        costs_->setModel("folio-4m");
        costs_->setStudies({study()});
        QTRY_VERIFY(costs_->study() != nullptr);
        editor_->setCodec({2}, Codec::parse("int4:g32+gptq"));
        QTRY_VERIFY(isKnown());
        QVERIFY(costs_->known().cost(model_.tensors()[2], Codec::parse("int4:g32+gptq"))->atMost);
        QVERIFY(total()->atMost);
        editor_->setCodec({2}, Codec::parse("int4:g32+gptq+recover"));
        QTRY_VERIFY(isKnown());
        QVERIFY(total()->atMost);
    }

    void what_only_calibration_could_tell_is_not_said_to_be_measured() {
        costs_->setModel("folio-4m");
        costs_->setStudies({study()});
        QTRY_VERIFY(costs_->study() != nullptr);
        editor_->setCodec({2}, Codec::parse("int4:g32+awq"));
        QTRY_COMPARE(costs_->unmeasurable(), 1);
        QCOMPARE(total()->unknown, 1);
        PredictionLabel label;
        label.showCosts(*costs_, *editor_);
        QVERIFY2(label.text().contains("not known") && !label.text().contains("measured"),
                 qPrintable(label.text()));
        QVERIFY(label.toolTip().contains("calibration"));
        editor_->setCodec({2}, Codec::parse("int4:g64"));
        QCOMPARE(costs_->unmeasurable(), 0);
    }

    void the_layer_tree_sums_costs_and_shades_what_costs_most() {
        LayerTreeModel tree(editor_.get());
        const QAbstractItemModelTester tester(&tree, QAbstractItemModelTester::FailureReportingMode::QtTest);
        tree.setCosts(costs_.get());
        const int index = static_cast<int>(&down() - model_.tensors().data());
        const QModelIndex leaf = tree.indexOf(index, LayerTreeModel::costColumn);
        QCOMPARE(leaf.data().toString(), QString());
        costs_->setModel("folio-4m");
        costs_->setStudies({study()});
        QTRY_COMPARE(leaf.data().toString(), QLocale().toString(20.0, 'f', 2));
        const QModelIndex mlp = leaf.parent().siblingAtColumn(LayerTreeModel::costColumn);
        QCOMPARE(mlp.data().toString(), QLocale().toString(40.0, 'f', 2));
        QVERIFY(leaf.data(Qt::BackgroundRole).isValid());
        QVERIFY(!mlp.data(Qt::BackgroundRole).isValid());
        QVERIFY(leaf.data(Qt::ToolTipRole).toString().contains("nats"));
        QCOMPARE(leaf.data(LayerTreeModel::sortRole).toDouble(), 0.02);
    }
};

QTEST_MAIN(CostTableTest)
#include "tst_cost_table.moc"
