// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop program: planish [MODEL|RESULTS.h5|RECIPE.json]…
#include "icons.h"
#include "main_window.h"
#include "support/system.h"

#include <QApplication>
#include <QCommandLineParser>
#include <QLibraryInfo>
#include <QSettings>
#include <QTranslator>
#include <algorithm>
#include <string_view>

namespace {

void describe(QCommandLineParser& parser) {
    parser.setApplicationDescription(
        QCoreApplication::translate("main", "A workbench for shrinking language models."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("files"),
        QCoreApplication::translate(
            "main", "A model (folder or bundled name), results (.h5), a recipe or sweep (.json)"),
        QStringLiteral("[MODEL|RESULTS.h5|RECIPE.json]…"));
}

/// The window's own scale, on top of the desktop's; Qt reads it when the application starts.
void applyScale() {
    const int percent = QSettings().value(QStringLiteral("window/scalePercent"), 100).toInt();
    if (percent > 100 && percent <= 200 && !qEnvironmentVariableIsSet("QT_SCALE_FACTOR")) {
        qputenv("QT_SCALE_FACTOR", QByteArray::number(percent / 100.0));
    }
}

/// Help and version are told without a display, too.
bool asksForText(int argc, char** argv) {
    return std::any_of(argv + 1, argv + argc, [](const std::string_view argument) {
        return argument == "-h" || argument == "--help" || argument == "-v" || argument == "--version";
    });
}

} // namespace

int main(int argc, char** argv) {
    planish::keepFreedBuffers();
    QCoreApplication::setOrganizationName(QStringLiteral("planish"));
    QCoreApplication::setApplicationName(QStringLiteral("planish"));
    const QString version = QString::fromStdString(planish::applicationVersion());
    QCoreApplication::setApplicationVersion(version.section(QLatin1Char(' '), 1));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    QCommandLineParser parser;
    describe(parser);
    if (asksForText(argc, argv)) {
        const QCoreApplication application(argc, argv);
        parser.process(application);
        return 0;
    }

    applyScale();
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Planish"));
    QGuiApplication::setDesktopFileName(QStringLiteral("org.planish.Planish"));
    const QApplication application(argc, argv);
    QGuiApplication::setWindowIcon(planish::applicationIcon());
    QTranslator texts;
    if (texts.load(QLocale(), QStringLiteral("planish"), QStringLiteral("_"),
                   QStringLiteral(":/translations")) ||
        texts.load(QStringLiteral(":/translations/planish_en.qm"))) {
        QCoreApplication::installTranslator(&texts);
    }
    QTranslator widgets;
    if (widgets.load(QLocale(), QStringLiteral("qtbase"), QStringLiteral("_"),
                     QLibraryInfo::path(QLibraryInfo::TranslationsPath))) {
        QCoreApplication::installTranslator(&widgets);
    }
    parser.process(application);
    planish::Workbench workbench;
    planish::MainWindow window(workbench);
    window.show();
    window.start(parser.positionalArguments());
    return QApplication::exec();
}
