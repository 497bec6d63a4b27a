// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "evaluation/target_tiles.h"
#include "inference/logits.h"
#include "inference/state_cache.h"

#include <memory>
#include <string>

namespace planish {

/// The unquantized model's logits at all scored positions of some windows: as a cache has them; or computed
/// tile by tile, into one matrix that the cache keeps where it has room, else into a tile's own.
class BaselineLogits {
  public:
    /// `states` are the final ones of the windows from `firstWindow` on, `key` names the logits in `cache`,
    /// which may be null. All must outlive this.
    BaselineLogits(const LogitHead& head, const HiddenStates& states, const WindowPlan& plan,
                   std::size_t firstWindow, std::string key, StateCache* cache);

    /// Of one tile [targets, vocabulary], in `scratch` or elsewhere; from several threads, each tile once.
    MatrixView of(const TargetTile& tile, Matrix& scratch) const;
    /// When all tiles have been asked for.
    void keep();

  private:
    const LogitHead& head_;
    const HiddenStates& states_;
    const WindowPlan& plan_;
    std::size_t firstWindow_;
    std::string key_;
    StateCache* cache_;
    std::shared_ptr<const HiddenStates> known_;
    std::shared_ptr<HiddenStates> kept_; ///< being filled
};

} // namespace planish
