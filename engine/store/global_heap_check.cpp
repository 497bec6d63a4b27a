// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/global_heap_check.h"

#include "support/error.h"
#include "support/file.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

namespace planish::hdf5 {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view fileSignature = "\x89HDF\r\n\x1a\n"sv;
constexpr std::string_view heapSignature = "GCOL\x01"sv;
constexpr std::size_t headerSize = 16;             // of a collection and of an object alike
constexpr std::uint64_t maximumHeap = 32ULL << 20; // texts are at most half of that
constexpr std::size_t pieceSize = 1 << 20;

static_assert(std::endian::native == std::endian::little, "the file format is little-endian");

std::uint64_t length(const std::vector<char>& bytes, std::size_t offset) {
    std::uint64_t value = 0;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

class HeapCheck {
  public:
    explicit HeapCheck(const std::filesystem::path& path) : file_(path) {}

    void run() {
        checkSignature();
        // Pieces overlap by one byte less than what is searched, so that nothing hides on a border.
        const std::size_t overlap = heapSignature.size() - 1;
        for (std::uint64_t start = 0; start + overlap < file_.size(); start += pieceSize - overlap) {
            const std::vector<char> piece =
                read(start, std::min<std::uint64_t>(pieceSize, file_.size() - start));
            const std::string_view text(piece.data(), piece.size());
            for (std::size_t at = text.find(heapSignature); at != std::string_view::npos;
                 at = text.find(heapSignature, at + 1)) {
                checkCollection(start + at);
            }
        }
    }

  private:
    std::vector<char> read(std::uint64_t offset, std::uint64_t size) const {
        std::vector<char> bytes(static_cast<std::size_t>(size));
        file_.read(offset, std::as_writable_bytes(std::span(bytes)));
        return bytes;
    }

    [[noreturn]] void fail(std::uint64_t offset, std::string_view expected, std::string_view found) const {
        throw InputError(file_.path().string(), fmt::format("text heap at byte {}", offset), expected, found);
    }

    void checkSignature() const {
        constexpr std::size_t enough = 16;
        if (file_.size() < enough) {
            throw InputError(file_.path().string(), "file", "an HDF5 file, as results documents are",
                             fmt::format("{} bytes", file_.size()));
        }
        const std::vector<char> start = read(0, enough);
        if (std::string_view(start.data(), fileSignature.size()) != fileSignature) {
            throw InputError(file_.path().string(), "signature",
                             "that of an HDF5 file, as results documents are", "another kind of file");
        }
        const std::size_t sizes = start[8] < 2 ? 13 : 9; // older superblocks have more versions before
        if (start[sizes] != 8 || start[sizes + 1] != 8) {
            throw InputError(file_.path().string(), "superblock", "8-byte offsets and lengths", "others");
        }
    }

    void checkCollection(std::uint64_t offset) {
        if (offset < checkedUpTo_) {
            fail(offset, "a heap after the one before", "one inside it");
        }
        if (file_.size() - offset < headerSize) {
            fail(offset, "a whole heap", "the end of the file");
        }
        const std::uint64_t size = length(read(offset, headerSize), 8);
        if (size < headerSize || size > std::min(maximumHeap, file_.size() - offset)) {
            fail(offset, fmt::format("a size up to {}", std::min(maximumHeap, file_.size() - offset)),
                 fmt::format("{}", size));
        }
        checkedUpTo_ = offset + size;
        const std::vector<char> heap = read(offset, size);
        for (std::size_t at = headerSize; at + headerSize <= heap.size();) {
            at += objectSize(heap, at, offset);
        }
    }

    /// Bytes of the object at `at` including its header and padding.
    std::size_t objectSize(const std::vector<char>& heap, std::size_t at, std::uint64_t offset) const {
        const bool freeSpace = heap[at] == 0 && heap[at + 1] == 0;
        const std::uint64_t size = length(heap, at + 8);
        const std::size_t left = heap.size() - at;
        if (size > left || (freeSpace && size < headerSize)) {
            fail(offset + at, "an object inside its heap", fmt::format("{} bytes", size));
        }
        if (freeSpace) {
            return static_cast<std::size_t>(size);
        }
        const auto content = static_cast<std::size_t>(size);
        const std::size_t padded = headerSize + (content + 7) / 8 * 8;
        if (padded > left) {
            fail(offset + at, "an object inside its heap", fmt::format("{} bytes", size));
        }
        const auto end = heap.begin() + static_cast<std::ptrdiff_t>(at + padded);
        const auto padding = heap.begin() + static_cast<std::ptrdiff_t>(at + headerSize + content);
        if (std::any_of(padding, end, [](char c) { return c != 0; })) {
            fail(offset + at, "an object padded with zeros", "other bytes");
        }
        return padded;
    }

    ReadOnlyFile file_;
    std::uint64_t checkedUpTo_ = 0;
};

} // namespace

void checkGlobalHeaps(const std::filesystem::path& path) {
    HeapCheck(path).run();
}

} // namespace planish::hdf5
