// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop program: planish [MODEL|RESULTS.h5|RECIPE.json]…
#include "icons.h"
#include "main_window.h"
#include "support/system.h"

#include <QApplication>
#include <QCommandLineParser>
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

    QGuiApplication::setApplicationDisplayName(QStringLiteral("Planish"));
    QGuiApplication::setDesktopFileName(QStringLiteral("planish"));
    const QApplication application(argc, argv);
    QGuiApplication::setWindowIcon(planish::applicationIcon());
    parser.process(application);
    planish::Workbench workbench;
    planish::MainWindow window(workbench);
    window.show();
    window.start(parser.positionalArguments());
    return QApplication::exec();
}
