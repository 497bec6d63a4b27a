// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <CLI/CLI.hpp>

namespace planish::cli {

// Each function adds one subcommand; what it does happens in the subcommand's callback.

// codec_commands.cpp: no model
void addCodecs(CLI::App& app);

// model_commands.cpp: one model, nothing recorded
void addInfo(CLI::App& app);
void addTokenize(CLI::App& app);
void addLogits(CLI::App& app);
void addGenerate(CLI::App& app);

// run_commands.cpp: work that is measured
void addEval(CLI::App& app);
void addRun(CLI::App& app);
void addSweep(CLI::App& app);

// allocation_commands.cpp: which codec for which tensor
void addSensitivity(CLI::App& app);
void addAllocate(CLI::App& app);

// document_commands.cpp: what was recorded
void addFrontier(CLI::App& app);
void addCompare(CLI::App& app);

// export_command.cpp: what other programs load
void addExport(CLI::App& app);

// store_commands.cpp: results documents themselves
void addAnnotate(CLI::App& app);
void addMerge(CLI::App& app);
void addReport(CLI::App& app);

// claims_command.cpp
void addClaims(CLI::App& app);

// cache_command.cpp
void addCache(CLI::App& app);

} // namespace planish::cli
