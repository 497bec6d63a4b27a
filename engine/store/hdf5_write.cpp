// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/hdf5_write.h"

#include "support/text.h"

#include <algorithm>

namespace planish::hdf5 {
namespace {

/// Tables up to this size live inside the dataset's own header: one small read instead of two.
constexpr std::size_t compactLimit = 4096;

std::string storableText(const std::string& text) {
    std::string result;
    for (const char c : text) {
        // Control characters have no place in names, and NUL would end the text.
        if (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t') {
            result += "\xef\xbf\xbd";
        } else {
            result += c;
        }
    }
    return toValidUtf8(result);
}

void writeScalar(hid_t object, const char* name, hid_t fileType, hid_t memoryType, const void* value) {
    const Handle space = scalarSpace();
    Handle attribute(H5Acreate2(object, name, fileType, space.get(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose,
                     name);
    check(H5Awrite(attribute.get(), memoryType, value), name);
    attribute.close();
}

void writeColumn(hid_t group, const char* name, hid_t fileType, hid_t memoryType, std::size_t count,
                 std::size_t bytes, const void* values, const char* unit) {
    const hsize_t extent = count;
    const Handle space(H5Screate_simple(1, &extent, nullptr), H5Sclose, name);
    const Handle creation = createProperties(H5P_DATASET_CREATE);
    check(H5Pset_layout(creation.get(), count > 0 && bytes <= compactLimit ? H5D_COMPACT : H5D_CONTIGUOUS),
          name);
    check(H5Pset_obj_track_times(creation.get(), false), name);
    Handle dataset(H5Dcreate2(group, name, fileType, space.get(), H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                   H5Dclose, name);
    if (count > 0) {
        check(H5Dwrite(dataset.get(), memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, values), name);
    }
    if (*unit != '\0') {
        hdf5::writeAttribute(dataset.get(), "units", std::string(unit));
    }
    dataset.close();
}

} // namespace

void writeAttribute(hid_t object, const char* name, const std::string& value) {
    const std::string text = storableText(value);
    const char* pointer = text.c_str();
    const Handle type = textType();
    writeScalar(object, name, type.get(), type.get(), &pointer);
}

void writeAttribute(hid_t object, const char* name, std::uint64_t value) {
    writeScalar(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, &value);
}

void writeAttribute(hid_t object, const char* name, double value) {
    writeScalar(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void writeColumn(hid_t group, const char* name, std::span<const double> values, const char* unit) {
    writeColumn(group, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.size(), values.size_bytes(),
                values.data(), unit);
}

void writeColumn(hid_t group, const char* name, std::span<const std::uint64_t> values, const char* unit) {
    writeColumn(group, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, values.size(), values.size_bytes(),
                values.data(), unit);
}

void writeColumn(hid_t group, const char* name, const std::vector<std::string>& values) {
    std::size_t width = 1;
    std::vector<std::string> texts;
    texts.reserve(values.size());
    for (const std::string& value : values) {
        texts.push_back(storableText(value));
        width = std::max(width, texts.back().size());
    }
    std::vector<char> cells(width * texts.size(), '\0');
    for (std::size_t i = 0; i < texts.size(); ++i) {
        std::copy(texts[i].begin(), texts[i].end(), cells.begin() + static_cast<std::ptrdiff_t>(i * width));
    }
    const Handle type = textType(width);
    writeColumn(group, name, type.get(), type.get(), texts.size(), cells.size(), cells.data(), "");
}

} // namespace planish::hdf5
