// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/codec_parts.h"
#include "codec/codec_string.h"
#include "test_support.h"

#include <QTest>
#include <algorithm>
#include <set>

using namespace planish;
using namespace planish::test;

class CodecChoicesTest : public QObject {
    Q_OBJECT

    static std::string print(const CodecSpec& codec) { return printCodecString(codec); }
    static bool parses(const std::string& text) {
        try {
            Codec::parse(text);
            return true;
        } catch (const Error&) {
            return false;
        }
    }
    static std::vector<std::string> examples() {
        std::vector<std::string> all = suggestedCodecs();
        for (const CodecMember& member : codecMembers()) {
            all.insert(all.end(), member.examples.begin(), member.examples.end());
        }
        return all;
    }
    static const FormatEntry& format(const std::string& family) {
        return *std::ranges::find(formatEntries(), family, &FormatEntry::family);
    }
    static const StageEntry& stage(const std::string& word) {
        return *std::ranges::find(stageEntries(), word, &StageEntry::word);
    }

  private slots:
    void choosing_what_is_chosen_changes_nothing() {
        for (const std::string& example : examples()) {
            const CodecSpec codec = parseCodecString(example);
            const std::string name = Codec::parse(example).name();
            QCOMPARE(print(codec), name);
            QCOMPARE(print(withFormat(codec, *codec.format.entry, codec.format.rate())), name);
            for (const CodecOption& option : formatOptions(codec)) {
                QCOMPARE(print(withFormatOption(codec, option, option.chosen)), name);
            }
            for (const StageSpec& present : codec.stages) {
                QCOMPARE(print(withStage(codec, present)), name);
                for (const CodecOption& option : stageOptions(present)) {
                    QCOMPARE(print(withStage(codec, withStageOption(present, option, option.chosen))), name);
                }
            }
        }
    }

    void every_format_with_every_offered_option_parses() {
        for (const FormatEntry& entry : formatEntries()) {
            std::vector<int> numbers = formatRates(entry, {});
            QCOMPARE(numbers.empty(), entry.mostBits == 0);
            numbers = numbers.empty() ? std::vector<int>{0} : numbers;
            for (const int rate : numbers) {
                const CodecSpec codec = parseCodecString(formatWord(entry, rate));
                for (const CodecOption& option : formatOptions(codec)) {
                    std::set<std::string> different;
                    for (const std::string& word : option.words) {
                        const std::string changed = print(withFormatOption(codec, option, word));
                        QVERIFY2(parses(changed), changed.c_str());
                        different.insert(changed);
                    }
                    QCOMPARE(different.size(), option.words.size());
                }
            }
        }
    }

    void a_stage_is_offered_exactly_when_it_parses() {
        for (const std::string& example : examples()) {
            const CodecSpec codec = parseCodecString(example);
            for (const StageEntry& entry : stageEntries()) {
                CodecSpec bare = codec;
                std::erase_if(bare.stages, [&](const StageSpec& present) {
                    return present.entry == &entry || (entry.member.choice != Choice::correction &&
                                                       present.entry->member.choice == entry.member.choice);
                });
                CodecSpec alone = parseCodecString("int4");
                alone.stages = {usualStage(entry)};
                const std::string text = print(alone);
                const std::string added = print(bare) + text.substr(text.find('+'));
                QVERIFY2(objection(codec, entry).empty() == parses(added), added.c_str());
                if (objection(codec, entry).empty()) {
                    QCOMPARE(print(withStage(codec, usualStage(entry))), Codec::parse(added).name());
                } else {
                    QVERIFY(!errorOf([&] { withStage(codec, usualStage(entry)); }).isEmpty());
                }
            }
        }
    }

    void plain_formats_refuse_every_stage_with_a_reason() {
        for (const StageEntry& entry : stageEntries()) {
            const QString reason = QString::fromStdString(objection(parseCodecString("bf16"), entry));
            QVERIFY(reason.contains("bf16"));
            QVERIFY(objection(parseCodecString("int4"), entry).empty());
        }
    }

    void another_format_keeps_what_it_can() {
        const CodecSpec codec = parseCodecString("int4:sym:g32:scale=int8+rht+mse+outliers=1%");
        QCOMPARE(print(withFormat(codec, format("int"), 300)), "int3:sym:g32:scale=int8+rht+mse+outliers=1%");
        QCOMPARE(print(withFormat(codec, format("nf"), 800)), "nf4:g32:scale=int8+rht+mse+outliers=1%");
        QCOMPARE(print(withFormat(codec, format("bf16"), 400)), "bf16");
        QCOMPARE(print(withFormat(parseCodecString("bf16"), format("int"), 0)), "int2:g128");
    }

    void any_codec_becomes_a_valid_one_in_any_format() {
        for (const std::string& example : examples()) {
            for (const FormatEntry& entry : formatEntries()) {
                const std::string changed = print(withFormat(parseCodecString(example), entry, 400));
                QVERIFY2(parses(changed), changed.c_str());
            }
        }
    }

    void options_are_the_words_of_the_format() {
        const auto options = formatOptions(parseCodecString("int4:g77"));
        QCOMPARE(options.size(), std::size_t{3});
        QCOMPARE(options[0].words, (std::vector<std::string>{"", "sym"}));
        QCOMPARE(options[1].chosen, "g77");
        QVERIFY(std::ranges::count(options[1].words, "g64") == 1);
        QCOMPARE(options[1].words.back(), "row");
        QCOMPARE(options[2].chosen, "scale=fp16");
        QCOMPARE(print(withFormatOption(parseCodecString("int4:g77"), options[1], "row")), "int4:row");
        QVERIFY(formatOptions(parseCodecString("fp32")).empty());
        QCOMPARE(formatOptions(parseCodecString("nf4:row")).front().chosen, "row");
    }

    void a_rounding_replaces_the_rounding_and_corrections_add_up() {
        CodecSpec codec = parseCodecString("int4:g64+mse");
        codec = withStage(codec, usualStage(stage("refine")));
        QCOMPARE(print(codec), "int4:g64+refine");
        codec = withStage(codec, usualStage(stage("res")));
        codec = withStage(codec, usualStage(stage("outliers")));
        QCOMPARE(print(codec), "int4:g64+refine+outliers=0.5%+res=int2:g256");
        QCOMPARE(stageOf(codec, Choice::rounding)->entry->word, "refine");
        QVERIFY(stageOf(codec, Choice::transform) == nullptr);
        QCOMPARE(print(withoutStage(codec, stage("refine"))), "int4:g64+outliers=0.5%+res=int2:g256");
    }

    void options_of_stages_are_set_one_list_at_a_time() {
        StageEntry entry;
        entry.word = "made-up";
        entry.options = {{"First", {"a", "b"}}, {"Second", {"x", "y"}}};
        StageSpec made;
        made.entry = &entry;
        made.options = {"b", "x"};
        const auto options = stageOptions(made);
        QCOMPARE(options.size(), std::size_t{2});
        QCOMPARE(options[0].title, "First");
        QCOMPARE(options[0].chosen, "b");
        QCOMPARE(withStageOption(made, options[1], "y").options, (std::vector<std::string>{"b", "y"}));
        QCOMPARE(withStageOption(made, options[0], "").options, (std::vector<std::string>{"x"}));
    }
};

QTEST_APPLESS_MAIN(CodecChoicesTest)
#include "tst_codec_choices.moc"
