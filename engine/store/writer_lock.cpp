// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/writer_lock.h"

#include "support/error.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <system_error>

namespace planish {
namespace {

std::string shown(const std::filesystem::path& path) {
    return printable(path.string(), 400);
}

/// "process PID on HOST" from what the holder wrote.
std::string holder(int descriptor) {
    std::array<char, 320> text{};
    const ssize_t size = ::pread(descriptor, text.data(), text.size(), 0);
    const std::string content = printable({text.data(), size > 0 ? static_cast<std::size_t>(size) : 0}, 300);
    const std::size_t at = content.find('@');
    if (at == std::string::npos) {
        return "another process";
    }
    return fmt::format("process {} on {}", content.substr(0, at), content.substr(at + 1));
}

void writeHolder(int descriptor) {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    const std::string text = fmt::format("{}@{}", ::getpid(), host.data());
    // The content only serves a message: a full disk must not keep anybody from the lock.
    if (::ftruncate(descriptor, 0) == 0) {
        [[maybe_unused]] const ssize_t written = ::pwrite(descriptor, text.data(), text.size(), 0);
    }
}

/// Whether `path` still names the open file: its former holder removes it when done.
bool stillNamed(int descriptor, const std::filesystem::path& path) {
    struct stat opened {};
    struct stat named {};
    return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 &&
           opened.st_ino == named.st_ino && opened.st_dev == named.st_dev;
}

} // namespace

WriterLock::WriterLock(const std::filesystem::path& document) : path_(document) {
    path_ += ".lock";
    while (true) {
        descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (descriptor_ < 0) {
            throw Error(fmt::format("{}: cannot be written: {}", shown(path_),
                                    std::system_category().message(errno)));
        }
        if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
            const int code = errno;
            const std::string who = holder(descriptor_);
            ::close(descriptor_);
            if (code == EINTR) {
                continue;
            }
            throw Error(code == EWOULDBLOCK
                            ? fmt::format("{}: {} is writing to it; try again when that has ended",
                                          shown(document), who)
                            : fmt::format("{}: cannot be locked: {}", shown(path_),
                                          std::system_category().message(code)));
        }
        if (stillNamed(descriptor_, path_)) {
            writeHolder(descriptor_);
            return;
        }
        ::close(descriptor_);
    }
}

WriterLock::~WriterLock() {
    ::unlink(path_.c_str());
    ::close(descriptor_);
}

} // namespace planish
