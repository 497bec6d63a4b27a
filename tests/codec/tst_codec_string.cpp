// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "codec/registry.h"
#include "test_support.h"

#include <QTest>

using namespace planish;
using namespace planish::test;

class CodecStringTest : public QObject {
    Q_OBJECT

  private slots:
    void printing_is_canonical_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("canonical");
        const auto row = [](const char* text, const char* canonical) {
            QTest::newRow(text) << QString(text) << QString(canonical);
        };
        row("fp32", "fp32");
        row("int4", "int4:g128");
        row("nf3", "nf3:g64");
        row("int4:scale=fp16:g64", "int4:g64");
        row("int4:scale=int8:g64:sym", "int4:sym:g64:scale=int8");
        row("int3:row:sym", "int3:sym:row");
        row("lloyd3", "lloyd3:row");
        row("lloyd2:scale=int6:g64+mse", "lloyd2:g64:scale=int6+mse");
        row("int4:g16+refine", "int4:g16+refine");
        row("int3:g64+mse+rht", "int3:g64+rht+mse");
        row("int4+outliers=0.50%", "int4:g128+outliers=0.5%");
        row("int4+outliers=10%", "int4:g128+outliers=10%");
        row("int4+outliers=0.0001%", "int4:g128+outliers=0.0001%");
        row("int4+res=int2+mse", "int4:g128+mse+res=int2:g128");
        row("int4+res=(int2+mse)", "int4:g128+res=(int2:g128+mse)");
        row("int4+res=(int2)", "int4:g128+res=int2:g128");
        row("int4+res=(int3+res=(int2+res=bf16))", "too deep");
        row("int4+outliers=1%+sparse=50.50%", "int4:g128+sparse=50.5%+outliers=1%");
        row("int3+lowrank=2+res=int2+tune+outliers=1%", "int3:g128+outliers=1%+tune+res=int2:g128+lowrank=2");
        row("int3+lowrank=8:fp16", "int3:g128+lowrank=8");
        row("int3+lowrank=8:int8+res=int2", "int3:g128+res=int2:g128+lowrank=8:int8");
        row("int4_opt_v1", "int4:g16+refine");
        row("int4_g8_fp16_v1", "int4:g8");
        row("int4_opt_v1+res=int4_g32_fp16_v1", "int4:g16+refine+res=int4:g32");
        row("int4+res=int4_opt_v1", "int4:g128+res=(int4:g16+refine)");
    }
    void printing_is_canonical() {
        QFETCH(QString, text);
        QFETCH(QString, canonical);
        if (canonical == "too deep") {
            QVERIFY(errorOf([&] { Codec::parse(text.toStdString()); }).contains("at most 3 codecs"));
            return;
        }
        QCOMPARE(QString::fromStdString(Codec::parse(text.toStdString()).name()), canonical);
    }

    void parsing_what_was_printed_changes_nothing() {
        std::vector<std::string> formats{"fp32", "bf16", "fp16"};
        std::vector<std::string> grids;
        for (const std::string family : {"int2", "int5", "int8:sym", "nf2", "nf4", "lloyd3"}) {
            for (const std::string group : {"", ":g8", ":g77", ":g1024", ":row"}) {
                for (const std::string scale : {"", ":scale=bf16", ":scale=int8", ":scale=int6"}) {
                    grids.push_back(family + group + scale);
                }
            }
        }
        std::vector<std::string> all = formats;
        std::size_t step = 0;
        for (const std::string& grid : grids) {
            for (const std::string transform : {"", "+rht"}) {
                for (const std::string rounding : {"", "+refine", "+mse"}) {
                    for (const std::string outliers : {"", "+outliers=0.25%", "+outliers=3%"}) {
                        const std::string base = grid + transform + rounding + outliers;
                        const std::string& inner = grids[++step % grids.size()];
                        all.insert(all.end(), {base, base + "+res=" + inner, base + "+res=fp16",
                                               base + "+res=(" + inner + "+mse+res=" + inner + ")"});
                    }
                }
            }
        }
        QVERIFY(all.size() > 5000);
        for (const std::string& text : all) {
            const std::string name = Codec::parse(text).name();
            QCOMPARE(Codec::parse(name).name(), name);
        }
    }

    void errors_name_the_word_its_place_and_what_was_meant_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QStringList>("parts");
        const auto row = [](const char* text, const QStringList& parts) {
            QTest::newRow(text) << QString(text) << parts;
        };
        row("", {"character 1", "a format", "nothing"});
        row("imt4:g64", {"character 1", "\"imt4\"", "int4"});
        row("int9", {"character 1", "\"int9\"", "int2"});
        row("nf5", {"\"nf5\"", "nf4"});
        row("int04", {"\"int04\"", "int4"});
        row("int4:g64+mze", {"character 9", "\"+mze\"", "+mse"});
        row("int4:g64+refin+mse", {"character 9", "\"+refin\"", "+refine"});
        row("int4:g7", {"character 6", "\"g7\"", "g8 to g1024"});
        row("int4:g1025", {"character 6", "\"g1025\"", "g8 to g1024"});
        row("int4:g99999999999999999999", {"character 6", "an option of intB"});
        row("int4:g64:g32", {"character 10", "each option once"});
        row("int4:sym:sym", {"character 10", "each option once"});
        row("int4:scale=fp61", {"character 6", "scale=fp16"});
        row("nf4:sym", {"character 5", "an option of nfB"});
        row("fp16:g64", {"character 6", "no options for fp16"});
        row("bf16+mse", {"character 5", "no stages after bf16"});
        row("int4+mse+refine", {"character 9", "one rounding", "+mse"});
        row("int4+mse+mse", {"character 9", "each stage once"});
        row("int4+mse=3", {"character 5", "\"+mse=3\"", "expected +mse"});
        row("int4+res", {"character 5", "+res=CODEC"});
        row("int4+res=", {"character 10", "a format"});
        row("int4+res=(int2", {"character 15", "')'", "character 10"});
        row("int4+res=int2)", {"character 14", "the end of the codec"});
        row("int4+outliers=0%", {"character 5", "P above 0"});
        row("int4+outliers=10.1%", {"P above 0 and at most 10"});
        row("int4+outliers=1", {"P above 0"});
        row("int4+outliers=0.00001%", {"four decimals"});
        row("int4+outliers=-1%", {"P above 0"});
        row("int4+sparse=0%", {"character 5", "P above 0 and at most 90"});
        row("int4+sparse=90.1%", {"character 5", "P above 0 and at most 90"});
        row("int4+sparse=10", {"character 5", "P above 0"});
        row("int4+lowrank=0", {"character 5", "from 1 to 256"});
        row("int4+lowrank=257", {"character 5", "from 1 to 256"});
        row("int4+lowrank=8:int4", {"character 16", "int8"});
        row("int4+lowrank=", {"character 5", "from 1 to 256"});
        row("int4+lowrank=1e9", {"character 5", "\"+lowrank=1e9\"", "from 1 to 256"});
        row("int4+gptq:ordr", {"character 11", "\"ordr\"", "an option of +gptq", "order"});
        row("int4+gptq:mse:minmax", {"character 15", "\"minmax\"", "one of mse, minmax once"});
        row("int4+gptq+obd", {"character 10", "one rounding", "+gptq"});
        row("int4+obd:order", {"character 10", "\"order\"", "no option of +obd"});
        row("int4+awq:fold", {"character 10", "\"fold\"", "folded"});
        row("int4+tune:order", {"character 11", "\"order\"", "asymmetric"});
        row("codebook3:row+obd", {"character 14", "\"+obd\"", "+gptq"});
        row("pq+gptq", {"character 3", "\"+gptq\"", "rounds for itself"});
        row("int4_opt_v1:g8", {"character 12", "an alias has its own"});
        row("int4_op_v1", {"int4_opt_v1"});
        row("int4:g64 ", {"character 6", "\"g64 \"", "g64"});
        row("Int4", {"\"Int4\"", "int4"});
    }
    void errors_name_the_word_its_place_and_what_was_meant() {
        QFETCH(QString, text);
        QFETCH(QStringList, parts);
        const QString message = errorOf([&] { Codec::parse(text.toStdString()); });
        QVERIFY(message.contains("codec \""));
        for (const QString& part : parts) {
            QVERIFY2(message.contains(part), qPrintable(message));
        }
    }

    void long_deep_and_binary_strings_are_refused() {
        QVERIFY(errorOf([] { Codec::parse(std::string(257, 'x')); }).contains("256"));
        std::string deep = "int4";
        for (int i = 0; i < 20; ++i) {
            deep += "+res=(int4";
        }
        QVERIFY(errorOf([&] { Codec::parse(deep); }).contains("at most 3"));
        const QString binary = errorOf([] { Codec::parse(std::string("int4\0\x1b\xff", 7)); });
        QVERIFY(!binary.isEmpty() && !binary.contains(QChar(0x1b)));
    }

    void every_example_alias_and_suggestion_parses() {
        for (const CodecMember& member : codecMembers()) {
            QVERIFY2(!member.examples.empty(), member.name.c_str());
            QVERIFY(!member.title.empty() && !member.summary.empty() && !member.reference.empty());
            const std::string word = member.name.substr(0, member.name.find_first_of("=BCP"));
            for (const std::string& example : member.examples) {
                const Codec codec = Codec::parse(example);
                QCOMPARE(codec.name(), example);
                QVERIFY(codec.name().find(word) != std::string::npos);
                QVERIFY(codec.calibration() >= member.calibration);
            }
        }
        for (const CodecAlias& alias : codecAliases()) {
            QCOMPARE(Codec::parse(alias.name).name(), alias.codec);
            QCOMPARE(Codec::parse(alias.codec).name(), alias.codec);
        }
        double previous = 33;
        for (const std::string& text : suggestedCodecs()) {
            const Codec codec = Codec::parse(text);
            QCOMPARE(codec.name(), text);
            const double bits =
                8.0 * static_cast<double>(codec.packedBytes({4096, 4096})) / (4096.0 * 4096.0);
            QVERIFY2(bits <= previous, text.c_str());
            previous = bits;
        }
    }

    void only_plain_numbers_are_float_codecs() {
        QVERIFY(Codec::parse("bf16").isFloat() && Codec::parse("fp32").isFloat());
        QVERIFY(!Codec::parse("int8").isFloat() && !Codec::parse("int4+res=fp16").isFloat());
    }
};

QTEST_APPLESS_MAIN(CodecStringTest)
#include "tst_codec_string.moc"
