// SPDX-License-Identifier: GPL-3.0-or-later
#include "dialogs/calibration_panel.h"
#include "dialogs/run_settings_bar.h"

#include <QComboBox>
#include <QLabel>
#include <QLocale>
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

  private slots:
    void initTestCase() { QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates)); }

    void runs_calibrate_as_they_need_unless_told_otherwise() {
        const RunSettingsBar bar;
        QVERIFY(!bar.calibration().has_value());
        QCOMPARE(buttonText(bar), QStringLiteral("Calibration: automatic"));
    }

    void what_is_set_is_what_runs_get() {
        const RunSettingsBar bar;
        const CalibrationSettings wanted{"literature", 64, 256, CalibrationInputs::original};
        bar.calibrationPanel()->setSettings(wanted);
        QVERIFY(bar.calibration() == wanted);
        QCOMPARE(buttonText(bar), QStringLiteral("Calibration: 64 × 256 of literature"));
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
        const CalibrationSettings wanted{"docs", 32, 128, CalibrationInputs::original};
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
};

QTEST_MAIN(TestCalibrationPanel)
#include "tst_calibration_panel.moc"
