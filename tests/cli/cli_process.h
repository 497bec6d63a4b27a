// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/json.h"
#include "test_support.h"

#include <QProcess>
#include <QStringList>

namespace planish::test {

/// One call of a program.
struct CliResult {
    int status = -1;
    QByteArray out;
    QByteArray err;

    Json json() const { return parseJson(out.toStdString(), "stdout"); }
};

inline CliResult runProgram(const std::string& name, const QStringList& arguments,
                            const QByteArray& input = {}) {
    QProcess process;
    process.start(QString::fromStdString(binary(name).string()), arguments);
    process.write(input);
    process.closeWriteChannel();
    if (!process.waitForFinished(120'000)) {
        process.kill();
        return {};
    }
    return {process.exitStatus() == QProcess::NormalExit ? process.exitCode() : -1,
            process.readAllStandardOutput(), process.readAllStandardError()};
}

inline CliResult cli(const QStringList& arguments, const QByteArray& input = {}) {
    return runProgram("planish-cli", arguments, input);
}

} // namespace planish::test
