// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"
#include "cli_process.h"
#include "evaluation/corpus.h"
#include "support/sha256.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <cmath>
#include <set>

using namespace planish;
using namespace planish::test;

namespace {

const QStringList smallEvaluation{"--text", "docs", "--context", "64", "--windows", "3"};

} // namespace

class CliTest : public QObject {
    Q_OBJECT

    QString path(const char* name) const { return folder_.filePath(name); }

  private slots:
    void every_command_has_help_data() {
        QTest::addColumn<QString>("command");
        for (const char* command : {"info", "codecs", "tokenize", "eval", "logits", "run", "sweep",
                                    "frontier", "compare", "claims", "export", "generate", "cache"}) {
            QTest::newRow(command) << command;
        }
    }

    void every_command_has_help() {
        QFETCH(QString, command);
        const CliResult result = cli({command, "--help"});
        QCOMPARE(result.status, 0);
        QVERIFY(result.out.contains("--help"));
        QVERIFY(cli({"--help"}).out.contains(command.toUtf8()));
    }

    void wrong_calls_end_with_two_and_say_what_is_wrong_data() {
        QTest::addColumn<QStringList>("arguments");
        QTest::addColumn<QString>("word");
        QTest::newRow("no command") << QStringList{} << "subcommand";
        QTest::newRow("unknown option") << QStringList{"eval", "folio-4m", "--contxt", "4"} << "--contxt";
        QTest::newRow("missing model") << QStringList{"eval", "no-such-model"} << "folio-4m";
        QTest::newRow("missing text")
            << QStringList{"eval", "folio-4m", "--text", "no-such-text"} << "literature";
        QTest::newRow("bad codec") << QStringList{"run", "folio-4m", "--codec", "int9:g64"} << "int9";
        // The word, its place, and what would have been valid.
        const QStringList run{"run", "folio-4m", "--codec"};
        QTest::newRow("too sparse") << run + QStringList{"int4:g64+sparse=95%"}
                                    << "expected +sparse=P% with P above 0 and at most 90, of up to four "
                                       "decimals, found \"+sparse=95%\"";
        QTest::newRow("too many outliers")
            << run + QStringList{"int4:g64+mse+outliers=10.5%"} << "character 13";
        QTest::newRow("no outliers") << run + QStringList{"int4:g64+outliers=0%"}
                                     << "P above 0 and at most 10";
        QTest::newRow("rank too high")
            << run + QStringList{"int4:g64+lowrank=257"} << "a whole number from 1 to 256";
        QTest::newRow("rank 0") << run + QStringList{"int4:g64+lowrank=0"} << "a whole number from 1 to 256";
        QTest::newRow("option of a stage") << run + QStringList{"int4:g64+gptq:ordr"} << "order";
        QTest::newRow("option that a stage has not")
            << run + QStringList{"int4:g64+obd:order"} << "no option of +obd";
        QTest::newRow("option of a format") << run + QStringList{"int4:g64:zero"} << "character 10";
        QTest::newRow("bad recipe") << QStringList{"run", "folio-4m", "--recipe", "{\"schema\": 3}"}
                                    << "schema";
        QTest::newRow("recipe and codec")
            << QStringList{"run", "folio-4m", "--codec", "int4", "--recipe", "x"} << "--codec";
        QTest::newRow("neither") << QStringList{"run", "folio-4m"} << "--codec";
        QTest::newRow("too many windows")
            << QStringList{"eval", "folio-4m", "--windows", "100000"} << "windows";
        QTest::newRow("bad convention")
            << QStringList{"eval", "folio-4m", "--convention", "mine"} << "strided";
        const QStringList calibrated{"run", "folio-4m", "--codec", "int4:g64+mse"};
        QTest::newRow("no samples") << calibrated + QStringList{"--samples", "0"} << "--samples";
        QTest::newRow("samples of one token")
            << calibrated + QStringList{"--calibration-context", "1"} << "--calibration-context";
        QTest::newRow("inputs of nothing known")
            << calibrated + QStringList{"--calibration-inputs", "mine"} << "original";
        QTest::newRow("token weights of nothing known")
            << calibrated + QStringList{"--token-weights", "mine"} << "gradient";
        QTest::newRow("foreign store") << QStringList{"frontier", "/etc/passwd"} << "/etc/passwd";
        QTest::newRow("figure name") << QStringList{"frontier", "/etc/passwd", "--png", "a.jpg"}
                                     << "/etc/passwd";
    }

