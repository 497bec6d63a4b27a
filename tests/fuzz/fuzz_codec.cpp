// SPDX-License-Identifier: GPL-3.0-or-later
#include "codec/codec.h"
#include "input_file.h"
#include "support/error.h"

#include <array>
#include <span>
#include <vector>

using namespace planish;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        // Codec, rows and columns, then packed bytes.
        static const std::array codecs{Codec::parse("int4:g16"),
                                       Codec::parse("int3:row:sym"),
                                       Codec::parse("int5:g8:scale=int8"),
                                       Codec::parse("nf4:g16"),
                                       Codec::parse("codebook3:g16"),
                                       Codec::parse("pq:d4:k16"),
                                       Codec::parse("Q2_K"),
                                       Codec::parse("Q3_K"),
                                       Codec::parse("Q6_K"),
                                       Codec::parse("IQ4_XS"),
                                       Codec::parse("Q5_1"),
                                       Codec::parse("int4:g16+rht"),
                                       Codec::parse("int4:g16+outliers=5%"),
                                       Codec::parse("int4:g16+res=int2:g8"),
                                       Codec::parse("int4:g16+lowrank=2"),
                                       Codec::parse("int4:g16+sparse=50%"),
                                       Codec::parse("trellis2.5:L8"),
                                       Codec::parse("trellis3.3:L10+rht:both"),
                                       Codec::parse("ec3")};
        if (size < 3) {
            return 0;
        }
        const Codec& codec = codecs[data[0] % codecs.size()];
        const Shape shape{std::size_t{1} + data[1] % 8, std::size_t{1} + data[2]};
        const auto rest = std::as_bytes(std::span(data, size).subspan(3));
        std::vector<std::byte> bytes(rest.begin(), rest.end());
        if (data[0] < 128) { // as many as belong there
            bytes.resize(codec.packedBytes(shape));
        }
        Matrix values(static_cast<Eigen::Index>(shape.rows), static_cast<Eigen::Index>(shape.columns));
        codec.decodeRows(bytes, shape, 0, values);
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
