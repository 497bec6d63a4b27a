// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/file.h"

#include "support/error.h"
#include "support/text.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace planish {
namespace {

std::string systemMessage(int code) {
    return std::system_category().message(code);
}

/// A descriptor closed at scope end; close() reports what the destructor cannot.
class Descriptor {
  public:
    Descriptor(const std::filesystem::path& path, int flags)
        : descriptor_(::open(path.c_str(), flags | O_CLOEXEC)) {
        if (descriptor_ < 0) {
            throw Error(fmt::format("{}: {}", printable(path.string(), 400), systemMessage(errno)));
        }
    }
    ~Descriptor() { ::close(descriptor_); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;

    void sync(const std::filesystem::path& path) const {
        if (::fsync(descriptor_) != 0) {
            throw Error(fmt::format("{}: cannot be written to disk: {}", printable(path.string(), 400),
                                    systemMessage(errno)));
        }
    }

  private:
    int descriptor_;
};

void syncFile(const std::filesystem::path& path) {
    Descriptor(path, O_RDONLY).sync(path);
}

} // namespace

ReadOnlyFile::ReadOnlyFile(const std::filesystem::path& path) : path_(path) {
    const std::string name = path.string();
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor_ < 0) {
        throw InputError(name, "file", "a readable file", systemMessage(errno));
    }
    struct stat status {};
    if (::fstat(descriptor_, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(descriptor_);
        throw InputError(name, "file", "a regular file",
                         S_ISDIR(status.st_mode) ? "a folder" : "something else");
    }
    size_ = static_cast<std::uint64_t>(status.st_size);
}

ReadOnlyFile::ReadOnlyFile(ReadOnlyFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)), size_(other.size_) {}

ReadOnlyFile::~ReadOnlyFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void ReadOnlyFile::read(std::uint64_t offset, std::span<std::byte> out) const {
    std::size_t done = 0;
    while (done < out.size()) {
        const ssize_t count =
            ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            throw Error(
                fmt::format("{}: cannot be read: {}", printable(path_.string(), 400), systemMessage(errno)));
        }
        if (count == 0) {
            throw Error(fmt::format("{}: expected {} bytes at offset {}, found the end of the file after {} "
                                    "(was it changed while in use?)",
                                    printable(path_.string(), 400), out.size(), offset, done));
        }
        done += static_cast<std::size_t>(count);
    }
}

NewFile::NewFile(const std::filesystem::path& path, const std::filesystem::path& shownAs, std::uint64_t bytes)
    : shownAs_(shownAs),
      bytes_(bytes),
      descriptor_(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
    if (descriptor_ < 0) {
        fail(errno);
    }
}

NewFile::~NewFile() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

void NewFile::fail(int code) const {
    throw Error(fmt::format("{}: cannot be written ({} needed): {}", printable(shownAs_.string(), 400),
                            formatBytes(bytes_), systemMessage(code)));
}

void NewFile::write(std::uint64_t offset, std::span<const std::byte> content) const {
    std::size_t done = 0;
    while (done < content.size()) {
        const ssize_t count = ::pwrite(descriptor_, content.data() + done, content.size() - done,
                                       static_cast<off_t>(offset + done));
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count < 0) {
            fail(errno);
        }
        done += static_cast<std::size_t>(count);
    }
}

void NewFile::close() {
    if (::close(std::exchange(descriptor_, -1)) != 0) {
        fail(errno);
    }
}

std::string readWholeFile(const std::filesystem::path& path, std::uint64_t limit) {
    const ReadOnlyFile file(path);
    if (file.size() > limit) {
        throw InputError(path.string(), "size", "at most " + formatBytes(limit), formatBytes(file.size()));
    }
    std::string content(static_cast<std::size_t>(file.size()), '\0');
    file.read(0, std::as_writable_bytes(std::span(content)));
    return content;
}

void renameFile(const std::filesystem::path& from, const std::filesystem::path& to) {
    if (::rename(from.c_str(), to.c_str()) != 0) {
        throw Error(
            fmt::format("{}: cannot be replaced: {}", printable(to.string(), 400), systemMessage(errno)));
    }
    syncFile(to.has_parent_path() ? to.parent_path() : std::filesystem::path("."));
}

void replaceFile(const std::filesystem::path& path,
                 const std::function<void(const std::filesystem::path& temporary)>& write) {
    std::filesystem::path temporary = path;
    temporary += fmt::format(".{}.tmp", ::getpid());
    try {
        write(temporary);
        syncFile(temporary);
        renameFile(temporary, path);
    } catch (...) {
        std::error_code ignored;
        std::filesystem::remove(temporary, ignored);
        throw;
    }
}

void replaceFile(const std::filesystem::path& path, std::string_view content) {
    replaceFile(path, [&](const std::filesystem::path& temporary) {
        NewFile file(temporary, path, content.size());
        file.write(0, std::as_bytes(std::span(content)));
        file.close();
    });
}

} // namespace planish
