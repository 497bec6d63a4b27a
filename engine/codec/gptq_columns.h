// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/column_rounding.h"
#include "codec/gptq_rounding.h"

#include <memory>

namespace planish {

/// GPTQ (see gptq_rounding.h) for formats that round the weights of a column of a tile together: the errors
/// of a column are passed on row by row, as ever, before the next column is due.
std::unique_ptr<const ColumnRounding> makeGptqColumns(const GptqOptions& options, MatrixView weights,
                                                      const EncodeContext& context);

} // namespace planish
