// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"
#include "dialogs/cache_row.h"
#include "dialogs/calibration_panel.h"
#include "dialogs/run_settings_bar.h"
#include "support/sha256.h"

#include <QComboBox>
#include <QDoubleSpinBox>
#include <QLabel>
#include <QLocale>
#include <QPushButton>
#include <QSettings>
#include <QSpinBox>
#include <QTemporaryDir>
#include <QTest>
#include <QToolButton>

using namespace planish;

class TestCalibrationPanel : public QObject {
    Q_OBJECT

    static QLabel* hint(const CalibrationPanel& panel) {
        return panel.findChild<QLabel*>(QStringLiteral("calibrationHint"));
    }
    static QString buttonText(const RunSettingsBar& bar) {
        for (const QToolButton* button : bar.findChildren<QToolButton*>()) {
            if (button->text().startsWith(QStringLiteral("Calibration"))) {
                return button->text();
            }
        }
        return {};
    }

    static QLabel* usage(const CalibrationPanel& panel) {
        return panel.findChild<QLabel*>(QStringLiteral("cacheUsage"));
    }
    static QPushButton* clearButton(const CalibrationPanel& panel) {
        return panel.findChild<CacheRow*>()->findChild<QPushButton*>();
    }
    static InputStatistics statistics(Eigen::Index columns) {
        InputStatistics inputs;
        inputs.hessian = Matrix::Identity(columns, columns);
        inputs.meanMagnitude = inputs.smallest = inputs.largest = Vector::Zero(columns);
        return inputs;
    }

    QTemporaryDir caches_;

  private slots:
    void initTestCase() {
        QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
        qputenv("PLANISH_CACHE", caches_.path().toUtf8());
    }
    void init() { QVERIFY(StatisticsCache::ofUser().clear()); }

    void runs_calibrate_as_they_need_unless_told_otherwise() {
        const RunSettingsBar bar;
        QVERIFY(!bar.calibration().has_value());
        QCOMPARE(buttonText(bar), QStringLiteral("Calibration: automatic"));
    }

    void what_is_set_is_what_runs_get() {
        const RunSettingsBar bar;
        const CalibrationSettings wanted{
            "literature", 64,        256,  CalibrationInputs::original, TokenWeighting::gradient,
            "docs",       2'000'000, 0.002};
        bar.calibrationPanel()->setSettings(wanted);
        QVERIFY(bar.calibration() == wanted);
        QCOMPARE(buttonText(bar), QStringLiteral("Calibration: 64 × 256 of literature"));
        const auto doubles = bar.calibrationPanel()->findChildren<QDoubleSpinBox*>();
        QCOMPARE(doubles.front()->text(), QStringLiteral("2.000 million tokens"));
        bar.calibrationPanel()->findChild<QSpinBox*>()->setValue(65);
        QCOMPARE(bar.calibration()->samples, std::size_t{65});
        bar.calibrationPanel()->setSettings(std::nullopt);
        QVERIFY(!bar.calibration().has_value());
    }

    void the_models_context_counts_when_none_is_given() {
        CalibrationPanel panel;
        panel.setSettings(CalibrationSettings());
        panel.setModel(512, 768);
        QCOMPARE(panel.summary(), QStringLiteral("128 × 512 of calibration"));
        panel.setModel(131072, 768);
        QCOMPARE(panel.summary(), QStringLiteral("128 × 2,048 of calibration"));
    }

    void too_few_tokens_for_the_widest_tensor_are_pointed_out() {
        CalibrationPanel panel;
        panel.setModel(512, 768);
        panel.setSettings(CalibrationSettings{.samples = 12, .context = 512}); // 8 · 768
        QVERIFY(hint(panel)->isHidden());
        panel.setSettings(CalibrationSettings{.samples = 12, .context = 511});
        QVERIFY(!hint(panel)->isHidden());
        QVERIFY(hint(panel)->text().contains(QStringLiteral("6,144")));
    }

    void settings_are_there_again_after_a_restart() {
        const QTemporaryDir folder;
        const QString file = folder.filePath(QStringLiteral("settings.ini"));
        const CalibrationSettings wanted{
            "docs", 32, 128, CalibrationInputs::original, TokenWeighting::gradient, "", 3'000'000, 0.01};
        {
            QSettings settings(file, QSettings::IniFormat);
            CalibrationPanel panel;
            panel.restore(settings);
            QVERIFY(!panel.settings().has_value());
            panel.setSettings(wanted);
            panel.save(settings);
        }
        const QSettings settings(file, QSettings::IniFormat);
        CalibrationPanel panel;
        panel.restore(settings);
        QVERIFY(panel.settings() == wanted);
    }

    void the_size_of_the_cache_is_there_whenever_the_panel_is_shown() {
        CalibrationPanel panel;
        panel.show();
        QCOMPARE(usage(panel)->text(), QStringLiteral("empty"));
        QVERIFY(!clearButton(panel)->isEnabled());
        panel.hide();
        StatisticsCache cache = StatisticsCache::ofUser();
        QVERIFY(cache.keep(sha256Hex("1"), statistics(700)));
        QVERIFY(cache.keep(sha256Hex("2"), statistics(700)));
        panel.findChild<QSpinBox*>()->setValue(65);
        QCOMPARE(usage(panel)->text(), QStringLiteral("empty")); // the folder is not read for every key
        panel.show();
        QCOMPARE(usage(panel)->text(), QStringLiteral("1.89 MiB of 20.0 GiB, 2 statistics, 0 trainings"));
        QVERIFY(clearButton(panel)->isEnabled());
        QVERIFY(usage(panel)->toolTip().startsWith(caches_.path()));
    }

    void enter_in_a_field_does_not_clear_the_cache() {
        StatisticsCache cache = StatisticsCache::ofUser();
        QVERIFY(cache.keep(sha256Hex("1"), statistics(8)));
        CalibrationPanel panel;
        panel.setSettings(CalibrationSettings());
        panel.show();
        for (const Qt::Key key : {Qt::Key_Return, Qt::Key_Enter}) {
            QTest::keyClick(panel.findChild<QSpinBox*>(), key);
        }
        QCOMPARE(cache.entries(), std::size_t{1});
    }

    void the_cache_can_be_cleared_whether_runs_calibrate_or_not() {
        StatisticsCache cache = StatisticsCache::ofUser();
        for (const bool always : {true, false}) {
            QVERIFY(cache.keep(sha256Hex("1"), statistics(8)));
            CalibrationPanel panel;
            panel.setSettings(always ? std::optional(CalibrationSettings()) : std::nullopt);
            panel.show();
            QPushButton* clear = clearButton(panel);
            QVERIFY(!clear->accessibleName().isEmpty() && !clear->toolTip().isEmpty());
            QTest::mouseClick(clear, Qt::LeftButton);
            QCOMPARE(usage(panel)->text(), QStringLiteral("empty"));
            QVERIFY(!clear->isEnabled());
            QCOMPARE(cache.entries(), std::size_t{0});
            QVERIFY(panel.isVisible());
        }
    }
};

QTEST_MAIN(TestCalibrationPanel)
#include "tst_calibration_panel.moc"
