// SPDX-License-Identifier: GPL-3.0-or-later
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/tables.h"
#include "cli/terminal_monitor.h"
#include "evaluation/corpus.h"
#include "experiment/run_executor.h"
#include "inference/forward_pass.h"
#include "inference/generator.h"
#include "inference/logits.h"
#include "support/file.h"
#include "support/text.h"
#include "tokenizer/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <iostream>
#include <iterator>

namespace planish::cli {
namespace {

/// What the folder's tokenizer is, or why it cannot be used: a model without one can still be looked at.
std::string tokenizerDescription(const Model& model) {
    try {
        return Tokenizer::open(model.path()).description();
    } catch (const Error& error) {
        return fmt::format("none ({})", error.what());
    }
}

Json infoDocument(const Model& model) {
    const ModelConfig& config = model.config();
    Json document;
    document["model"] = model.name();
    document["path"] = model.path().string();
    document["architecture"] = config.architecture;
    document["parameters"] = model.parameterCount();
    document["stored_bytes"] = model.storedBytes();
    document["hidden_size"] = config.hiddenSize;
    document["blocks"] = config.blocks;
    document["heads"] = config.heads;
    document["key_value_heads"] = config.keyValueHeads;
    document["head_size"] = config.headSize;
    document["mlp_size"] = config.mlpSize;
    document["vocabulary_size"] = config.vocabularySize;
    document["context"] = config.maximumContext;
    document["tied_embedding"] = config.tiedEmbedding;
    document["rope_theta"] = config.rope.theta;
    document["rope_scaling"] =
        config.rope.scaling ? Json(ropeKindName(config.rope.scaling->kind)) : Json(nullptr);
    document["differences_from_llama"] = differencesFromLlama(config);
    document["tokenizer"] = tokenizerDescription(model);
    for (const TensorInfo& tensor : model.tensors()) {
        document["tensors"].push_back({{"name", tensor.name},
                                       {"role", roleName(tensor.role)},
                                       {"rows", tensor.shape.rows},
                                       {"columns", tensor.shape.columns},
                                       {"type", tensor.type}});
    }
    return document;
}

void printInfo(const Model& model) {
    const ModelConfig& config = model.config();
    fmt::print("{}: {}, {:.2f} M parameters, {} on disk\n", model.name(), config.architecture,
               static_cast<double>(model.parameterCount()) / 1e6, formatBytes(model.storedBytes()));
    fmt::print(
        "{} blocks, hidden {}, {} heads of {} ({} key/value), MLP {}, vocabulary {}, context {} tokens{}\n",
        config.blocks, config.hiddenSize, config.heads, config.headSize, config.keyValueHeads, config.mlpSize,
        config.vocabularySize, config.maximumContext, config.tiedEmbedding ? ", tied embedding" : "");
    const auto& scaling = config.rope.scaling;
    fmt::print("rope theta {}{}; tokenizer: {}\n", config.rope.theta,
               scaling ? fmt::format(", {} scaling", ropeKindName(scaling->kind)) : "",
               tokenizerDescription(model));
    if (const auto differences = differencesFromLlama(config); !differences.empty()) {
        fmt::print("unlike Llama: {}\n", fmt::join(differences, "; "));
    }
    fmt::print("\n");
    std::vector<std::vector<std::string>> rows;
    for (const TensorInfo& tensor : model.tensors()) {
        rows.push_back({tensor.name, std::string(roleName(tensor.role)),
                        fmt::format("{}×{}", tensor.shape.rows, tensor.shape.columns), tensor.type,
                        std::to_string(tensor.count())});
    }
    printTable({"tensor", "role", "shape", "type", "weights"}, rows);
}

std::string readText(const std::string& source) {
    if (source.empty()) {
        return {std::istreambuf_iterator<char>(std::cin), {}};
    }
    return Corpus::open(source).text;
}

std::vector<std::string_view> lines(std::string_view text) {
    std::vector<std::string_view> result;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        result.push_back(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return result;
}

std::vector<TokenId> readIds(const std::string& path) {
    const Json document = parseJsonFile(path, std::uint64_t{256} << 20);
    if (!document.is_array() || document.empty()) {
        throw InputError(path, "document", "a list of token ids", "something else");
    }
    std::vector<TokenId> ids;
    for (const Json& item : document) {
        if (!item.is_number_integer() || item.get<std::int64_t>() < 0 ||
            item.get<std::int64_t>() > INT32_MAX) {
            throw InputError(path, fmt::format("[{}]", ids.size()), "a token id", item.dump());
        }
        ids.push_back(static_cast<TokenId>(item.get<std::int64_t>()));
    }
    return ids;
}

/// NumPy format 1.0, little-endian float32, C order.
std::string npyHeader(std::size_t rows, std::size_t columns) {
    std::string header =
        fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}, {}), }}", rows, columns);
    constexpr std::size_t prefix = 10;
    header.append(64 - (prefix + header.size() + 1) % 64, ' ');
    header += '\n';
    std::string result("\x93NUMPY\x01\x00", 8);
    result += static_cast<char>(header.size() & 0xff);
    result += static_cast<char>(header.size() >> 8);
    return result + header;
}

