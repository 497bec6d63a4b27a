// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace planish::fuzz {

/// Bytes as a file that only this process sees, for readers that open paths.
class InputFile {
  public:
    explicit InputFile(std::span<const std::uint8_t> bytes);
    ~InputFile();
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;

    const std::string& path() const { return path_; }

  private:
    int descriptor_;
    std::string path_;
};

} // namespace planish::fuzz

/// One input: anything but an Error that escapes is a finding. libFuzzer and the replaying test call it.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
