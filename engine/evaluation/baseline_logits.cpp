// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/baseline_logits.h"

namespace planish {

BaselineLogits::BaselineLogits(const LogitHead& head, const HiddenStates& states, const WindowPlan& plan,
                               std::size_t firstWindow, std::string key, StateCache* cache)
    : head_(head),
      states_(states),
      plan_(plan),
      firstWindow_(firstWindow),
      key_(std::move(key)),
      cache_(cache) {
    if (cache_ == nullptr) {
        return;
    }
    known_ = cache_->find(key_);
    ++(known_ ? cache_->count().logitsReused : cache_->count().logitsComputed);
    const std::size_t targets = plan.targetsPerWindow();
    const std::size_t vocabulary = head.vocabularySize();
    if (!known_ && cache_->hasRoom(HiddenStates::bytes(states.windows, targets, vocabulary), false)) {
        kept_ = std::make_shared<HiddenStates>();
        *kept_ = {states.windows, targets,
                  Matrix(static_cast<Eigen::Index>(states.windows * targets),
                         static_cast<Eigen::Index>(vocabulary))};
    }
}

MatrixView BaselineLogits::of(const TargetTile& tile, Matrix& scratch) const {
    const auto rows = static_cast<Eigen::Index>(tile.count);
    const auto first = static_cast<Eigen::Index>((tile.window - firstWindow_) * plan_.targetsPerWindow() +
                                                 tile.firstTarget - plan_.firstTarget);
    if (known_) {
        return known_->values.middleRows(first, rows);
    }
    const auto hidden = predictingRows(states_, firstWindow_, tile);
    if (kept_) {
        head_.compute(hidden, kept_->values.middleRows(first, rows));
        return kept_->values.middleRows(first, rows);
    }
    scratch.resize(rows, static_cast<Eigen::Index>(head_.vocabularySize()));
    head_.compute(hidden, scratch);
    return scratch;
}

void BaselineLogits::keep() {
    if (kept_) {
        cache_->keep(key_, std::move(kept_), true);
    }
}

} // namespace planish
