// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/corpus.h"
#include "evaluation/windows.h"
#include "test_support.h"

#include <QTemporaryDir>
#include <QTest>
#include <numeric>

using namespace planish;
using namespace planish::test;

namespace {

std::vector<TokenId> sequence(std::size_t count) {
    std::vector<TokenId> ids(count);
    std::iota(ids.begin(), ids.end(), 100);
    return ids;
}

} // namespace

class WindowTest : public QObject {
    Q_OBJECT

  private slots:
    void standard_windows_follow_each_other_and_drop_the_tail() {
        const WindowPlan plan = planWindows(sequence(25), {Convention::standard, 8, 0, 0}, 0);
        QCOMPARE(plan.windows, std::size_t{3});
        QCOMPARE(plan.tokens, sequence(24));
        QCOMPARE(plan.tokensScored(), std::size_t{21});
    }

    void strided_windows_score_only_their_last_tokens() {
        const WindowPlan plan = planWindows(sequence(20), {Convention::strided, 8, 0, 4}, 0);
        QCOMPARE(plan.windows, std::size_t{4});
        QCOMPARE(plan.firstTarget, std::size_t{4});
        QCOMPARE(plan.tokens[8], TokenId{104}); // the second window starts one stride later
        QCOMPARE(plan.tokensScored(), std::size_t{16});
    }

    void a_stride_of_the_whole_context_is_the_standard_convention() {
        const auto strided = planWindows(sequence(24), {Convention::strided, 8, 0, 8}, 0);
        const auto standard = planWindows(sequence(24), {Convention::standard, 8, 0, 0}, 0);
        QCOMPARE(strided.tokens, standard.tokens);
        QCOMPARE(strided.firstTarget, standard.firstTarget);
    }

    void llama_cpp_windows_begin_with_bos_and_score_the_second_half() {
        const WindowPlan plan = planWindows(sequence(16), {Convention::llamaCpp, 8, 0, 0}, 7);
        QCOMPARE(plan.tokens[0], TokenId{7});
        QCOMPARE(plan.tokens[8], TokenId{7});
        QCOMPARE(plan.firstTarget, std::size_t{5});
        QCOMPARE(plan.tokensScored(), std::size_t{2 * 3});
    }

    void llama_cpp_needs_a_begin_token() {
        QVERIFY(errorOf([] {
                    planWindows(sequence(16), {Convention::llamaCpp, 8, 0, 0}, std::nullopt);
                }).contains("BOS"));
    }

    void texts_that_are_too_short_are_refused_with_what_they_have() {
        QVERIFY(errorOf([] { planWindows(sequence(7), {Convention::standard, 8, 0, 0}, 0); }).contains("7"));
        QVERIFY(errorOf([] {
                    planWindows(sequence(24), {Convention::standard, 8, 4, 0}, 0);
                }).contains("at most 3"));
    }

    void settings_fill_in_from_the_model() {
        ModelConfig config;
        config.maximumContext = 8192;
        QCOMPARE(resolveSettings({}, config).context, std::size_t{2048});
        config.maximumContext = 512;
        QCOMPARE(resolveSettings({}, config).context, std::size_t{512});
        QCOMPARE(resolveSettings({Convention::strided, 128, 0, 0}, config).stride, std::size_t{64});
    }

    void contradicting_settings_are_refused() {
        const ModelConfig config;
        QVERIFY(errorOf([&] {
                    resolveSettings({Convention::standard, 8, 0, 4}, config);
                }).contains("stride"));
        QVERIFY(errorOf([&] { resolveSettings({Convention::strided, 8, 0, 9}, config); }).contains("stride"));
        QVERIFY(errorOf([&] {
                    resolveSettings({Convention::standard, 1, 0, 0}, config);
                }).contains("context"));
        QVERIFY(errorOf([&] {
                    resolveSettings({Convention::standard, std::size_t{1} << 40, 0, 0}, config);
                }).contains("context"));
    }

    void texts_open_by_name_or_path() {
        QCOMPARE(Corpus::open("literature").sha256,
                 std::string("1db47fe7e7548eb57acb8128019a381df0cd36d62833d7c7d35a2c0e3799ab3c"));
        const QString message = errorOf([] { Corpus::open("no-such-text"); });
        QVERIFY2(message.contains("literature"), qPrintable(message));
        QTemporaryDir folder;
        const auto path = std::filesystem::path(folder.path().toStdString()) / "a.txt";
        writeFile(path, "\xff\xfe");
        QVERIFY(errorOf([&] { Corpus::open(path.string()); }).contains("UTF-8"));
        writeFile(path, "");
        QVERIFY(errorOf([&] { Corpus::open(path.string()); }).contains("empty"));
        QVERIFY(errorOf([&] { Corpus::open(folder.path().toStdString()); }).contains("folder"));
    }

    void a_folder_does_not_hide_the_bundled_text_of_its_name() {
        QTemporaryDir folder;
        const auto before = std::filesystem::current_path();
        std::filesystem::create_directory(std::filesystem::path(folder.path().toStdString()) / "docs");
        std::filesystem::current_path(folder.path().toStdString());
        const QString message = errorOf([] { QVERIFY(Corpus::open("docs").text.size() > 1000); });
        std::filesystem::current_path(before);
        QCOMPARE(message, QString());
    }
};

QTEST_APPLESS_MAIN(WindowTest)
#include "tst_windows.moc"
