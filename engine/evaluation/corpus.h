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
    std::string sha256; ///< of the text
    std::string text;   ///< of plain files their bytes, unchanged

    /// `nameOrPath` is a file (see TextReference: plain text, a field of JSON lines, rows of WikiText), or
    /// the name of a bundled text when no such file exists, or of a file that has ".txt" behind it, as
    /// records name texts. Throws InputError when it is missing, empty, not UTF-8, over 4 GiB, or of a kind
    /// that is not read, such as Parquet.
    static Corpus open(const std::string& nameOrPath);
};

/// Names of the texts bundled with the program.
std::vector<std::string> bundledCorpora();

} // namespace planish
