// SPDX-License-Identifier: GPL-3.0-or-later
// The desktop program: planish [MODEL|RESULTS.h5|RECIPE.json]…
#include "icons.h"
#include "main_window.h"
#include "support/system.h"

#include <QApplication>
#include <QCommandLineParser>

int main(int argc, char** argv) {
    QCoreApplication::setOrganizationName(QStringLiteral("planish"));
    QCoreApplication::setApplicationName(QStringLiteral("planish"));
    QGuiApplication::setApplicationDisplayName(QStringLiteral("Planish"));
    QGuiApplication::setDesktopFileName(QStringLiteral("planish"));
    const QString version = QString::fromStdString(planish::applicationVersion());
    QCoreApplication::setApplicationVersion(version.section(QLatin1Char(' '), 1));
    QSettings::setDefaultFormat(QSettings::IniFormat);
    const QApplication application(argc, argv);
    QGuiApplication::setWindowIcon(planish::applicationIcon());

    QCommandLineParser parser;
    parser.setApplicationDescription(
        QCoreApplication::translate("main", "A workbench for shrinking language models."));
    parser.addHelpOption();
    parser.addVersionOption();
    parser.addPositionalArgument(
        QStringLiteral("files"),
        QCoreApplication::translate(
            "main", "A model (folder or bundled name), results (.h5), a recipe or sweep (.json)"),
        QStringLiteral("[MODEL|RESULTS.h5|RECIPE.json]…"));
    parser.process(application);

    planish::MainWindow window;
    window.show();
    window.start(parser.positionalArguments());
    return QApplication::exec();
}