/// What makes a model of a recipe, for commands that use it without evaluating it.
struct WeightArguments {
    RecipeArguments recipe;
    CalibrationArguments calibration;

    void addTo(CLI::App& command) {
        recipe.addTo(command);
        calibration.addTo(command);
    }
    /// The model's own weights, or those a recipe makes of them.
    std::unique_ptr<WeightSource> open(const Model& model, const std::string& name, std::uint64_t seed,
                                       Workers& workers, JobMonitor& monitor) const {
        if (!recipe.given()) {
            return std::make_unique<OriginalWeights>(model);
        }
        return std::make_unique<PackedModel>(
            RunExecutor(workers)
                .quantize(name, recipe.open(), seed, calibration.settings(), monitor, fastestArithmetic())
                .model);
    }
};

} // namespace

void addInfo(CLI::App& app) {
    struct Arguments {
        std::string model;
        bool json = false;
    };
    auto* command = app.add_subcommand("info", "architecture, tensors, sizes and tokenizer of a model");
    const auto arguments = std::make_shared<Arguments>();
    addModel(*command, arguments->model);
    addJson(*command, arguments->json);
    command->callback([arguments] {
        const Model model = Model::open(arguments->model);
        if (arguments->json) {
            printJson(infoDocument(model));
        } else {
            printInfo(model);
        }
    });
}

void addTokenize(CLI::App& app) {
    struct Arguments {
        std::string model;
        std::string text;
        bool json = false;
        bool noSpecial = false;
    };
    auto* command = app.add_subcommand("tokenize", "token ids of a text, one line for each of its lines");
    const auto arguments = std::make_shared<Arguments>();
    addModel(*command, arguments->model);
    command->add_option("--text", arguments->text, "UTF-8 file or bundled text (default: standard input)");
    command->add_flag("--no-special", arguments->noSpecial, "leave out what the tokenizer adds, such as BOS");
    command->add_flag(
        "--json", arguments->json,
        "one JSON document: \"ids\" of the whole text, and \"lines\", the ids of each line by itself");
    command->callback([arguments] {
        const Tokenizer tokenizer = Tokenizer::open(Model::open(arguments->model).path());
        const std::string text = readText(arguments->text);
        const bool special = !arguments->noSpecial;
        if (arguments->json) {
            Json document;
            document["ids"] = tokenizer.encode(text, special);
            document["tokens"] = document["ids"].size();
            document["lines"] = Json::array();
            for (const std::string_view line : lines(text)) {
                document["lines"].push_back(tokenizer.encode(line, special));
            }
            fmt::print("{}\n", document.dump());
            return;
        }
        for (const std::string_view line : lines(text)) {
            fmt::print("{}\n", fmt::join(tokenizer.encode(line, special), " "));
        }
    });
}

