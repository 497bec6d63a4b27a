// SPDX-License-Identifier: GPL-3.0-or-later
#include "experiment/run.h"

#include <QtTest>
#include <cctype>
#include <limits>
#include <set>

using namespace planish;

class RunRecordTest : public QObject {
    Q_OBJECT

  private slots:
    void the_json_of_a_run_has_every_key_scripts_rely_on();
    void each_key_and_each_member_is_listed_once();
    void every_scalar_appears_in_json_under_its_key();
    void values_that_are_not_finite_are_null();
};

void RunRecordTest::the_json_of_a_run_has_every_key_scripts_rely_on() {
    const Json json = toJson(RunRecord{});
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
        QVERIFY2(json.contains(key), key);
    }
    QCOMPARE(json.size(), runFields().size() + 3); // and run, recipe, warnings
}

void RunRecordTest::each_key_and_each_member_is_listed_once() {
    std::set<std::string> keys;
    for (const RunField& field : runFields()) {
        QVERIFY2(keys.insert(field.key).second, field.key);
        QVERIFY2(*field.title != '\0', field.key);
        for (const char* c = field.key; *c != '\0'; ++c) {
            QVERIFY2(std::islower(*c) != 0 || std::isdigit(*c) != 0 || *c == '_', field.key);
        }
        for (const RunField& other : runFields()) {
            QVERIFY2(&field == &other || field.member != other.member, field.key);
        }
    }
}

void RunRecordTest::every_scalar_appears_in_json_under_its_key() {
    RunRecord run;
    run.id = "0123456789abcdef";
    run.model = "folio-4m";
    run.seed = std::numeric_limits<std::uint64_t>::max();
    run.nllSum = 12345.678901234567;
    run.deltaPplPercent = -0.25;
    run.recipe = {"mine", "bf16", {{"mlp", "int4:g64"}}};
    const Json json = toJson(run);
    QCOMPARE(json["run"].get<std::string>(), run.id);
    QCOMPARE(json["model"].get<std::string>(), run.model);
    QCOMPARE(json["seed"].get<std::uint64_t>(), run.seed);
    QCOMPARE(json["nll_sum"].get<double>(), run.nllSum);
    QCOMPARE(parseJson(json.dump(), "text")["nll_sum"].get<double>(), run.nllSum);
    QCOMPARE(json["delta_ppl_percent"].get<double>(), -0.25);
    QVERIFY(json["recipe"] == run.recipe.toJson());
}

void RunRecordTest::values_that_are_not_finite_are_null() {
    RunRecord run;
    run.ppl = std::numeric_limits<double>::infinity();
    const Json json = toJson(run);
    QVERIFY(json["ppl"].is_null());
    QVERIFY(json["delta_standard_error_percent"].is_null());
    QVERIFY(json["kld_mean"] == 0.0);
}

QTEST_GUILESS_MAIN(RunRecordTest)
#include "tst_run_record.moc"