    void wrong_calls_end_with_two_and_say_what_is_wrong() {
        QFETCH(QStringList, arguments);
        QFETCH(QString, word);
        const CliResult result = cli(arguments);
        QCOMPARE(result.status, 2);
        QVERIFY2(QString::fromUtf8(result.err).contains(word), result.err.constData());
        QVERIFY(result.out.isEmpty());
    }

    void info_tells_shape_and_size() {
        const Json info = cli({"info", "folio-23m", "--json"}).json();
        QCOMPARE(info["parameters"].get<int>(), 23'075'328);
        QCOMPARE(info["blocks"].get<int>(), 6);
        QCOMPARE(info["tensors"].size(), std::size_t{1 + 6 * 9 + 1});
        QVERIFY(cli({"info", "folio-4m"}).out.contains("model.layers.3.mlp.down_proj"));
    }

    void codecs_lists_all_four_choices() {
        const Json codecs = cli({"codecs", "--json"}).json();
        std::set<std::string> choices;
        for (const Json& member : codecs["members"]) {
            choices.insert(member["choice"].get<std::string>());
        }
        QCOMPARE(choices, (std::set<std::string>{"format", "rounding", "transform", "correction"}));
        QVERIFY(cli({"codecs"}).out.contains("int4_opt_v1"));
    }

    void tokenize_prints_a_line_for_each_line() {
        const CliResult plain = cli({"tokenize", "folio-4m"}, "hello world\na\n");
        QCOMPARE(plain.out, QByteArray("0 259 292 80 1309\n0 66\n"));
        const Json json = cli({"tokenize", "folio-4m", "--json", "--no-special"}, "a").json();
        QCOMPARE(json["ids"].get<std::vector<int>>(), std::vector<int>{66});
    }

    void logits_equal_the_reference() {
        const Json prompts = parseJsonFile(fixture("reference/folio-4m.prompts.json").string(), 1 << 20);
        writeFile(path("ids.json").toStdString(), prompts["prompts"][0]["ids"].dump());
        QCOMPARE(cli({"logits", "folio-4m", "--ids", path("ids.json"), "--out", path("logits.npy")}).status,
                 0);
        const FloatArray found = readNpy(path("logits.npy").toStdString());
        const FloatArray expected = readNpy(fixture("reference/folio-4m.prompt0.logits.npy"));
        QCOMPARE(found.shape, expected.shape);
        for (std::size_t i = 0; i < found.values.size(); ++i) {
            QVERIFY(std::abs(found.values[i] - expected.values[i]) < 2e-3F);
        }
    }

    void logits_need_no_tokenizer() {
        writeFile(path("ids.json").toStdString(), "[1, 2, 3]");
        const auto model = QString::fromStdString(fixture("architectures/llama-untied").string());
        QCOMPARE(cli({"logits", model, "--ids", path("ids.json"), "--out", path("tiny.npy")}).status, 0);
        QCOMPARE(readNpy(path("tiny.npy").toStdString()).shape, (std::vector<std::size_t>{3, 320}));
    }

