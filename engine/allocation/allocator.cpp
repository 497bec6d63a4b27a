// SPDX-License-Identifier: GPL-3.0-or-later
#include "allocation/allocator.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <tuple>

namespace planish {
namespace {

/// A partial choice for the first items.
struct State {
    double size = 0;
    double cost = 0;
    double bound = 0; ///< no completion costs less
    std::uint32_t parent = 0;
    std::uint32_t option = 0;
};

class Solver {
  public:
    Solver(std::span<const AllocationItem> items, double budget, std::size_t mostStates)
        : items_(items), budget_(budget), mostStates_(mostStates), rest_(items.size() + 1) {
        for (std::size_t i = items.size(); i-- > 0;) {
            rest_[i] = Relaxation(rest_[i + 1], items[i], i);
        }
    }

    std::optional<Allocation> solve() {
        if (rest_[0].smallestSize() > budget_) {
            return std::nullopt;
        }
        levels_.push_back({State{0, 0, rest_[0].costWithin(budget_), 0, 0}});
        complete(0, 0);
        for (std::size_t item = 0; item < items_.size(); ++item) {
            expand(item);
            if (levels_.back().empty()) {
                break;
            }
            // The most promising one, completed greedily, often beats the best known.
            const auto& states = levels_.back();
            const auto best =
                std::min_element(states.begin(), states.end(),
                                 [](const State& a, const State& b) { return a.bound < b.bound; });
            complete(item + 1, static_cast<std::size_t>(best - states.begin()));
        }
        best_.bound = std::min(best_.cost, cutOff_);
        return best_;
    }

  private:
    /// Bounds are sums in another order than costs: differences below this are rounding.
    double slack() const { return 1e-12 * best_.cost; }

    /// Completes a state of the first `count` items by whole steps while there is room, and keeps the result
    /// when it is the best.
    void complete(std::size_t count, std::size_t state) {
        Allocation whole;
        whole.chosen.resize(items_.size());
        for (std::size_t i = count; i-- > 0;) {
            const State& present = levels_[i + 1][state];
            whole.chosen[i] = present.option;
            state = present.parent;
        }
        for (std::size_t i = 0; i < items_.size(); ++i) {
            if (i >= count) {
                whole.chosen[i] = smallestOption(items_[i]);
            }
            whole.size += items_[i][whole.chosen[i]].size;
            whole.cost += items_[i][whole.chosen[i]].cost;
        }
        for (const HullStep& step : rest_[count].steps()) {
            const AllocationOption& from = items_[step.item][whole.chosen[step.item]];
            const AllocationOption& to = items_[step.item][step.option];
            const double size = whole.size - from.size + to.size;
            if (size <= budget_) { // a later step of the item may fit where an earlier one did not
                whole.size = size;
                whole.cost += to.cost - from.cost;
                whole.chosen[step.item] = step.option;
            }
        }
        if (best_.chosen.empty() || whole.cost < best_.cost) {
            best_ = std::move(whole);
        }
    }

    void expand(std::size_t item) {
        std::vector<State> next;
        const std::vector<State>& states = levels_.back();
        for (std::size_t parent = 0; parent < states.size(); ++parent) {
            for (std::size_t option = 0; option < items_[item].size(); ++option) {
                State state;
                state.size = states[parent].size + items_[item][option].size;
                state.cost = states[parent].cost + items_[item][option].cost;
                state.bound = state.cost + rest_[item + 1].costWithin(budget_ - state.size);
                state.parent = static_cast<std::uint32_t>(parent);
                state.option = static_cast<std::uint32_t>(option);
                if (state.bound < best_.cost - slack()) {
                    next.push_back(state);
                }
            }
        }
        std::sort(next.begin(), next.end(), [](const State& a, const State& b) {
            return std::tie(a.size, a.cost, a.parent, a.option) <
                   std::tie(b.size, b.cost, b.parent, b.option);
        });
        double cheapest = std::numeric_limits<double>::infinity();
        std::erase_if(next, [&](const State& state) {
            const bool dominated = !(state.cost < cheapest);
            cheapest = std::min(cheapest, state.cost);
            return dominated;
        });
        if (next.size() > mostStates_) {
            std::nth_element(next.begin(), next.begin() + static_cast<std::ptrdiff_t>(mostStates_),
                             next.end(), [](const State& a, const State& b) { return a.bound < b.bound; });
            cutOff_ = std::min(cutOff_, next[mostStates_].bound);
            next.resize(mostStates_);
        }
        levels_.push_back(std::move(next));
    }

    std::span<const AllocationItem> items_;
    double budget_;
    std::size_t mostStates_;
    std::vector<Relaxation> rest_; ///< of the items from each one on
    std::vector<std::vector<State>> levels_;
    Allocation best_;
    double cutOff_ = std::numeric_limits<double>::infinity(); ///< least bound of what was not followed
};

Allocation wholeOf(std::span<const AllocationItem> items, std::vector<std::size_t> chosen) {
    Allocation whole{std::move(chosen), 0, 0, 0};
    for (std::size_t i = 0; i < items.size(); ++i) {
        whole.size += items[i][whole.chosen[i]].size;
        whole.cost += items[i][whole.chosen[i]].cost;
    }
    whole.bound = whole.cost;
    return whole;
}

} // namespace

std::optional<Allocation> cheapestWithin(std::span<const AllocationItem> items, double budget,
                                         std::size_t mostStates) {
    return Solver(items, budget, mostStates).solve();
}

std::optional<Allocation> smallestWithin(std::span<const AllocationItem> items, double ceiling,
                                         std::size_t mostStates) {
    std::vector<AllocationItem> exchanged(items.begin(), items.end());
    for (AllocationItem& item : exchanged) {
        for (AllocationOption& option : item) {
            std::swap(option.size, option.cost);
        }
    }
    std::optional<Allocation> found = cheapestWithin(exchanged, ceiling, mostStates);
    if (found) {
        std::swap(found->size, found->cost);
    }
    return found;
}

std::vector<Allocation> hullAllocations(std::span<const AllocationItem> items, std::size_t most) {
    Relaxation all;
    std::vector<std::size_t> chosen(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
        all = Relaxation(all, items[i], i);
        chosen[i] = smallestOption(items[i]);
    }
    const std::size_t count = all.steps().size();
    const std::size_t stride = std::max<std::size_t>(1, (count + most - 1) / std::max<std::size_t>(1, most));
    std::vector<Allocation> path{wholeOf(items, chosen)};
    for (std::size_t i = 0; i < count; ++i) {
        const HullStep& step = all.steps()[i];
        chosen[step.item] = step.option;
        if ((i + 1) % stride == 0 || i + 1 == count) {
            path.push_back(wholeOf(items, chosen));
        }
    }
    return path;
}

} // namespace planish
