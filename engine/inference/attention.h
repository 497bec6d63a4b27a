// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "model/config.h"
#include "support/matrix.h"

namespace planish {

/// Queries that attend together; bounds the scores held at a time to [queriesPerTile, tokens].
inline constexpr std::size_t queriesPerTile = 64;

/// Causal softmax attention (Vaswani et al. 2017) of rows [firstQuery, firstQuery + out.rows()) of one
/// sequence: the query of row i is at position `past` + i and sees keys 0 … past + i. Grouped queries: head h
/// reads key/value head h · keyValueHeads ÷ heads. `queries` [n, querySize] and `keys`, `values` [past + n,
/// keyValueSize] are the whole sequence; `out` [at most queriesPerTile, querySize]. Runs on the calling
/// thread.
void attend(const ModelConfig& config, MatrixView queries, MatrixView keys, MatrixView values,
            std::size_t past, std::size_t firstQuery, MutableMatrixView out);

} // namespace planish
