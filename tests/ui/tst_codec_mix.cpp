// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/codec_mix.h"
#include "models/recipe_editor.h"
#include "test_support.h"
#include "ui/layer_fixture.h"

#include <QTest>

using namespace planish;
using planish::test::layerTensors;
using planish::test::tensorOf;

namespace {

const std::vector<TensorInfo> tensors = layerTensors(4);

/// All in int4:g64 but for these.
std::vector<Codec> codecsWith(const std::map<int, const char*>& others) {
    std::vector<Codec> codecs(tensors.size(), Codec::parse("int4:g64"));
    for (const auto& [index, codec] : others) {
        codecs[static_cast<std::size_t>(index)] = Codec::parse(codec);
    }
    return codecs;
}

std::vector<int> linearsOf(std::initializer_list<int> blocks) {
    std::vector<int> found;
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        if (isDecoderLinear(tensors[i].role) && std::ranges::count(blocks, tensors[i].block) > 0) {
            found.push_back(static_cast<int>(i));
        }
    }
    return found;
}

std::string nameAt(const std::map<int, Codec>& codecs, int tensor) {
    const auto found = codecs.find(tensor);
    return found == codecs.end() ? std::string() : found->second.name();
}

} // namespace

class TestCodecMix : public QObject {
    Q_OBJECT

  private slots:
    void roles_of_a_block_are_carried_to_the_same_roles_of_others() {
        const auto codecs =
            codecsWith({{tensorOf(0, Role::down), "int6:g64"}, {tensorOf(0, Role::query), "nf3:g64"}});
        const CodecMix mix(tensors, codecs, linearsOf({0}));
        const auto carried = mix.carriedTo(tensors, linearsOf({1, 3}));
        QCOMPARE(carried.size(), std::size_t{14});
        for (const int block : {1, 3}) {
            QCOMPARE(nameAt(carried, tensorOf(block, Role::down)), std::string("int6:g64"));
            QCOMPARE(nameAt(carried, tensorOf(block, Role::query)), std::string("nf3:g64"));
            QCOMPARE(nameAt(carried, tensorOf(block, Role::up)), std::string("int4:g64"));
        }
    }

    void blocks_of_a_mix_take_turns() {
        const auto codecs = codecsWith({{tensorOf(1, Role::up), "int2:g64"}});
        const CodecMix mix(tensors, codecs, linearsOf({0, 1}));
        const auto carried = mix.carriedTo(tensors, linearsOf({1, 2, 3}));
        QCOMPARE(nameAt(carried, tensorOf(1, Role::up)), std::string("int4:g64"));
        QCOMPARE(nameAt(carried, tensorOf(2, Role::up)), std::string("int2:g64"));
        QCOMPARE(nameAt(carried, tensorOf(3, Role::up)), std::string("int4:g64"));
    }

    void one_codec_is_carried_to_any_role() {
        const CodecMix mix(tensors, codecsWith({{tensorOf(0, Role::up), "int2:g64"}}),
                           {tensorOf(0, Role::up)});
        QCOMPARE(mix.text(), QStringLiteral("int2:g64"));
        QCOMPARE(nameAt(mix.carriedTo(tensors, {tensorOf(2, Role::key)}), tensorOf(2, Role::key)),
                 std::string("int2:g64"));
    }

    void other_roles_and_the_embedding_stay() {
        const auto codecs = codecsWith({{tensorOf(0, Role::query), "int8:g64"}});
        const CodecMix mix(tensors, codecs, {tensorOf(0, Role::query), tensorOf(0, Role::key)});
        const auto carried = mix.carriedTo(tensors, {0, tensorOf(1, Role::key), tensorOf(1, Role::up)});
        QCOMPARE(carried.size(), std::size_t{1});
        QCOMPARE(nameAt(carried, tensorOf(1, Role::key)), std::string("int4:g64"));
        const CodecMix nothing(tensors, codecs, {0, tensorOf(0, Role::query)});
        QVERIFY(nothing.carriedTo(tensors, {tensorOf(1, Role::up)}).empty());
    }

    void text_says_the_same_as_the_mix() {
        const auto codecs = codecsWith({{tensorOf(1, Role::up), "int2:g64"}, {0, "int8:g64"}});
        std::vector<int> chosen = linearsOf({0, 1});
        chosen.insert(chosen.begin(), 0);
        const CodecMix mix(tensors, codecs, chosen);
        const QString text = mix.text();
        QVERIFY2(text.startsWith(QStringLiteral("embedding int8:g64\n\ndown int4:g64\n")), qPrintable(text));
        std::vector<int> targets = linearsOf({2, 3});
        targets.insert(targets.begin(), 0);
        const auto back = CodecMix::fromText(text).carriedTo(tensors, targets);
        const auto direct = mix.carriedTo(tensors, targets);
        QCOMPARE(back.size(), std::size_t{15});
        for (const int target : targets) {
            QCOMPARE(nameAt(back, target), nameAt(direct, target));
        }
        QCOMPARE(CodecMix::fromText(text).text(), text);
    }

    void text_that_is_no_mix_is_refused_with_its_line() {
        const auto refusal = [](const QString& text) {
            return test::errorOf([&] { CodecMix::fromText(text); });
        };
        QVERIFY(refusal(QStringLiteral("q int4:g64\nk itn4:g64")).contains(QStringLiteral("Line 2")));
        QVERIFY(refusal(QStringLiteral("Once upon a time")).contains(QStringLiteral("Line 1")));
        QVERIFY(refusal(QString()).contains(QStringLiteral("Line 1")));
        QVERIFY(refusal(QString(1 << 20, QLatin1Char('q'))).contains(QStringLiteral("too long")));
    }
};

QTEST_GUILESS_MAIN(TestCodecMix)
#include "tst_codec_mix.moc"
