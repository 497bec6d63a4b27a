// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/integer_rows.h"

#include "codec/bit_stream.h"
#include "codec/codec_string.h"
#include "codec/codec_table.h"
#include "codec/packed_format.h"
#include "support/error.h"

#include <cstring>

namespace planish {

std::size_t IntegerCodec::groups(std::size_t columns) const {
    return groupSize == 0 ? 1 : (columns + groupSize - 1) / groupSize;
}

std::optional<IntegerCodec> integerCodec(const Codec& codec) {
    const auto format = formatAlone(codec);
    if (!format) {
        return {};
    }
    const FormatSpec spec = parseCodecString(format->name()).format;
    const bool zeroPoints = spec.entry->family == "uint";
    if (!zeroPoints && (spec.entry->family != "int" || !spec.symmetric)) {
        return {};
    }
    return IntegerCodec{spec.bits, spec.symmetric, spec.groupSize, spec.scaleType};
}

IntegerRows integerRows(const IntegerCodec& codec, std::span<const std::byte> packed, Shape shape) {
    const std::size_t groups = codec.groups(shape.columns);
    const std::size_t scaleBytes = groups * sizeof(std::uint16_t);
    const std::size_t zeroBytes = codec.symmetric ? 0 : bitStreamBytes(groups, codec.bits);
    const std::size_t rowBytes = scaleBytes + zeroBytes + bitStreamBytes(shape.columns, codec.bits);
    if (packed.size() != shape.rows * rowBytes) {
        throw Error("packed integers of another size than their shape has");
    }
    IntegerRows rows{
        std::vector<std::uint8_t>(shape.count()), std::vector<std::uint16_t>(shape.rows * groups),
        std::vector<std::uint8_t>(shape.rows * groups, static_cast<std::uint8_t>(1U << (codec.bits - 1)))};
    for (std::size_t row = 0; row < shape.rows; ++row) {
        const auto bytes = packed.subspan(row * rowBytes, rowBytes);
        std::memcpy(rows.scales.data() + row * groups, bytes.data(), scaleBytes);
        if (!codec.symmetric) {
            unpackBits(bytes.subspan(scaleBytes, zeroBytes), codec.bits,
                       std::span(rows.zeroPoints).subspan(row * groups, groups));
        }
        unpackBits(bytes.subspan(scaleBytes + zeroBytes), codec.bits,
                   std::span(rows.levels).subspan(row * shape.columns, shape.columns));
    }
    return rows;
}

} // namespace planish
