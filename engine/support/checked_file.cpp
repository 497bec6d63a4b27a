// SPDX-License-Identifier: GPL-3.0-or-later
#include "support/checked_file.h"

#include "support/error.h"

#include <fmt/format.h>

namespace planish {

CheckedFileWriter::CheckedFileWriter(const std::filesystem::path& path, const std::string& key)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc) {
    hash_.add(key);
}

void CheckedFileWriter::write(std::span<const std::byte> bytes) {
    file_.write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    hash_.add(bytes);
}

void CheckedFileWriter::finish() {
    file_ << hash_.hex();
    file_.close();
    if (!file_) {
        throw Error(fmt::format("{}: cannot be written", printable(path_.string(), 400)));
    }
}

CheckedFileReader::CheckedFileReader(const std::filesystem::path& path, const std::string& key)
    : file_(path) {
    hash_.add(key);
}

void CheckedFileReader::read(std::span<std::byte> out) {
    file_.read(offset_, out);
    hash_.add(out);
    offset_ += out.size();
}

void CheckedFileReader::check() {
    std::string digest(checkedFileDigest, '\0');
    file_.read(offset_, std::as_writable_bytes(std::span(digest)));
    if (hash_.hex() != digest) {
        throw InputError(file_.path().string(), "checksum", "that of the content", printable(digest));
    }
}

} // namespace planish
