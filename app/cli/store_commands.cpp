// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/recorded_runs.h"
#include "plots/report.h"
#include "store/results_document.h"

#include <fmt/format.h>

#include <filesystem>
#include <map>
#include <memory>
#include <optional>

namespace planish::cli {

void addAnnotate(CLI::App& app) {
    struct Arguments {
        std::string store;
        std::vector<std::string> runs;
        std::optional<std::string> name;
        std::optional<std::string> tags;
        std::optional<std::string> folder;
        std::optional<std::string> notes;
        bool json = false;
    };
    auto* command = app.add_subcommand("annotate", "name recorded runs, tag them, sort them into folders");
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("STORE", arguments->store, "results document (.h5)")->required();
    command->add_option("RUN", arguments->runs, "ids, beginnings of ids, or names")->required();
    command->add_option("--name", arguments->name, "what the run is called");
    command->add_option("--tags", arguments->tags, "words separated by commas; \"\" for none");
    command->add_option("--folder", arguments->folder, "such as paper/figure2; \"\" for none");
    command->add_option("--notes", arguments->notes, "free text");
    addJson(*command, arguments->json);
    command->callback([arguments] {
        const std::vector<RunRecord> all = readRuns(arguments->store);
        std::map<std::string, RunNotes> notes;
        Json json{{"runs", Json::array()}};
        for (const std::string& key : arguments->runs) {
            RunRecord run = findRun(all, key, arguments->store);
            RunNotes written = notesOf(run);
            written.name = arguments->name.value_or(written.name);
            written.tags = arguments->tags.value_or(written.tags);
            written.folder = arguments->folder.value_or(written.folder);
            written.notes = arguments->notes.value_or(written.notes);
            setNotes(run, written);
            notes[run.id] = notesOf(run);
            json["runs"].push_back(toJson(run));
        }
        ResultsWriter(ResultsDocument(arguments->store)).annotate(notes);
        if (arguments->json) {
            printJson(json);
        } else {
            fmt::print("{} run(s) annotated\n", notes.size());
        }
    });
}

void addMerge(CLI::App& app) {
    struct Arguments {
        std::string store;
        std::vector<std::string> from;
        bool json = false;
    };
    auto* command = app.add_subcommand("merge", "add the runs of other results documents to one");
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("STORE", arguments->store, "results document (.h5) to add to, made when missing")
        ->required();
    command->add_option("FROM", arguments->from, "results documents to take runs from; they stay as they are")
        ->required();
    addJson(*command, arguments->json);
    command->callback([arguments] {
        ResultsWriter writer{ResultsDocument(arguments->store)};
        Json json{{"added", Json::object()}};
        for (const std::string& from : arguments->from) {
            const std::size_t added = writer.merge(ResultsDocument(from));
            json["added"][from] = added;
            if (!arguments->json) {
                fmt::print("{}: {} run(s) added\n", from, added);
            }
        }
        if (arguments->json) {
            printJson(json);
        }
    });
}

void addReport(CLI::App& app) {
    struct Arguments {
        std::string store;
        std::string out;
        std::string title;
        std::vector<std::string> runs;
    };
    auto* command = app.add_subcommand("report", "a page with picture, table and commands, for people");
    const auto arguments = std::make_shared<Arguments>();
    command->add_option("STORE", arguments->store, "results document (.h5)")->required();
    command->add_option("RUN", arguments->runs, "ids, beginnings of ids, or names; all when none is given");
    command->add_option("--out", arguments->out, "file to write: .html or .pdf")->required();
    command->add_option("--title", arguments->title, "heading; the document's file name when not given");
    command->callback([arguments] {
        std::vector<RunRecord> runs = readRuns(arguments->store);
        if (!arguments->runs.empty()) {
            std::vector<RunRecord> chosen;
            for (const std::string& key : arguments->runs) {
                chosen.push_back(findRun(runs, key, arguments->store));
            }
            runs = std::move(chosen);
        }
        const std::string title = arguments->title.empty()
                                      ? std::filesystem::path(arguments->store).stem().string()
                                      : arguments->title;
        Report(std::make_shared<const std::vector<RunRecord>>(std::move(runs)), QString::fromStdString(title))
            .write(QString::fromStdString(arguments->out));
        fmt::print("{}\n", arguments->out);
    });
}

} // namespace planish::cli
