// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/memory_file.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace planish::hdf5 {
namespace {

/// Room is added in steps of this many bytes.
constexpr std::size_t growth = 256U << 10;
/// Where a superblock of version 2 has the address of the file's end.
constexpr std::size_t endOffset = 28;

void release(char* bytes) {
    std::free(bytes);
}

} // namespace

/// Where the library's memory ends up when it closes the file.
struct MemoryFile::Buffer {
    char* bytes = nullptr;

    ~Buffer() { release(bytes); }

    static void* allocate(size_t size, H5FD_file_image_op_t, void*) { return std::malloc(size); }
    static void* resize(void* bytes, size_t size, H5FD_file_image_op_t, void*) {
        return std::realloc(bytes, size);
    }
    static herr_t keep(void* bytes, H5FD_file_image_op_t operation, void* self) {
        if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE) {
            release(std::exchange(static_cast<Buffer*>(self)->bytes, static_cast<char*>(bytes)));
        } else {
            std::free(bytes);
        }
        return 0;
    }
    static void* copySelf(void* self) { return self; }
    static herr_t freeSelf(void*) { return 0; }
};

MemoryFile::MemoryFile() : buffer_(std::make_unique<Buffer>()) {
    prepare();
    const Handle access = createProperties(H5P_FILE_ACCESS);
    check(H5Pset_fapl_core(access.get(), growth, false), "choose memory");
    H5FD_file_image_callbacks_t callbacks{Buffer::allocate, nullptr,          Buffer::resize, Buffer::keep,
                                          Buffer::copySelf, Buffer::freeSelf, buffer_.get()};
    check(H5Pset_file_image_callbacks(access.get(), &callbacks), "choose memory");
    check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V18, H5F_LIBVER_V18), "choose the file format");
    // Objects left open must not keep the file open beyond its Handle.
    check(H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG), "choose how to close");
    // The library tells files in memory apart by name; this one can never name a file on disk.
    static std::atomic<unsigned> count = 0;
    const std::string name = fmt::format("/dev/null/planish-{}", ++count);
    file_.emplace(H5Fcreate(name.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), H5Fclose, "make a file");
}

MemoryFile::~MemoryFile() = default;
MemoryFile::MemoryFile(MemoryFile&&) noexcept = default;

hid_t MemoryFile::get() const {
    return file_->get();
}

FileImage MemoryFile::close() {
    file_->close();
    if (buffer_->bytes == nullptr) {
        throw Failure("close: the library gave no bytes");
    }
    std::uint64_t end = 0;
    std::memcpy(&end, buffer_->bytes + endOffset, sizeof end);
    return {{std::exchange(buffer_->bytes, nullptr), release}, static_cast<std::size_t>(end)};
}

} // namespace planish::hdf5
