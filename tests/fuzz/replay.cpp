// SPDX-License-Identifier: GPL-3.0-or-later
// Runs a fuzz target over its corpus and over damaged copies of it, always the same ones.
#include "input_file.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr unsigned mutations = 500;

Bytes read(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// Flips bits, puts in bytes that mean something to a parser or large numbers, cuts off, doubles a part; more
/// often near the beginning, where headers are.
Bytes damaged(Bytes bytes, std::mt19937& random) {
    const auto below = [&](std::size_t limit) { return random() % std::max<std::size_t>(limit, 1); };
    const auto place = [&] {
        return below(below(2) == 0 ? std::min<std::size_t>(bytes.size(), 512) : bytes.size());
    };
    for (std::size_t count = 1 + below(4); count > 0 && !bytes.empty(); --count) {
        const std::size_t at = place();
        switch (below(6)) {
        case 0:
            bytes[at] ^= static_cast<std::uint8_t>(1U << below(8));
            break;
        case 1:
            bytes[at] = static_cast<std::uint8_t>("0123456789{}[]\",:-eE.\\ \xff"[below(25)]);
            break;
        case 2:
            for (std::size_t i = at; i < std::min(at + 8, bytes.size()); ++i) {
                bytes[i] = below(3) == 0 ? 0x7f : 0xff;
            }
            break;
        case 3:
            std::fill_n(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                        std::min<std::size_t>(4, bytes.size() - at), std::uint8_t{0});
            break;
        case 4: {
            const Bytes part(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                             bytes.begin() +
                                 static_cast<std::ptrdiff_t>(std::min(at + 1 + below(64), bytes.size())));
            bytes.insert(bytes.begin() + static_cast<std::ptrdiff_t>(at), part.begin(), part.end());
            break;
        }
        default:
            bytes.resize(place());
        }
    }
    return bytes;
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::fprintf(stderr, "usage: %s CORPUS\n", argv[0]);
        return 2;
    }
    std::vector<std::filesystem::path> paths;
    for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
        paths.push_back(entry.path());
    }
    if (paths.empty()) {
        std::fprintf(stderr, "%s has no seeds\n", argv[1]);
        return 1;
    }
    std::sort(paths.begin(), paths.end());
    std::vector<Bytes> seeds;
    for (const auto& path : paths) {
        seeds.push_back(read(path));
        LLVMFuzzerTestOneInput(seeds.back().data(), seeds.back().size());
    }
    std::mt19937 random(20);
    for (unsigned i = 0; i < mutations; ++i) {
        const Bytes input = damaged(seeds[i % seeds.size()], random);
        LLVMFuzzerTestOneInput(input.data(), input.size());
    }
    std::printf("Totals: %zu passed, 0 failed\n", seeds.size() + mutations);
    return 0;
}
