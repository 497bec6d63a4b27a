// SPDX-License-Identifier: GPL-3.0-or-later
#include "inference/state_cache.h"

#include <algorithm>

namespace planish {
namespace {

std::uint64_t bytesOf(const HiddenStates& states) {
    return static_cast<std::uint64_t>(states.values.size()) * sizeof(float);
}

} // namespace

ReuseCount ReuseCount::since(const ReuseCount& earlier) const {
    return {blocksReused - earlier.blocksReused, blocksComputed - earlier.blocksComputed,
            logitsReused - earlier.logitsReused, logitsComputed - earlier.logitsComputed};
}

std::shared_ptr<const HiddenStates> StateCache::find(const std::string& key) {
    const auto it = byKey_.find(key);
    if (it == byKey_.end()) {
        return nullptr;
    }
    entries_.splice(entries_.begin(), entries_, it->second);
    return it->second->states;
}

bool StateCache::hasRoom(std::uint64_t bytes, bool ofUnquantized) const {
    return bytes + (ofUnquantized ? 0 : unquantizedBytes_) <= limit_;
}

void StateCache::keep(const std::string& key, std::shared_ptr<const HiddenStates> states,
                      bool ofUnquantized) {
    const std::uint64_t bytes = bytesOf(*states);
    if (!hasRoom(bytes, ofUnquantized) || byKey_.contains(key)) {
        return;
    }
    makeRoom(bytes);
    entries_.push_front({key, std::move(states), ofUnquantized});
    byKey_[key] = entries_.begin();
    bytes_ += bytes;
    unquantizedBytes_ += ofUnquantized ? bytes : 0;
}

void StateCache::setLimit(std::uint64_t bytes) {
    limit_ = bytes;
    makeRoom(0);
}

void StateCache::makeRoom(std::uint64_t bytes) {
    while (bytes_ + bytes > limit_) {
        const auto oldest = std::find_if(entries_.rbegin(), entries_.rend(),
                                         [](const Entry& entry) { return !entry.ofUnquantized; });
        drop(oldest == entries_.rend() ? std::prev(entries_.end()) : std::prev(oldest.base()));
    }
}

void StateCache::drop(Entries::iterator entry) {
    const std::uint64_t bytes = bytesOf(*entry->states);
    bytes_ -= bytes;
    unquantizedBytes_ -= entry->ofUnquantized ? bytes : 0;
    byKey_.erase(entry->key);
    entries_.erase(entry);
}

void StateCache::clear() {
    entries_.clear();
    byKey_.clear();
    bytes_ = unquantizedBytes_ = 0;
}

} // namespace planish
