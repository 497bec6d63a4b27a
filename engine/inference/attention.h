// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "algebra/packed_matrix.h"
#include "model/config.h"

namespace planish {

/// Queries that attend together; bounds the scores held at a time to [queriesPerTile, tokens].
inline constexpr std::size_t queriesPerTile = 64;

/// Keys and values of one head and all tokens of a sequence, [tokens, headSize] each, packed. The arithmetic
/// is that of the values: scores are always computed in fp32, as their error is multiplied into the weights
/// and would be half of all that bfloat16 does to a perplexity.
struct PackedHead {
    PackedMatrix keys;
    PackedMatrix values;

    void pack(MatrixView keys, MatrixView values, Arithmetic arithmetic);
};

/// Causal softmax attention (Vaswani et al. 2017) of rows [firstQuery, firstQuery + out.rows()) of one
/// sequence by the heads that read key/value head `source`: heads h with h · keyValueHeads ÷ heads = source.
/// The query of row i is at position `past` + i and sees keys 0 … past + i, of which only the latest `window`
/// where that is not 0. `queries` [n, querySize] is the whole sequence; `out` [at most queriesPerTile,
/// querySize], of which the columns of these heads are written. Runs on the calling thread.
void attend(const ModelConfig& config, std::size_t window, MatrixView queries, const PackedHead& head,
            std::size_t source, std::size_t past, std::size_t firstQuery, MutableMatrixView out);

} // namespace planish