    void eval_reports_every_field_scripts_rely_on() {
        const Json json = cli(QStringList{"eval", "folio-4m", "--json"} + smallEvaluation).json();
        for (const char* key : {"model", "parameters", "corpus", "convention", "context", "windows",
                                "tokens_scored", "nll_sum", "ppl"}) {
            QVERIFY2(json.contains(key) && !json[key].is_null(), key);
        }
        QCOMPARE(json["tokens_scored"].get<int>(), 3 * 63);
        QVERIFY(std::abs(json["ppl"].get<double>() - std::exp(json["nll_sum"].get<double>() / (3 * 63))) <
                1e-9);
    }

    void run_reports_every_field_scripts_rely_on() {
        const Json json =
            cli(QStringList{"run", "folio-4m", "--codec", "int4:g16", "--json"} + smallEvaluation).json();
        for (const char* key : {"model",
                                "parameters",
                                "corpus",
                                "convention",
                                "context",
                                "windows",
                                "tokens_scored",
                                "nll_sum",
                                "ppl",
                                "run",
                                "recipe",
                                "baseline_ppl",
                                "delta_ppl_percent",
                                "delta_standard_error_percent",
                                "kld_mean",
                                "kld_p99",
                                "top1_agreement",
                                "bits_per_weight",
                                "compression",
                                "whole_model_compression_fp32",
                                "whole_model_compression_bf16",
                                "quantize_seconds",
                                "evaluate_seconds",
                                "tokens_per_second",
                                "peak_memory_bytes"}) {
            QVERIFY2(json.contains(key) && !json[key].is_null(), key);
        }
        QCOMPARE(json["bits_per_weight"].get<double>(), 6.0);
        const Json evaluated = cli(QStringList{"eval", "folio-4m", "--recipe",
                                               QString::fromStdString(json["recipe"].dump()), "--json"} +
                                   smallEvaluation)
                                   .json();
        QCOMPARE(evaluated["ppl"].dump(), json["ppl"].dump());
        QCOMPARE(evaluated["run"].dump(), json["run"].dump());
    }

