// SPDX-License-Identifier: GPL-3.0-or-later
// model.safetensors.index.json beside two shards that are there.
#include "input_file.h"
#include "model/model_files.h"
#include "support/error.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

using namespace planish;

namespace {

/// A folder with the shards, removed at the end of the process.
class Folder {
  public:
    Folder() : path_(std::filesystem::temp_directory_path() / ("fuzz-index-" + std::to_string(getpid()))) {
        std::filesystem::create_directories(path_);
        writeShard("one.safetensors", "x");
        writeShard("two.safetensors", "y");
    }
    ~Folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;

    const std::filesystem::path& path() const { return path_; }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(path_ / name, std::ios::binary) << content;
    }

  private:
    /// One tensor of one byte.
    void writeShard(const std::string& name, const std::string& tensor) const {
        const std::string header =
            "{\"" + tensor + "\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}";
        std::string length(8, '\0');
        length[0] = static_cast<char>(header.size());
        write(name, length + header + "z");
    }

    std::filesystem::path path_;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Folder folder;
    folder.write("model.safetensors.index.json", std::string(reinterpret_cast<const char*>(data), size));
    try {
        const ModelFiles files(folder.path());
        files.find("x");
        files.locate("y");
    } catch (const Error&) { // what a hostile file is answered with
    }
    return 0;
}
