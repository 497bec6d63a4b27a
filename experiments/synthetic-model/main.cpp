// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/terminal_monitor.h"
#include "model_shape.h"
#include "support/system.h"
#include "support/text.h"
#include "synthetic_model.h"

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <optional>

namespace planish {
namespace {

// As far as readModelConfig accepts.
constexpr std::size_t largestSize = 1 << 24;
constexpr std::size_t largestBlocks = 10'000;
constexpr std::size_t largestContext = 1 << 30;

/// What replaces a number of the named shape.
struct Override {
    const char* option;
    const char* help;
    std::size_t ModelConfig::*member;
    std::size_t largest;
    std::optional<std::size_t> value = {};
};

/// Exit statuses, as those of planish-cli.
enum ExitStatus { done = 0, workFailed = 1, inputWrong = 2, interrupted = 130 };

int fail(ExitStatus status, const char* message) {
    fmt::print(stderr, "synthetic-model: {}\n", message);
    return status;
}

void write(const SyntheticModelSettings& settings, int threads) {
    const auto start = std::chrono::steady_clock::now();
    Workers workers(threads);
    cli::TerminalMonitor monitor;
    const SyntheticModelSize size = writeSyntheticModel(settings, workers, monitor);
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    monitor.note(fmt::format("{}: {:.2f} M parameters, {} in {} files, {}, {} of memory",
                             settings.folder.string(), static_cast<double>(size.parameters) / 1e6,
                             formatBytes(size.bytes), size.shards, formatSeconds(seconds.count()),
                             formatBytes(peakMemoryBytes())));
}

int run(int argc, char** argv) {
    CLI::App app("Writes a Llama model of random weights, of any shape, as a Hugging Face folder");
    app.set_version_flag("--version", applicationVersion());
    SyntheticModelSettings settings;
    std::string shape = "tinyllama-1.1b";
    std::array overrides{
        Override{"--hidden", "hidden size", &ModelConfig::hiddenSize, largestSize},
        Override{"--blocks", "decoder blocks", &ModelConfig::blocks, largestBlocks},
        Override{"--heads", "attention heads, which share the hidden size", &ModelConfig::heads, largestSize},
        Override{"--kv-heads", "key/value heads", &ModelConfig::keyValueHeads, largestSize},
        Override{"--mlp", "inner size of the MLP", &ModelConfig::mlpSize, largestSize},
        Override{"--vocab", "tokens of the vocabulary", &ModelConfig::vocabularySize, largestSize},
        Override{"--context", "tokens the model is made for", &ModelConfig::maximumContext, largestContext}};
    bool tied = false;
    std::uint64_t shardMegabytes = settings.shardBytes / 1'000'000;
    int threads = 0;
    app.add_option("OUT", settings.folder, "folder to make")->required();
    app.add_option("--shape", shape, fmt::format("{}", fmt::join(shapeNames(), ", ")))->capture_default_str();
    for (Override& override : overrides) {
        app.add_option(override.option, override.value,
                       fmt::format("{} (default: the shape's)", override.help))
            ->check(CLI::Range(std::size_t{1}, override.largest));
    }
    const auto* tiedOption =
        app.add_flag("--tied,!--untied", tied, "whether the head is the embedding (default: the shape's)");
    app.add_option("--tokenizer", settings.tokenizer,
                   "model to copy the tokenizer of: a Hugging Face folder, or a bundled model")
        ->capture_default_str();
    app.add_option("--seed", settings.seed, "of the weights")->capture_default_str();
    app.add_option("--shard-size", shardMegabytes, "MB of weights a file, unless one tensor has more")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    app.add_option("--threads", threads, "worker threads (default: one a core)")->check(CLI::Range(1, 1024));
    cli::catchInterrupts();
    try {
        app.parse(argc, argv);
        settings.shape = namedShape(shape);
        for (const Override& override : overrides) {
            settings.shape.*override.member = override.value.value_or(settings.shape.*override.member);
        }
        settings.shape.tiedEmbedding = tiedOption->count() > 0 ? tied : settings.shape.tiedEmbedding;
        settings.shape = withHeadSize(settings.shape);
        settings.shardBytes = shardMegabytes * 1'000'000;
        write(settings, threads);
        return done;
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? done : inputWrong;
    } catch (const Cancelled&) {
        return fail(interrupted, "interrupted; what was written is removed");
    } catch (const InputError& error) {
        return fail(inputWrong, error.what());
    } catch (const std::exception& error) {
        return fail(workFailed, error.what());
    }
}

} // namespace
} // namespace planish

int main(int argc, char** argv) {
    return planish::run(argc, argv);
}
