// SPDX-License-Identifier: GPL-3.0-or-later
#include "test_support.h"

#include "support/file.h"

#include <cstring>
#include <fstream>
#include <sstream>

namespace planish::test {

std::filesystem::path fixture(const std::string& name) {
    return std::filesystem::path(PLANISH_FIXTURES) / name;
}

std::filesystem::path binary(const std::string& name) {
    return std::filesystem::path(PLANISH_BINARIES) / name;
}

void writeFile(const std::filesystem::path& path, const std::string& content) {
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << content;
}

FloatArray readNpy(const std::filesystem::path& path) {
    const std::string file = readWholeFile(path, 1U << 30);
    if (!file.starts_with("\x93NUMPY\x01") || file.find("'<f4'") == std::string::npos ||
        file.find("'fortran_order': False") == std::string::npos) {
        throw Error(path.string() + ": not a C-order float32 .npy file");
    }
    const std::size_t start =
        10U + static_cast<unsigned char>(file[8]) + 256U * static_cast<unsigned char>(file[9]);
    const std::string header = file.substr(10, start - 10);
    FloatArray array;
    std::size_t count = 1;
    const std::size_t open = header.find('(') + 1;
    std::istringstream shape(header.substr(open, header.find(')') - open));
    for (std::string size; std::getline(shape, size, ',');) {
        if (size.find_first_of("0123456789") != std::string::npos) { // not after the last comma
            array.shape.push_back(std::stoul(size));
            count *= array.shape.back();
        }
    }
    array.values.resize(count);
    if (file.size() != start + count * sizeof(float)) {
        throw Error(path.string() + ": size does not fit its shape");
    }
    std::memcpy(array.values.data(), file.data() + start, count * sizeof(float));
    return array;
}

} // namespace planish::test
