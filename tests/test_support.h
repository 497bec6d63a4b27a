// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <QString>
#include <filesystem>
#include <string>
#include <vector>

namespace planish::test {

/// tests/fixtures/NAME.
std::filesystem::path fixture(const std::string& name);
/// A program of this build, such as "planish-cli".
std::filesystem::path binary(const std::string& name);
/// Writes `content` to a file, making its folder.
void writeFile(const std::filesystem::path& path, const std::string& content);

/// The message of the InputError (or other Error) that `action` throws; "" when it throws none. For
/// QVERIFY2(contains(message, "field"), message).
template <typename Action>
QString errorOf(Action&& action) {
    try {
        action();
    } catch (const Error& error) {
        return QString::fromUtf8(error.what());
    }
    return {};
}

/// A .npy file of little-endian float32, C order.
struct FloatArray {
    std::vector<std::size_t> shape;
    std::vector<float> values;
};
FloatArray readNpy(const std::filesystem::path& path);

} // namespace planish::test