void addLogits(CLI::App& app) {
    struct Arguments {
        std::string model;
        std::string ids;
        std::string out;
        WeightArguments weights;
        std::uint64_t seed = 0;
        int threads = 0;
    };
    auto* command = app.add_subcommand("logits", "fp32 logits [tokens, vocabulary] of one sequence of ids");
    const auto arguments = std::make_shared<Arguments>();
    addModel(*command, arguments->model);
    command->add_option("--ids", arguments->ids, "JSON list of token ids, taken as they are")->required();
    command->add_option("--out", arguments->out, ".npy file to write")->required();
    arguments->weights.addTo(*command);
    addSeed(*command, arguments->seed);
    addThreads(*command, arguments->threads);
    command->callback([arguments] {
        Workers workers(arguments->threads);
        TerminalMonitor monitor;
        const Model model = Model::open(arguments->model);
        const std::vector<TokenId> ids = readIds(arguments->ids);
        const auto weights =
            arguments->weights.open(model, arguments->model, arguments->seed, workers, monitor);
        PartMonitor evaluating(monitor, 0, 1, "evaluate");
        const HiddenStates states = ForwardPass(*weights, ids.size(), workers).run(ids, 1, evaluating);
        const LogitHead head(*weights, workers);
        Matrix logits(static_cast<Eigen::Index>(ids.size()),
                      static_cast<Eigen::Index>(head.vocabularySize()));
        head.compute(states.values, logits);
        std::string file = npyHeader(ids.size(), head.vocabularySize());
        static_assert(std::endian::native == std::endian::little);
        const std::size_t start = file.size();
        file.resize(start + static_cast<std::size_t>(logits.size()) * sizeof(float));
        std::memcpy(file.data() + start, logits.data(), file.size() - start);
        replaceFile(arguments->out, file);
    });
}

void addGenerate(CLI::App& app) {
    struct Arguments {
        std::string model;
        std::string prompt;
        std::size_t tokens = 64;
        WeightArguments weights;
        Sampling sampling;
        int threads = 0;
        bool json = false;
    };
    auto* command = app.add_subcommand("generate", "continue a text");
    const auto arguments = std::make_shared<Arguments>();
    addModel(*command, arguments->model);
    command->add_option("--prompt", arguments->prompt, "the text to continue")->required();
    command->add_option("--tokens", arguments->tokens, "tokens to add at most")
        ->check(CLI::Range(1, 1'000'000))
        ->capture_default_str();
    command->add_option("--temperature", arguments->sampling.temperature, "0: always the most likely token")
        ->check(CLI::Range(0.0, 100.0))
        ->capture_default_str();
    arguments->weights.addTo(*command);
    addSeed(*command, arguments->sampling.seed);
    addThreads(*command, arguments->threads);
    addJson(*command, arguments->json);
    command->callback([arguments] {
        Workers workers(arguments->threads);
        TerminalMonitor monitor;
        const Model model = Model::open(arguments->model);
        const Tokenizer tokenizer = Tokenizer::open(model.path());
        const auto weights =
            arguments->weights.open(model, arguments->model, arguments->sampling.seed, workers, monitor);
        std::vector<TokenId> ids = tokenizer.encode(arguments->prompt);
        const std::size_t promptSize = ids.size();
        Generator generator(*weights, workers);
        std::string shown; // whole characters only: a token may end inside one
        const auto show = [&](TokenId id) {
            ids.push_back(id);
            const std::string text = tokenizer.decode(std::span(ids).subspan(promptSize));
            if (!arguments->json && !text.ends_with("\xef\xbf\xbd")) {
                fmt::print("{}", text.substr(std::min(shown.size(), text.size())));
                std::fflush(stdout);
                shown = text;
            }
        };
        if (!arguments->json) {
            fmt::print("{}", arguments->prompt);
        }
        TerminalMonitor quiet(TerminalMonitor::Output::none);
        generator.generate(std::vector<TokenId>(ids), arguments->tokens, arguments->sampling, quiet, show);
        const auto added = std::span(ids).subspan(promptSize);
        if (arguments->json) {
            printJson({{"prompt", arguments->prompt},
                       {"ids", std::vector<TokenId>(added.begin(), added.end())},
                       {"text", tokenizer.decode(added)}});
        } else {
            fmt::print("\n");
        }
    });
}

} // namespace planish::cli
