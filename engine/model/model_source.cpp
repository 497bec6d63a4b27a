// SPDX-License-Identifier: GPL-3.0-or-later
#include "model/model_source.h"

#include <system_error>

namespace planish {

std::unique_ptr<const ModelSource> ModelSource::open(const std::filesystem::path& path) {
    std::error_code ignored;
    if (!std::filesystem::is_directory(path, ignored)) {
        return openGguf(path);
    }
    return std::filesystem::exists(path / packedModelFile, ignored) ? openPackedFolder(path)
                                                                    : openHuggingFaceFolder(path);
}

std::vector<std::uint64_t> storedShape(const TensorInfo& tensor) {
    if (tensor.isVector) {
        return {tensor.shape.columns};
    }
    return {tensor.shape.rows, tensor.shape.columns};
}

} // namespace planish
