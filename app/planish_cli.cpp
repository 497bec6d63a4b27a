// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/commands.h"
#include "cli/terminal_monitor.h"
#include "support/error.h"
#include "support/system.h"

#include <fmt/format.h>

#include <exception>
#include <new>

namespace {

/// Exit statuses of the interfaces: what scripts rely on.
enum ExitStatus { done = 0, workFailed = 1, inputWrong = 2, interrupted = 130 };

int fail(ExitStatus status, const char* message) {
    fmt::print(stderr, "planish-cli: {}\n", message);
    return status;
}

} // namespace

int main(int argc, char** argv) {
    using namespace planish;
    keepFreedBuffers();
    CLI::App app("Planish: shrink language models and measure what it costs");
    app.set_version_flag("--version", applicationVersion());
    app.require_subcommand(1);
    cli::addInfo(app);
    cli::addCodecs(app);
    cli::addTokenize(app);
    cli::addEval(app);
    cli::addLogits(app);
    cli::addRun(app);
    cli::addSweep(app);
    cli::addSensitivity(app);
    cli::addAllocate(app);
    cli::addFrontier(app);
    cli::addCompare(app);
    cli::addAnnotate(app);
    cli::addMerge(app);
    cli::addReport(app);
    cli::addClaims(app);
    cli::addExport(app);
    cli::addGenerate(app);
    cli::addCache(app);
    cli::catchInterrupts();
    try {
        app.parse(argc, argv);
        return done;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : inputWrong;
    } catch (const Cancelled&) {
        return fail(interrupted, "interrupted; what was recorded is kept");
    } catch (const InputError& error) {
        return fail(inputWrong, error.what());
    } catch (const std::bad_alloc&) {
        return fail(workFailed, "out of memory: use fewer windows or a shorter context");
    } catch (const std::exception& error) {
        return fail(workFailed, error.what());
    }
}
