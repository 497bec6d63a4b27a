// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/allocator.h"

#include <QTest>
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace planish;

namespace {

/// Least cost within a budget of whole sizes, by the textbook's table over sizes.
double cheapestByTable(const std::vector<AllocationItem>& items, std::size_t budget) {
    constexpr double none = std::numeric_limits<double>::infinity();
    std::vector<double> best(budget + 1, 0);
    for (const AllocationItem& item : items) {
        std::vector<double> next(budget + 1, none);
        for (const AllocationOption& option : item) {
            const auto size = static_cast<std::size_t>(option.size);
            for (std::size_t room = size; room <= budget; ++room) {
                next[room] = std::min(next[room], best[room - size] + option.cost);
            }
        }
        best = next;
    }
    return best[budget];
}

std::vector<AllocationItem> randomItems(std::mt19937& random, int count) {
    std::vector<AllocationItem> items(static_cast<std::size_t>(count));
    std::uniform_int_distribution<int> options(1, 6);
    std::uniform_int_distribution<int> size(0, 40);
    std::uniform_real_distribution<double> cost(0, 1);
    for (AllocationItem& item : items) {
        item.resize(static_cast<std::size_t>(options(random)));
        for (AllocationOption& option : item) {
            option = {static_cast<double>(size(random)), cost(random)};
        }
    }
    return items;
}

/// As codecs are: the error of b bits falls by four a bit.
std::vector<AllocationItem> tensorsOf(std::mt19937& random, int count) {
    std::vector<AllocationItem> items(static_cast<std::size_t>(count));
    std::lognormal_distribution<double> sensitivity(0, 1.5);
    std::uniform_int_distribution<int> weights(1, 64);
    for (AllocationItem& item : items) {
        const double a = sensitivity(random);
        const double n = weights(random) * 4096.0;
        for (int bits = 2; bits <= 6; ++bits) {
            item.push_back({n * bits, a * std::pow(0.25, bits)});
        }
    }
    return items;
}

void compareSums(const std::vector<AllocationItem>& items, const Allocation& allocation) {
    double size = 0;
    double cost = 0;
    QCOMPARE(allocation.chosen.size(), items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        size += items[i].at(allocation.chosen[i]).size;
        cost += items[i].at(allocation.chosen[i]).cost;
    }
    QVERIFY(std::abs(allocation.size - size) < 1e-9 * (1 + size));
    QVERIFY(std::abs(allocation.cost - cost) < 1e-9 * (1 + cost));
}

} // namespace

class AllocatorTest : public QObject {
    Q_OBJECT

  private slots:
    void the_cheapest_choice_equals_that_of_dynamic_programming_over_sizes() {
        std::mt19937 random(7);
        for (int trial = 0; trial < 300; ++trial) {
            const auto items = randomItems(random, 1 + trial % 12);
            const std::size_t budget = std::uniform_int_distribution<std::size_t>(0, 300)(random);
            const double expected = cheapestByTable(items, budget);
            const auto found = cheapestWithin(items, static_cast<double>(budget));
            QCOMPARE(found.has_value(), std::isfinite(expected));
            if (found) {
                compareSums(items, *found);
                QVERIFY(found->size <= static_cast<double>(budget));
                QVERIFY(std::abs(found->cost - expected) <= 1e-9);
                QCOMPARE(found->bound, found->cost);
            }
        }
    }

    void the_smallest_choice_under_a_ceiling_is_no_larger_than_any_other() {
        std::mt19937 random(11);
        for (int trial = 0; trial < 100; ++trial) {
            const auto items = randomItems(random, 1 + trial % 8);
            const double ceiling = std::uniform_real_distribution<double>(0, 4)(random);
            const auto found = smallestWithin(items, ceiling);
            double smallest = std::numeric_limits<double>::infinity();
            for (std::size_t budget = 0; budget <= 320 && !std::isfinite(smallest); ++budget) {
                if (cheapestByTable(items, budget) <= ceiling) {
                    smallest = static_cast<double>(budget);
                }
            }
            QCOMPARE(found.has_value(), std::isfinite(smallest));
            if (found) {
                compareSums(items, *found);
                QVERIFY(found->cost <= ceiling);
                QCOMPARE(found->size, smallest);
            }
        }
    }

    void hundreds_of_tensors_are_solved_to_a_proven_gap() {
        std::mt19937 random(3);
        const auto items = tensorsOf(random, 300);
        double weights = 0;
        for (const AllocationItem& item : items) {
            weights += item[0].size / 2;
        }
        const auto found = cheapestWithin(items, 3.2 * weights);
        QVERIFY(found.has_value());
        compareSums(items, *found);
        QVERIFY(found->size <= 3.2 * weights);
        QVERIFY(found->bound <= found->cost);
        QVERIFY2(found->cost - found->bound < 1e-5 * found->cost,
                 qPrintable(QString::number((found->cost - found->bound) / found->cost)));
    }

    void a_limit_of_states_leaves_a_valid_choice_and_an_honest_bound() {
        std::mt19937 random(5);
        for (int trial = 0; trial < 50; ++trial) {
            const auto items = randomItems(random, 12);
            const double exact = cheapestByTable(items, 200);
            const auto found = cheapestWithin(items, 200, 2);
            QCOMPARE(found.has_value(), std::isfinite(exact));
            if (found) {
                compareSums(items, *found);
                QVERIFY(found->cost >= exact - 1e-12);
                QVERIFY(found->bound <= exact + 1e-12);
            }
        }
    }

    void along_the_hull_each_choice_is_the_best_for_its_size() {
        std::mt19937 random(13);
        const auto items = tensorsOf(random, 20);
        const auto path = hullAllocations(items);
        QCOMPARE(path.size(), std::size_t{81}); // the smallest, and one for each of 4 steps of 20 items
        for (std::size_t i = 0; i < path.size(); ++i) {
            compareSums(items, path[i]);
            const auto best = cheapestWithin(items, path[i].size);
            QVERIFY(std::abs(best->cost - path[i].cost) <= 1e-9 * path[i].cost);
            QVERIFY(i == 0 || (path[i].size > path[i - 1].size && path[i].cost < path[i - 1].cost));
        }
        QVERIFY(hullAllocations(items, 10).size() <= 11);
        QCOMPARE(hullAllocations(items, 10).back().chosen, path.back().chosen);
    }
};

QTEST_APPLESS_MAIN(AllocatorTest)
#include "tst_allocator.moc"
