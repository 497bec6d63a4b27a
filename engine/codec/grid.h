// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

namespace planish {

/// The parameters of one group as decoding will read them: a level u of the grid stands for
/// offset + scale·u. Grids without offsets keep 0 there.
struct GroupParameters {
    float scale = 0;
    float offset = 0;

    bool operator==(const GroupParameters&) const = default;

    /// With the offset at which level `zeroPoint` stands for 0.
    static GroupParameters withZeroPoint(float scale, int zeroPoint) {
        return {scale, zeroPoint == 0 ? 0.0F : -scale * static_cast<float>(zeroPoint)};
    }
    /// The whole number from 0 to `last` that is nearest to the level that stands for 0.
    int zeroPoint(int last) const {
        return scale == 0 ? 0
                          : static_cast<int>(std::lround(
                                std::clamp(-double{offset} / double{scale}, 0.0, static_cast<double>(last))));
    }
};

/// A scalar grid: 2^bits unit levels in rising order, of which every group has its scaled and shifted copy.
class Grid {
  public:
    /// Levels first, first+1, …: whole numbers.
    static Grid uniform(int bits, int first);
    /// Any rising levels, 2^bits of them, bits ≤ 4.
    static Grid table(int bits, std::vector<float> levels);

    int bits() const { return bits_; }
    std::span<const float> levels() const { return levels_; }
    float first() const { return levels_.front(); }
    float last() const { return levels_.back(); }
    bool isUniform() const { return uniform_; }

    /// The index of the level nearest to every weight. With scale 0 all levels are the same; the one nearest
    /// to 0 is taken.
    void nearest(GroupParameters parameters, std::span<const float> weights,
                 std::span<std::uint8_t> indices) const;
    std::uint8_t nearest(GroupParameters parameters, float weight) const;
    /// The same for a row, columns in groups of `groupSize`.
    void nearest(std::span<const GroupParameters> parameters, std::size_t groupSize,
                 std::span<const float> weights, std::span<std::uint8_t> indices) const;
    /// Σ i·(w − decoded w)² under the nearest levels, in double; an empty `importance` i means all ones.
    double squaredError(GroupParameters parameters, std::span<const float> weights,
                        std::span<const float> importance) const;
    /// Whether squaredError() is certainly above `limit`: a quick test that leaves open what is near.
    bool certainlyExceeds(double limit, GroupParameters parameters, std::span<const float> weights,
                          std::span<const float> importance) const;
    /// What is decoded for the `indices` of a row, each below 2^bits, columns in groups of `groupSize`.
    void values(std::span<const GroupParameters> parameters, std::size_t groupSize,
                std::span<const std::uint8_t> indices, std::span<float> out) const;

  private:
    Grid(int bits, bool uniform, std::vector<float> levels);

    int bits_;
    bool uniform_;
    std::vector<float> levels_;
    /// Between neighbouring levels of a table; infinite beyond the last.
    std::array<float, 15> midpoints_{};
};

} // namespace planish
