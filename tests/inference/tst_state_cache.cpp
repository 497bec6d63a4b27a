// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/state_cache.h"

#include <QTest>

using namespace planish;

namespace {

/// Of 100 bytes.
std::shared_ptr<const HiddenStates> states() {
    return std::make_shared<const HiddenStates>(HiddenStates{1, 5, Matrix::Zero(5, 5)});
}

} // namespace

class StateCacheTest : public QObject {
    Q_OBJECT

  private slots:
    void what_was_not_used_for_longest_goes_first() {
        StateCache cache(300);
        for (const char* key : {"a", "b", "c"}) {
            cache.keep(key, states(), false);
        }
        QVERIFY(cache.find("a"));
        cache.keep("d", states(), false);
        QVERIFY(cache.find("a") && cache.find("c") && cache.find("d"));
        QVERIFY(!cache.find("b"));
        QCOMPARE(cache.bytes(), std::uint64_t{300});
    }

    void what_is_of_the_unquantized_model_goes_last() {
        StateCache cache(300);
        cache.keep("first", states(), true);
        cache.keep("second", states(), true);
        for (const char* key : {"a", "b", "c"}) {
            cache.keep(key, states(), false);
        }
        QVERIFY(cache.find("first") && cache.find("second") && cache.find("c"));
        QVERIFY(!cache.find("a") && !cache.find("b"));
        cache.keep("third", states(), true);
        cache.keep("fourth", states(), true);
        QVERIFY(cache.find("fourth") && cache.find("third") && cache.find("second"));
        QVERIFY(!cache.find("first"));
        QVERIFY(!cache.hasRoom(100, false));
        cache.keep("d", states(), false);
        QVERIFY(!cache.find("d"));
    }

    void nothing_is_held_over_the_limit() {
        StateCache none(99);
        none.keep("a", states(), true);
        QVERIFY(!none.find("a"));
        StateCache cache(1000);
        for (const char* key : {"a", "b", "c", "b"}) {
            cache.keep(key, states(), false);
        }
        QCOMPARE(cache.bytes(), std::uint64_t{300});
        cache.setLimit(150);
        QCOMPARE(cache.bytes(), std::uint64_t{100});
        QVERIFY(cache.find("c"));
        cache.clear();
        QCOMPARE(cache.bytes(), std::uint64_t{0});
        QVERIFY(!cache.find("c"));
    }

    /// A state taken from the cache stays whole when the cache drops it.
    void what_is_in_use_outlives_its_place() {
        StateCache cache(100);
        cache.keep("a", states(), false);
        const auto used = cache.find("a");
        cache.keep("b", states(), false);
        QVERIFY(!cache.find("a"));
        QCOMPARE(used->values.size(), Eigen::Index{25});
    }
};

QTEST_APPLESS_MAIN(StateCacheTest)
#include "tst_state_cache.moc"
