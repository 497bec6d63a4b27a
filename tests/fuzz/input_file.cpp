// SPDX-License-Identifier: GPL-3.0-or-later
#include "input_file.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>

namespace planish::fuzz {

InputFile::InputFile(std::span<const std::uint8_t> bytes)
    : descriptor_(::memfd_create("planish-fuzz", MFD_CLOEXEC)),
      path_("/proc/self/fd/" + std::to_string(descriptor_)) {
    if (descriptor_ < 0 ||
        ::write(descriptor_, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size())) {
        std::abort();
    }
}

InputFile::~InputFile() {
    ::close(descriptor_);
}

} // namespace planish::fuzz
