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
    if (spec.entry->family != "int") {
        return {};
    }
    return IntegerCodec{spec.bits, spec.symmetric, spec.groupSize, spec.scaleType};
}

IntegerRows integerRows(const IntegerCodec& codec, std::span<const std::byte> packed, Shape shape) {
    const std::size_t groups = codec.groups(shape.columns);
    const std::size_t scaleBytes = groups * sizeof(std::uint16_t);
    const std::size_t rowBytes = scaleBytes + bitStreamBytes(shape.columns, codec.bits);
    if (packed.size() != shape.rows * rowBytes) {
        throw Error("packed integers of another size than their shape has");
    }
    IntegerRows rows{std::vector<std::uint8_t>(shape.count()),
                     std::vector<std::uint16_t>(shape.rows * groups)};
    for (std::size_t row = 0; row < shape.rows; ++row) {
        const auto bytes = packed.subspan(row * rowBytes, rowBytes);
        std::memcpy(rows.scales.data() + row * groups, bytes.data(), scaleBytes);
        unpackBits(bytes.subspan(scaleBytes), codec.bits,
                   std::span(rows.levels).subspan(row * shape.columns, shape.columns));
    }
    return rows;
}

} // namespace planish
