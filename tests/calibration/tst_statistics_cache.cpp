// SPDX-License-Identifier: GPL-3.0-or-later
#include "calibration/statistics_cache.h"
#include "calibration/statistics_file.h"
#include "support/file.h"
#include "support/sha256.h"
#include "support/system.h"
#include "test_support.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <memory>
#include <random>
#include <set>
#include <thread>

using namespace planish;
namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t plenty = std::uint64_t{1} << 30;
constexpr std::size_t headerSize = 32;
constexpr std::size_t digestSize = 64;

std::string keyOf(int number) {
    return sha256Hex(std::to_string(number));
}

InputStatistics statistics(std::size_t columns, bool crossMoment = false, unsigned seed = 1) {
    std::srand(seed); // what Eigen's Random draws from
    const auto n = static_cast<Eigen::Index>(columns);
    InputStatistics inputs;
    inputs.tokens = 12'345 + seed;
    const Matrix some = Matrix::Random(n, n);
    inputs.hessian = some + Matrix(some.transpose());
    inputs.meanMagnitude = Vector::Random(n);
    inputs.smallest = Vector::Random(n);
    inputs.largest = Vector::Random(n);
    if (crossMoment) {
        inputs.crossMoment = Matrix::Random(n, n);
    }
    return inputs;
}

template <typename Array>
bool sameBits(const Array& a, const Array& b) {
    return a.rows() == b.rows() && a.cols() == b.cols() &&
           (a.size() == 0 ||
            std::memcmp(a.data(), b.data(), sizeof(float) * static_cast<std::size_t>(a.size())) == 0);
}

bool sameBits(const InputStatistics& a, const InputStatistics& b) {
    return a.tokens == b.tokens && sameBits(a.hessian, b.hessian) &&
           sameBits(a.meanMagnitude, b.meanMagnitude) && sameBits(a.smallest, b.smallest) &&
           sameBits(a.largest, b.largest) && sameBits(a.crossMoment, b.crossMoment);
}

std::string contentOf(const fs::path& path) {
    return readWholeFile(path, plenty);
}

/// `content` of the file of `key` with a checksum that is right for it.
std::string sealed(std::string content, const std::string& key) {
    content.resize(content.size() - digestSize);
    return content + sha256Hex(key + content);
}

template <typename Number>
std::string withNumber(std::string content, std::size_t offset, Number number) {
    std::memcpy(content.data() + offset, &number, sizeof number);
    return content;
}

std::set<std::string> namesIn(const fs::path& folder) {
    std::set<std::string> names;
    for (const fs::directory_entry& file : fs::directory_iterator(folder)) {
        names.insert(file.path().filename().string());
    }
    return names;
}

void letAgePass(const fs::path& path, std::chrono::hours age) {
    fs::last_write_time(path, fs::file_time_type::clock::now() - age);
}

} // namespace

class StatisticsCacheTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> temporary_;

    fs::path folder() const { return fs::path(temporary_->path().toStdString()) / "cache" / "statistics"; }
    fs::path file(const std::string& key) const { return folder() / (key + ".statistics"); }
    StatisticsCache cache(std::uint64_t limit = plenty) const { return {folder(), limit}; }

    /// Puts `content` where the statistics of `key` would be: they must be absent then, and the file gone.
    void verifyAbsent(const std::string& key, const std::string& content, std::size_t columns,
                      const char* what) {
        test::writeFile(file(key), content);
        QVERIFY2(!cache().find(key, columns).has_value(), what);
        QVERIFY2(!fs::exists(file(key)), what);
    }

  private slots:
    void init() { temporary_ = std::make_unique<QTemporaryDir>(); }

    void what_is_kept_is_found_bit_by_bit_data() {
        QTest::addColumn<int>("columns");
        QTest::addColumn<bool>("crossMoment");
        for (const int columns : {1, 2, 63, 64, 65, 130, 300}) {
            QTest::addRow("%d", columns) << columns << false;
            QTest::addRow("%d with cross moment", columns) << columns << true;
        }
    }

    void what_is_kept_is_found_bit_by_bit() {
        QFETCH(int, columns);
        QFETCH(bool, crossMoment);
        const auto n = static_cast<std::size_t>(columns);
        InputStatistics inputs = statistics(n, crossMoment);
        inputs.smallest[0] = -0.0F;
        inputs.largest[0] = std::numeric_limits<float>::denorm_min();
        inputs.hessian(0, 0) = std::numeric_limits<float>::max();
        inputs.tokens = std::numeric_limits<std::uint64_t>::max();
        QVERIFY(cache().keep(keyOf(1), inputs));
        QCOMPARE(fs::file_size(file(keyOf(1))), statisticsFileSize(n, crossMoment));
        const std::optional<InputStatistics> found = cache().find(keyOf(1), n);
        QVERIFY(found && sameBits(*found, inputs));
        QCOMPARE(namesIn(folder()), std::set<std::string>{keyOf(1) + ".statistics"});
    }

    void what_was_never_kept_is_absent() {
        QVERIFY(!cache().find(keyOf(1), 4).has_value());
        QVERIFY(!fs::exists(folder()));
        QCOMPARE(cache().entries(), std::size_t{0});
        QCOMPARE(cache().bytes(), std::uint64_t{0});
        QVERIFY(cache().clear());
        QVERIFY(cache().keep(keyOf(1), statistics(4)));
        QVERIFY(!cache().find(keyOf(2), 4).has_value());
    }

    void only_digests_are_keys() {
        const std::string key = keyOf(1);
        for (const std::string& bad : {std::string(), key.substr(1), key + "0", "../" + key.substr(3),
                                       "G" + key.substr(1), "A" + key.substr(1), std::string(64, '\0')}) {
            QVERIFY(test::errorOf([&] { cache().find(bad, 4); }).contains("SHA-256"));
            QVERIFY(test::errorOf([&] { cache().keep(bad, statistics(4)); }).contains("SHA-256"));
        }
    }

    void usage_is_that_of_the_files() {
        StatisticsCache kept = cache();
        QVERIFY(kept.keep(keyOf(1), statistics(20)));
        QVERIFY(kept.keep(keyOf(2), statistics(30, true)));
        QVERIFY(kept.keep(keyOf(2), statistics(30, true)));
        QCOMPARE(kept.entries(), std::size_t{2});
        QCOMPARE(kept.bytes(), statisticsFileSize(20, false) + statisticsFileSize(30, true));
        QVERIFY(kept.clear());
        QCOMPARE(kept.entries(), std::size_t{0});
        QCOMPARE(kept.bytes(), std::uint64_t{0});
        QVERIFY(!kept.find(keyOf(1), 20).has_value());
    }

    void a_changed_byte_anywhere_makes_it_absent() {
        const std::string key = keyOf(1);
        for (const bool crossMoment : {false, true}) {
            QVERIFY(cache().keep(key, statistics(5, crossMoment)));
            const std::string good = contentOf(file(key));
            for (std::size_t i = 0; i < good.size(); ++i) {
                for (const int flip : {1, 0x80, 0xff}) {
                    std::string bad = good;
                    bad[i] = static_cast<char>(bad[i] ^ flip);
                    verifyAbsent(key, bad, 5, qPrintable(QStringLiteral("byte %1").arg(i)));
                }
            }
            test::writeFile(file(key), good);
            QVERIFY(cache().find(key, 5).has_value());
        }
    }

    void a_file_of_another_length_is_absent() {
        const std::string key = keyOf(1);
        QVERIFY(cache().keep(key, statistics(5, true)));
        const std::string good = contentOf(file(key));
        for (std::size_t size = 0; size < good.size(); ++size) {
            verifyAbsent(key, good.substr(0, size), 5, qPrintable(QString::number(size)));
        }
        verifyAbsent(key, good + '\0', 5, "a byte more");
        verifyAbsent(key, good + good, 5, "twice");
    }

    void nonsense_under_a_right_checksum_is_absent() {
        const std::string key = keyOf(1);
        QVERIFY(cache().keep(key, statistics(5)));
        const std::string good = contentOf(file(key));
        const std::size_t columns = 24;
        for (const std::uint64_t absurd :
             {std::uint64_t{0}, std::uint64_t{4}, std::uint64_t{6}, std::uint64_t{1} << 20,
              std::uint64_t{1} << 32, ~std::uint64_t{0}}) {
            verifyAbsent(key, sealed(withNumber(good, columns, absurd), key), 5, "columns");
        }
        verifyAbsent(key, sealed(withNumber(good, 8, std::uint32_t{2}), key), 5, "a later version");
        for (const std::uint32_t flags : {1U, 2U, 3U, ~0U}) {
            verifyAbsent(key, sealed(withNumber(good, 12, flags), key), 5, "flags");
        }
        constexpr float infinity = std::numeric_limits<float>::infinity();
        const std::size_t numbers = (good.size() - headerSize - digestSize) / sizeof(float);
        for (std::size_t i = 0; i < numbers; ++i) {
            for (const float number : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
                verifyAbsent(key, sealed(withNumber(good, headerSize + i * sizeof number, number), key), 5,
                             "not finite");
            }
        }
        test::writeFile(file(key), sealed(good, key)); // sealed() is right, so those above tested something
        QVERIFY(cache().find(key, 5).has_value());
    }

    void statistics_of_other_columns_are_absent_and_take_no_memory() {
        QVERIFY(cache().keep(keyOf(1), statistics(5)));
        QVERIFY(!cache().find(keyOf(1), 6).has_value());
        QVERIFY(!fs::exists(file(keyOf(1))));
        const std::uint64_t before = peakMemoryBytes();
        for (const std::size_t columns :
             {std::size_t{0}, mostStatisticsColumns, mostStatisticsColumns + 1, ~std::size_t{0}}) {
            QVERIFY(cache().keep(keyOf(1), statistics(5)));
            QVERIFY(!cache().find(keyOf(1), columns).has_value());
        }
        // A header that asks for terabytes and agrees with the caller, in a short file.
        QVERIFY(cache().keep(keyOf(1), statistics(5)));
        const std::string huge =
            withNumber(contentOf(file(keyOf(1))), 24, std::uint64_t{mostStatisticsColumns});
        verifyAbsent(keyOf(1), sealed(huge, keyOf(1)), mostStatisticsColumns, "huge");
        QVERIFY(peakMemoryBytes() < before + (std::uint64_t{64} << 20));
    }

    void statistics_under_anothers_name_are_absent() {
        QVERIFY(cache().keep(keyOf(1), statistics(5)));
        fs::rename(file(keyOf(1)), file(keyOf(2)));
        QVERIFY(!cache().find(keyOf(2), 5).has_value());
        QVERIFY(!fs::exists(file(keyOf(2))));
    }

    void what_would_not_come_back_is_not_kept() {
        const auto refused = [&](const std::function<void(InputStatistics&)>& change) {
            InputStatistics inputs = statistics(70, true);
            change(inputs);
            return !cache().keep(keyOf(1), inputs) && cache().entries() == 0;
        };
        QVERIFY(refused([](InputStatistics& inputs) { inputs.hessian(3, 69) += 1; }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.hessian.resize(70, 71); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.crossMoment.resize(69, 70); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.smallest.resize(69); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.meanMagnitude.resize(0); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.largest[1] = std::nanf(""); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs.crossMoment(1, 0) = std::nanf(""); }));
        QVERIFY(refused([](InputStatistics& inputs) { inputs = InputStatistics(); }));
        QVERIFY(!refused([](InputStatistics&) {}));
    }

    void what_was_not_used_for_longest_goes_first() {
        const std::uint64_t size = statisticsFileSize(10, false);
        StatisticsCache kept = cache(3 * size);
        for (const int number : {1, 2, 3}) {
            QVERIFY(kept.keep(keyOf(number), statistics(10)));
        }
        QVERIFY(kept.find(keyOf(1), 10).has_value()); // now 2 is the oldest
        QVERIFY(kept.keep(keyOf(4), statistics(10)));
        QVERIFY(!kept.find(keyOf(2), 10).has_value());
        QVERIFY(kept.find(keyOf(3), 10).has_value());
        QVERIFY(kept.keep(keyOf(5), statistics(10))); // the oldest is 1, then 4, then 3
        QVERIFY(!fs::exists(file(keyOf(1))));
        QVERIFY(kept.keep(keyOf(6), statistics(10)));
        QVERIFY(!fs::exists(file(keyOf(4))));
        QVERIFY(fs::exists(file(keyOf(3))) && fs::exists(file(keyOf(5))) && fs::exists(file(keyOf(6))));
    }

    void it_never_takes_more_than_its_limit() {
        std::mt19937 random(3);
        const std::uint64_t limit = 4 * statisticsFileSize(40, true);
        StatisticsCache kept = cache(limit);
        for (int i = 0; i < 100; ++i) {
            QVERIFY(kept.keep(keyOf(i % 30), statistics(1 + random() % 40, random() % 2 == 0)));
            QVERIFY(fs::exists(file(keyOf(i % 30))));
            QVERIFY(kept.bytes() <= limit);
        }
        QVERIFY(kept.bytes() > limit / 2);
    }

    void what_is_larger_than_the_limit_is_not_kept_and_drives_nothing_out() {
        const std::uint64_t size = statisticsFileSize(10, false);
        StatisticsCache kept = cache(size);
        QVERIFY(kept.keep(keyOf(1), statistics(10)));
        QVERIFY(!kept.keep(keyOf(2), statistics(11)));
        QVERIFY(kept.find(keyOf(1), 10).has_value());
        QVERIFY(kept.keep(keyOf(2), statistics(10)));
        QCOMPARE(kept.entries(), std::size_t{1});
        QVERIFY(!cache(0).keep(keyOf(3), statistics(1)));
    }

    void a_clock_that_was_ahead_does_not_drive_out_what_is_new() {
        const std::uint64_t size = statisticsFileSize(10, false);
        StatisticsCache kept = cache(2 * size);
        for (const int number : {1, 2, 3}) {
            QVERIFY(kept.keep(keyOf(number), statistics(10)));
            letAgePass(file(keyOf(number)), std::chrono::hours(-48));
        }
        QCOMPARE(kept.entries(), std::size_t{2});
        QVERIFY(kept.find(keyOf(3), 10).has_value());
    }

    void a_folder_that_cannot_be_written_keeps_nothing_and_fails_nothing() {
        const fs::path blocked = fs::path(temporary_->path().toStdString()) / "file";
        test::writeFile(blocked, "in the way");
        for (const fs::path& path : {blocked, blocked / "statistics", fs::path("/proc/none"), fs::path()}) {
            StatisticsCache none(path, plenty);
            QVERIFY(!none.keep(keyOf(1), statistics(4)));
            QVERIFY(!none.find(keyOf(1), 4).has_value());
            QCOMPARE(none.entries(), std::size_t{0});
            QCOMPARE(none.bytes(), std::uint64_t{0});
            QVERIFY(none.clear());
        }
        QCOMPARE(contentOf(blocked), std::string("in the way"));
    }

    void a_failed_write_leaves_nothing_behind() {
        fs::create_directories(file(keyOf(1))); // a folder where the file should be
        QVERIFY(!cache().keep(keyOf(1), statistics(4)));
        QCOMPARE(namesIn(folder()), std::set<std::string>{keyOf(1) + ".statistics"});
        QVERIFY(!cache().find(keyOf(1), 4).has_value());
        QVERIFY(fs::is_directory(file(keyOf(1))));
        QCOMPARE(cache().entries(), std::size_t{0});
    }

    void a_full_disk_keeps_nothing_and_leaves_nothing_behind() {
        struct rlimit before {};
        QCOMPARE(::getrlimit(RLIMIT_FSIZE, &before), 0);
        struct rlimit small = before;
        small.rlim_cur = 10'000;
        std::signal(SIGXFSZ, SIG_IGN); // writes fail with EFBIG then
        ::setrlimit(RLIMIT_FSIZE, &small);
        const bool kept = cache().keep(keyOf(1), statistics(100));
        const bool keptSmall = cache().keep(keyOf(2), statistics(10));
        ::setrlimit(RLIMIT_FSIZE, &before);
        QVERIFY(!kept);
        QVERIFY(keptSmall);
        QCOMPARE(namesIn(folder()), std::set<std::string>{keyOf(2) + ".statistics"});
    }

    void foreign_files_are_left_alone() {
        const std::string key = keyOf(1);
        const std::vector<std::string> foreign{"notes.txt",
                                               "a.statistics",
                                               key,
                                               key + ".statistics.bak",
                                               key + ".statistics.tmp",
                                               key + ".statistics.12x.tmp",
                                               key + ".statistics.12",
                                               "x" + key + ".statistics",
                                               "A" + key.substr(1) + ".statistics",
                                               key.substr(1) + ".statistics"};
        for (const std::string& name : foreign) {
            test::writeFile(folder() / name, std::string(100'000, 'x'));
            letAgePass(folder() / name, std::chrono::hours(1000));
        }
        fs::create_directory(folder() / (keyOf(2) + ".statistics"));
        QCOMPARE(::mkfifo((folder() / (keyOf(3) + ".statistics")).c_str(), 0600), 0);
        const std::set<std::string> before = namesIn(folder());
        StatisticsCache kept = cache(statisticsFileSize(10, false));
        QCOMPARE(kept.entries(), std::size_t{0});
        QVERIFY(kept.keep(keyOf(4), statistics(10)));
        QVERIFY(kept.keep(keyOf(5), statistics(10)));
        QVERIFY(kept.clear());
        QCOMPARE(namesIn(folder()), before);
    }

    void what_a_killed_process_was_writing_goes_after_a_while() {
        const fs::path abandoned = folder() / (keyOf(1) + ".statistics.4711.tmp");
        test::writeFile(abandoned, "half");
        QVERIFY(cache().keep(keyOf(2), statistics(4)));
        QVERIFY(fs::exists(abandoned)); // its writer may be at it
        letAgePass(abandoned, std::chrono::hours(2));
        QVERIFY(cache().keep(keyOf(2), statistics(4)));
        QVERIFY(!fs::exists(abandoned));
    }

    void two_caches_on_one_folder_see_the_same() {
        StatisticsCache one = cache();
        StatisticsCache other = cache();
        QVERIFY(one.keep(keyOf(1), statistics(6)));
        QVERIFY(sameBits(other.find(keyOf(1), 6).value(), statistics(6)));
        QVERIFY(other.clear());
        QVERIFY(!one.find(keyOf(1), 6).has_value());
    }

    void many_may_use_a_folder_at_once() {
        const std::uint64_t limit = 6 * statisticsFileSize(60, true);
        std::vector<InputStatistics> all;
        for (unsigned i = 0; i < 12; ++i) {
            all.push_back(statistics(60, i % 2 == 0, i));
        }
        std::atomic<int> wrong = 0;
        std::vector<std::thread> users;
        for (unsigned user = 0; user < 4; ++user) {
            users.emplace_back([&, user] {
                StatisticsCache kept = cache(limit);
                std::mt19937 random(user);
                for (int i = 0; i < 300; ++i) {
                    const std::size_t which = random() % all.size();
                    const std::string key = keyOf(static_cast<int>(which));
                    const std::optional<InputStatistics> found = kept.find(key, 60);
                    if (found && !sameBits(*found, all[which])) {
                        ++wrong;
                    }
                    if (!found) {
                        kept.keep(key, all[which]);
                    }
                    if (i % 100 == 99) {
                        kept.clear();
                    }
                }
            });
        }
        for (std::thread& user : users) {
            user.join();
        }
        QCOMPARE(wrong.load(), 0);
        QVERIFY(cache(limit).keep(keyOf(0), all[0]));
        QVERIFY(cache(limit).bytes() <= limit);
    }

    void the_users_cache_is_where_the_environment_says() {
        const QByteArray home = qgetenv("HOME");
        const auto folderWith = [](const char* chosen, const char* caches, const char* homeFolder) {
            qputenv("PLANISH_CACHE", chosen);
            qputenv("XDG_CACHE_HOME", caches);
            qputenv("HOME", homeFolder);
            return StatisticsCache::ofUser().folder();
        };
        QCOMPARE(folderWith("/a", "/b", "/c"), fs::path("/a/statistics"));
        QCOMPARE(folderWith("", "/b", "/c"), fs::path("/b/planish/statistics"));
        QCOMPARE(folderWith("", "", "/c"), fs::path("/c/.cache/planish/statistics"));
        QCOMPARE(folderWith("", "relative", "/c"), fs::path("/c/.cache/planish/statistics"));
        QCOMPARE(folderWith("", "", ""), fs::path());
        QVERIFY(!StatisticsCache::ofUser().keep(keyOf(1), statistics(4)));
        QCOMPARE(StatisticsCache::ofUser().limitBytes(), std::uint64_t{4} << 30);
        QCOMPARE(folderWith(folder().c_str(), "/b", "/c"), folder() / "statistics");
        QVERIFY(StatisticsCache::ofUser().keep(keyOf(1), statistics(4)));
        QVERIFY(fs::exists(folder() / "statistics" / (keyOf(1) + ".statistics")));
        qputenv("HOME", home);
        qunsetenv("XDG_CACHE_HOME");
        qunsetenv("PLANISH_CACHE");
    }
};

QTEST_GUILESS_MAIN(StatisticsCacheTest)
#include "tst_statistics_cache.moc"