    void the_estimate_of_memory_is_what_a_run_takes() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
        QSKIP("sanitizers take memory of their own");
#endif
        const QStringList what{"run",       "folio-23m", "--codec",   "int4:g16",
                               "--context", "512",       "--windows", "16"};
        const Json estimate = cli(what + QStringList{"--dry-run", "--json"}).json();
        QVERIFY(estimate["seconds"].get<double>() > 0);
        const Json run = cli(what + QStringList{"--json"}).json();
        const double ratio = estimate["memory_bytes"].get<double>() / run["peak_memory_bytes"].get<double>();
        QVERIFY2(ratio > 0.75 && ratio < 1.25, qPrintable(QString::number(ratio)));
        QVERIFY(run["estimate"]["time"].contains("quantize"));
    }

    void sweeps_say_what_they_reused() {
        QTemporaryDir folder;
        const QString spec = folder.filePath(QStringLiteral("sweep.json"));
        QFile file(spec);
        QVERIFY(file.open(QFile::WriteOnly));
        file.write(R"({"schema": "planish.sweep/1", "models": "folio-4m", "texts": "docs", "context": 64,
                       "windows": 3, "codecs": ["int4:g64", "int3:g64"]})");
        file.close();
        const QString store = folder.filePath(QStringLiteral("results.h5"));
        const Json reuse = cli({"sweep", spec, "--store", store, "--json"}).json()["reuse"];
        QCOMPARE(reuse["blocks_reused"].get<int>(), 4);
        QCOMPARE(reuse["blocks_computed"].get<int>(), 12);
        QCOMPARE(reuse["hit_rate"].get<double>(), 0.25);
        QCOMPARE(reuse["logits_reused"].get<int>(), 1);
        QVERIFY(reuse["bytes"] <= reuse["limit_bytes"]);
    }

    void a_recorded_run_is_shown_again_and_not_repeated() {
        const QStringList call =
            QStringList{"run", "folio-4m", "--codec", "int3:g32", "--store", path("one.h5"), "--json"} +
            smallEvaluation;
        const CliResult first = cli(call);
        QCOMPARE(first.status, 0);
        const CliResult second = cli(call);
        QVERIFY(second.err.contains("already recorded"));
        QCOMPARE(second.json()["created"].dump(), first.json()["created"].dump());
        QCOMPARE(second.json()["ppl"].dump(), first.json()["ppl"].dump());
    }

    void the_recorded_command_repeats_the_run() {
        const Json run =
            cli(QStringList{"run", "folio-4m", "--recipe", "int4_opt_v1", "--json"} + smallEvaluation).json();
        QProcess shell;
        shell.start("sh", {"-c", QString::fromStdString(binary("planish-cli").parent_path().string() + "/" +
                                                        run["command"].get<std::string>() + " --json")});
        QVERIFY(shell.waitForFinished(60'000));
        const Json again = parseJson(shell.readAllStandardOutput().toStdString(), "stdout");
        QCOMPARE(again["run"].dump(), run["run"].dump());
        QCOMPARE(again["nll_sum"].dump(), run["nll_sum"].dump());
    }

    void frontier_and_compare_show_what_was_recorded() {
        for (const char* codec : {"int4:g64", "int4:g64+mse", "int2:g64"}) {
            QCOMPARE(cli(QStringList{"run", "folio-4m", "--codec", codec, "--store", path("three.h5")} +
                         smallEvaluation)
                         .status,
                     0);
        }
        const CliResult frontier =
            cli({"frontier", path("three.h5"), "--json", "--csv", path("f.csv"), "--png", path("f.png"),
                 "--svg", path("f.svg"), "--pdf", path("f.pdf")});
        QCOMPARE(frontier.status, 0);
        const Json runs = frontier.json()["runs"];
        QCOMPARE(runs.size(), std::size_t{3});
        QVERIFY(runs[0]["on_frontier"].get<bool>());
        for (const char* name : {"f.csv", "f.png", "f.svg", "f.pdf"}) {
            QVERIFY2(QFile(path(name)).size() > 500, name);
        }
        const CliResult compared = cli({"compare", path("three.h5"), "int4:g64", "int2:g64", "--json"});
        QCOMPARE(compared.status, 0);
        QVERIFY(cli({"compare", path("three.h5"), "int4:g64", "int2:g64"}).out.contains("q_proj"));
        QCOMPARE(cli({"compare", path("three.h5"), "int4:g64", "zzz"}).status, 2);
    }

    void export_writes_a_recipe_that_runs() {
        QCOMPARE(
            cli({"export", "folio-4m", "--codec", "int4:g32", "--format", "recipe", "--out", path("out")})
                .status,
            0);
        const QString recipe = path("out/recipe.json");
        QCOMPARE(cli(QStringList{"eval", "folio-4m", "--recipe", recipe} + smallEvaluation).status, 0);
        QCOMPARE(
            cli({"export", "folio-4m", "--codec", "int4:g32", "--format", "recipe", "--out", path("out")})
                .status,
            2);
    }

    void a_gguf_file_may_be_named_itself() {
        const QString file = path("named.gguf");
        const QStringList command{"export", "folio-4m", "--codec", "Q4_0", "--format", "gguf", "--out", file};
        QCOMPARE(cli(command).status, 0);
        QVERIFY(QFileInfo(file).isFile());
        QCOMPARE(cli({"info", file}).status, 0);
        QCOMPARE(cli(command).status, 2); // is there
        QCOMPARE(cli(command + QStringList{"--force"}).status, 0);
    }

    void exported_checkpoints_lose_what_the_codec_loses() {
        const auto nll = [&](const QStringList& model) {
            return cli(QStringList{"eval"} + model + smallEvaluation + QStringList{"--json"})
                .json()["nll_sum"]
                .get<double>();
        };
        const double measured = nll({"folio-4m", "--codec", "int4:sym:g64"});
        for (const QString format : {"compressed-tensors", "gptq"}) {
            const QString out = path(qPrintable(format));
            QCOMPARE(cli({"export", "folio-4m", "--codec", "int4:sym:g64", "--format", format, "--out", out})
                         .status,
                     0);
            QVERIFY(std::abs(nll({out}) / measured - 1) < 1e-5); // embedding and norms are in fp16
        }
        QCOMPARE(cli({"export", "folio-4m", "--codec", "int4:g64", "--format", "gptq", "--out", path("no")})
                     .status,
                 2);
    }

    /// Options say where a recorded calibration text lies; how it is used the run knows.
    void a_recorded_run_is_exported_with_its_own_settings() {
        const QString text = path("mine.txt");
        writeFile(text.toStdString(), Corpus::open("calibration").text.substr(0, 100000));
        const QString store = path("calibrated.h5");
        QStringList run{"run",           "folio-4m", "--codec",   "int4:g64+gptq",
                        "--calibration", text,       "--samples", "4"};
        run += QStringList{"--calibration-context", "128", "--store", store, "--json"} + smallEvaluation;
        const QString id = QString::fromStdString(cli(run).json()["run"].get<std::string>());
        const QStringList again{"export", "folio-4m", "--run", id, "--store", store, "--format", "planish"};
        QCOMPARE(cli(again + QStringList{"--out", path("same"), "--calibration", text}).status, 0);
        const auto other =
            cli(again + QStringList{"--out", path("other"), "--calibration", text, "--samples", "5"});
        QCOMPARE(other.status, 1);
        QVERIFY(other.err.contains("does not give what run"));
    }

    void generate_continues_a_text_the_same_way_each_time() {
        const QStringList call{"generate",      "folio-4m", "--prompt", "It was late", "--tokens", "8",
                               "--temperature", "1",        "--seed",   "5",           "--json"};
        const Json first = cli(call).json();
        QCOMPARE(first["ids"].size(), std::size_t{8});
        QCOMPARE(cli(call).json().dump(), first.dump());
        QVERIFY(
            cli({"generate", "folio-4m", "--prompt", "It was late", "--tokens", "4", "--codec", "int4:g16"})
                .out.startsWith("It was late"));
    }

    void cache_shows_what_is_kept_and_removes_it() {
        qputenv("PLANISH_CACHE", path("caches").toUtf8());
        InputStatistics inputs;
        inputs.hessian = Matrix::Identity(8, 8);
        inputs.meanMagnitude = inputs.smallest = inputs.largest = Vector::Zero(8);
        StatisticsCache cache = StatisticsCache::ofUser();
        QVERIFY(cache.keep(sha256Hex("cli"), inputs));
        const Json full = cli({"cache", "--json"}).json();
        QCOMPARE(full["folder"].get<std::string>(), path("caches/statistics").toStdString());
        QCOMPARE(full["entries"].get<int>(), 1);
        QCOMPARE(full["bytes"].get<std::uint64_t>(), cache.bytes());
        QCOMPARE(full["limit_bytes"].get<std::uint64_t>(), StatisticsCache::usualLimit);
        const CliResult shown = cli({"cache"});
        QVERIFY(shown.out.contains(path("caches/statistics").toUtf8()));
        QVERIFY(shown.out.contains("of 4.00 GiB in"));
        QVERIFY(shown.out.contains(path("caches/trainings").toUtf8()));
        QCOMPARE(full["trainings"]["entries"].get<int>(), 0);
        const CliResult cleared = cli({"cache", "--clear", "--json"});
        QCOMPARE(cleared.status, 0);
        QCOMPARE(cleared.json()["entries"].get<int>(), 0);
        QCOMPARE(cache.entries(), std::size_t{0});
        qunsetenv("PLANISH_CACHE");
    }

  private:
    QTemporaryDir folder_;
};

QTEST_GUILESS_MAIN(CliTest)
#include "tst_cli.moc"
