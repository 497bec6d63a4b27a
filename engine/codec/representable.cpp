// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/representable.h"

#include "codec/codec_string.h"
#include "codec/codec_table.h"
#include "codec/scalar_format.h"

#include <algorithm>

namespace planish {

std::optional<GroupLevels> typicalLevels(const Codec& codec, const PackedTensor& packed) {
    const CodecSpec spec = parseCodecString(codec.name());
    const bool transformed = std::any_of(spec.stages.begin(), spec.stages.end(), [](const StageSpec& stage) {
        return stage.entry->member.choice == Choice::transform;
    });
    const std::shared_ptr<const Format> format = spec.format.entry->make(spec.format);
    const auto* scalar = dynamic_cast<const ScalarFormat*>(format.get());
    if (transformed || scalar == nullptr || packed.bytes.size() != codec.packedBytes(packed.shape)) {
        return std::nullopt;
    }
    constexpr std::size_t mostRows = 64;
    const std::size_t columns = packed.shape.columns;
    const std::size_t groupSize = scalar->groupSize(columns);
    const std::size_t rowBytes = scalar->rowBytes(columns);
    const std::size_t rows = std::min(packed.shape.rows, mostRows);
    std::vector<GroupLevels> groups;
    for (std::size_t i = 0; i < rows; ++i) {
        const std::size_t row = i * packed.shape.rows / rows;
        const auto bytes = std::span(packed.bytes).subspan(row * rowBytes, rowBytes);
        const auto levels = scalar->levels(bytes, columns);
        for (std::size_t group = 0; group < levels.size(); ++group) {
            const std::size_t first = group * groupSize;
            groups.push_back({row, first, std::min(groupSize, columns - first), levels[group]});
            std::sort(groups.back().values.begin(), groups.back().values.end());
        }
    }
    const auto middle = groups.begin() + static_cast<std::ptrdiff_t>(groups.size() / 2);
    std::nth_element(groups.begin(), middle, groups.end(), [](const GroupLevels& a, const GroupLevels& b) {
        return a.values.back() - a.values.front() < b.values.back() - b.values.front();
    });
    return *middle;
}

} // namespace planish
