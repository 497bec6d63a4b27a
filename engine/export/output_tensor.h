// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace planish {

/// A tensor to be written to a file.
struct OutputTensor {
    std::string name;
    std::string type;                 ///< as the kind of file calls it: "BF16", "Q4_K"
    std::vector<std::uint64_t> shape; ///< outermost first
    std::uint64_t bytes = 0;
    std::function<std::vector<std::byte>()> content; ///< made when it is written; `bytes` long
};

} // namespace planish
