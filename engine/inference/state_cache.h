// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "inference/hidden_states.h"

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <unordered_map>

namespace planish {

/// What a cache was asked for since it was made.
struct ReuseCount {
    std::uint64_t blocksReused = 0;   ///< times a part of a text did not have to pass a block
    std::uint64_t blocksComputed = 0; ///< times it did
    std::uint64_t logitsReused = 0;   ///< the same for the unquantized model's logits
    std::uint64_t logitsComputed = 0;

    /// Of the passes through blocks; 0 when there was none.
    double hitRate() const {
        const auto all = static_cast<double>(blocksReused + blocksComputed);
        return all > 0 ? static_cast<double>(blocksReused) / all : 0;
    }
    ReuseCount since(const ReuseCount& earlier) const;
};

/// Hidden states at block boundaries and logits, known by a key that names everything they were made of, so
/// that models that begin alike share the work. Holds at most a number of bytes: what has not been used for
/// longest goes first, what is of the unquantized model last, as every mix that leaves the first blocks alone
/// begins with it. Not thread-safe.
class StateCache {
  public:
    explicit StateCache(std::uint64_t limit) : limit_(limit) {}

    /// Null when there is none.
    std::shared_ptr<const HiddenStates> find(const std::string& key);
    /// Whether keep() would have room, if need be by dropping others.
    bool hasRoom(std::uint64_t bytes, bool ofUnquantized) const;
    /// Drops others until the value fits; keeps nothing where it cannot.
    void keep(const std::string& key, std::shared_ptr<const HiddenStates> states, bool ofUnquantized);
    void clear();
    /// Drops what is over it.
    void setLimit(std::uint64_t bytes);

    std::uint64_t limit() const { return limit_; }
    std::uint64_t bytes() const { return bytes_; }
    ReuseCount& count() { return count_; }
    const ReuseCount& count() const { return count_; }

  private:
    struct Entry {
        std::string key;
        std::shared_ptr<const HiddenStates> states;
        bool ofUnquantized = false;
    };
    using Entries = std::list<Entry>; ///< the latest used in front
    void makeRoom(std::uint64_t bytes);
    void drop(Entries::iterator entry);

    std::uint64_t limit_;
    std::uint64_t bytes_ = 0;
    std::uint64_t unquantizedBytes_ = 0;
    Entries entries_;
    std::unordered_map<std::string, Entries::iterator> byKey_;
    ReuseCount count_;
};

} // namespace planish
