// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace planish {

/// A text to evaluate or calibrate on.
struct Corpus {
    std::string name; ///< "literature", or the file's name
    std::string path;
    std::string sha256; ///< of the file's bytes
    std::string text;   ///< the file's bytes, unchanged

    /// `nameOrPath` is a file, or the name of a bundled text when no such file exists.
    /// Throws InputError when it is missing, empty, not UTF-8 or over 4 GiB.
    static Corpus open(const std::string& nameOrPath);
};

/// Names of the texts bundled with the program.
std::vector<std::string> bundledCorpora();

} // namespace planish
