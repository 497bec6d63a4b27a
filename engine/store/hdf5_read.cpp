// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/hdf5_read.h"

#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <type_traits>

namespace planish::hdf5 {
namespace {

constexpr std::size_t maximumLinks = 1'000'000;
constexpr std::size_t maximumColumnBytes = 256U << 20;

[[noreturn]] void fail(const Place& place, std::string_view expected, std::string_view found) {
    throw InputError(place.file, place.path, expected, found);
}

/// Runs `action`, turning a failure of the library into one of the file.
template <typename Action>
auto reading(const Place& place, Action&& action) {
    try {
        return action();
    } catch (const Failure& failure) {
        fail(place, "readable data", failure.what());
    }
}

const char* className(H5T_class_t kind) {
    switch (kind) {
    case H5T_INTEGER:
        return "whole numbers";
    case H5T_FLOAT:
        return "numbers";
    case H5T_STRING:
        return "text";
    default:
        return "another type";
    }
}

void checkNumberType(hid_t type, const Place& place, bool whole) {
    const H5T_class_t kind = H5Tget_class(type);
    if (kind != H5T_INTEGER && (whole || kind != H5T_FLOAT)) {
        fail(place, whole ? "whole numbers" : "numbers", className(kind));
    }
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > 8) {
        fail(place, "numbers of at most 8 bytes", fmt::format("{} bytes", size));
    }
    if (whole && H5Tget_sign(type) != H5T_SGN_NONE) {
        fail(place, "numbers without a sign", "numbers with one");
    }
}

/// Bytes of one text of fixed size; nothing when its length varies.
std::optional<std::size_t> textSize(hid_t type, const Place& place) {
    const H5T_class_t kind = H5Tget_class(type);
    if (kind != H5T_STRING) {
        fail(place, "text", className(kind));
    }
    if (check(H5Tis_variable_str(type), "ask for the type of a text") > 0) {
        return std::nullopt;
    }
    const std::size_t size = H5Tget_size(type);
    if (size == 0 || size > maximumText) {
        fail(place, fmt::format("a text of at most {}", formatBytes(maximumText)), formatBytes(size));
    }
    return size;
}

std::string checkedText(std::string_view text, const Place& place) {
    if (text.size() > maximumText || !isUtf8(text)) {
        fail(place, fmt::format("UTF-8 of at most {}", formatBytes(maximumText)), "something else");
    }
    return std::string(text);
}

/// The cell up to its padding.
std::string_view cellText(const char* cell, std::size_t size) {
    return {cell, ::strnlen(cell, size)};
}

/// Opens a scalar attribute; nothing when there is none.
std::optional<Handle> openAttribute(hid_t object, const Place& place, const char* name) {
    const hid_t id = H5Aopen(object, name, H5P_DEFAULT);
    if (id < 0) {
        if (check(H5Aexists(object, name), "look for the attribute") > 0) {
            fail(place, "readable data", "a damaged attribute");
        }
        H5Eclear2(H5E_DEFAULT);
        return std::nullopt;
    }
    Handle attribute(id, H5Aclose, "open the attribute");
    const Handle space(H5Aget_space(id), H5Sclose, "ask for the size");
    const hssize_t count = check(H5Sget_simple_extent_npoints(space.get()), "ask for the size");
    if (count != 1) {
        fail(place, "one value", fmt::format("{}", count));
    }
    return attribute;
}

Handle typeOf(hid_t id, hid_t (*ask)(hid_t)) {
    return {ask(id), H5Tclose, "ask for the type"};
}

template <typename Number>
bool readNumberAttribute(hid_t object, const Place& place, const char* name, hid_t memoryType,
                         Number& value) {
    return reading(place, [&] {
        const auto attribute = openAttribute(object, place, name);
        if (!attribute) {
            return false;
        }
        checkNumberType(typeOf(attribute->get(), H5Aget_type).get(), place, std::is_integral_v<Number>);
        check(H5Aread(attribute->get(), memoryType, &value), "read");
        return true;
    });
}

std::string variableText(const Handle& attribute, const Handle& type, const Place& place) {
    char* text = nullptr;
    check(H5Aread(attribute.get(), type.get(), &text), "read");
    const std::unique_ptr<char, decltype(&H5free_memory)> owner(text, H5free_memory);
    return text == nullptr ? std::string() : checkedText(text, place);
}

/// Refuses data in other files: a document must not make the program open whatever it names.
void checkLayout(hid_t dataset, const Place& place) {
    const Handle creation(H5Dget_create_plist(dataset), H5Pclose, "ask for the layout");
    const H5D_layout_t layout = H5Pget_layout(creation.get());
    if (layout != H5D_COMPACT && layout != H5D_CHUNKED &&
        (layout != H5D_CONTIGUOUS || H5Pget_external_count(creation.get()) != 0)) {
        fail(place, "data inside the file", "a reference to another");
    }
}

void checkHardLink(hid_t group, const Place& place, const char* name) {
    H5L_info_t link;
    if (H5Lget_info(group, name, &link, H5P_DEFAULT) < 0) {
        H5Eclear2(H5E_DEFAULT);
        fail(place, "an object", "nothing");
    }
    if (link.type != H5L_TYPE_HARD) {
        fail(place, "an object of this file", "a link to another");
    }
}

/// Opens a 1-D dataset and gives its number of elements.
std::pair<Handle, std::size_t> openColumn(hid_t group, const Place& place, const char* name) {
    checkHardLink(group, place, name);
    Handle dataset(H5Dopen2(group, name, H5P_DEFAULT), H5Dclose, "open the dataset");
    checkLayout(dataset.get(), place);
    const Handle space(H5Dget_space(dataset.get()), H5Sclose, "ask for the size");
    const int rank = check(H5Sget_simple_extent_ndims(space.get()), "ask for the rank");
    if (rank != 1) {
        fail(place, "one dimension", fmt::format("{}", rank));
    }
    hsize_t count = 0;
    check(H5Sget_simple_extent_dims(space.get(), &count, nullptr), "ask for the size");
    if (count > maximumElements) {
        fail(place, fmt::format("at most {} elements", maximumElements), fmt::format("{}", count));
    }
    return {std::move(dataset), static_cast<std::size_t>(count)};
}

/// The bytes a dataset takes in the file must be there before as many are allocated; a filter may have packed
/// them, but never a thousandfold and more (the bound of deflate).
void checkStored(hid_t dataset, const Place& place, std::size_t bytes) {
    if (H5Dget_storage_size(dataset) < bytes / 1100) {
        fail(place, fmt::format("{} of data", formatBytes(bytes)), "far less in the file");
    }
}

template <typename Number>
void readNumberColumn(hid_t group, const Place& place, const char* name, hid_t memoryType,
                      std::vector<Number>& values) {
    reading(place, [&] {
        const auto [dataset, count] = openColumn(group, place, name);
        checkNumberType(typeOf(dataset.get(), H5Dget_type).get(), place, std::is_integral_v<Number>);
        checkStored(dataset.get(), place, count);
        values.assign(count, Number());
        check(H5Dread(dataset.get(), memoryType, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), "read");
    });
}

struct LinkList {
    std::vector<std::pair<std::int64_t, std::string>> links; ///< with their place in the order of creation
    bool complete = true;
};

/// Called by the library, through which no exception may pass.
herr_t collectLink(hid_t, const char* name, const H5L_info_t* info, void* data) noexcept {
    auto& list = *static_cast<LinkList*>(data);
    try {
        if (info->type == H5L_TYPE_HARD) {
            list.links.emplace_back(info->corder_valid ? info->corder : 0, name);
        }
    } catch (...) {
        list.complete = false;
    }
    return list.complete ? 0 : -1;
}

} // namespace

bool readAttribute(hid_t object, const Place& parent, const char* name, std::string& value) {
    const Place place = parent / name;
    return reading(place, [&] {
        const auto attribute = openAttribute(object, place, name);
        if (!attribute) {
            return false;
        }
        const Handle type = typeOf(attribute->get(), H5Aget_type);
        if (const auto size = textSize(type.get(), place)) {
            std::vector<char> cell(*size);
            check(H5Aread(attribute->get(), type.get(), cell.data()), "read");
            value = checkedText(cellText(cell.data(), *size), place);
        } else {
            value = variableText(*attribute, type, place);
        }
        return true;
    });
}

bool readAttribute(hid_t object, const Place& parent, const char* name, std::uint64_t& value) {
    return readNumberAttribute(object, parent / name, name, H5T_NATIVE_UINT64, value);
}

bool readAttribute(hid_t object, const Place& parent, const char* name, double& value) {
    return readNumberAttribute(object, parent / name, name, H5T_NATIVE_DOUBLE, value);
}

void readColumn(hid_t group, const Place& parent, const char* name, std::vector<std::uint64_t>& values) {
    readNumberColumn(group, parent / name, name, H5T_NATIVE_UINT64, values);
}

void readColumn(hid_t group, const Place& parent, const char* name, std::vector<double>& values) {
    readNumberColumn(group, parent / name, name, H5T_NATIVE_DOUBLE, values);
}

void readColumn(hid_t group, const Place& parent, const char* name, std::vector<std::string>& values) {
    const Place place = parent / name;
    reading(place, [&] {
        const auto [dataset, count] = openColumn(group, place, name);
        const Handle type = typeOf(dataset.get(), H5Dget_type);
        const auto size = textSize(type.get(), place);
        if (!size) {
            fail(place, "text of fixed size", "text of variable size");
        }
        if (count > maximumColumnBytes / *size) {
            fail(place, fmt::format("a column of at most {}", formatBytes(maximumColumnBytes)),
                 fmt::format("{} texts of {}", count, formatBytes(*size)));
        }
        checkStored(dataset.get(), place, count * *size);
        std::vector<char> cells(count * *size);
        check(H5Dread(dataset.get(), type.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, cells.data()), "read");
        values.clear();
        values.reserve(count);
        for (std::size_t i = 0; i < count; ++i) {
            values.push_back(checkedText(cellText(cells.data() + i * *size, *size), place));
        }
    });
}

Handle openOwnGroup(hid_t parent, const Place& parentPlace, const std::string& name) {
    const Place place = parentPlace / name;
    return reading(place, [&] {
        checkHardLink(parent, place, name.c_str());
        return openGroup(parent, name);
    });
}

std::vector<std::string> linkNames(hid_t group, const Place& place) {
    return reading(place, [&] {
        H5G_info_t info;
        check(H5Gget_info(group, &info), "ask for the number of links");
        if (info.nlinks > maximumLinks) {
            fail(place, fmt::format("at most {} links", maximumLinks), fmt::format("{}", info.nlinks));
        }
        const Handle creation(H5Gget_create_plist(group), H5Pclose, "ask for the order of links");
        unsigned order = 0;
        check(H5Pget_link_creation_order(creation.get(), &order), "ask for the order of links");
        LinkList list;
        list.links.reserve(static_cast<std::size_t>(info.nlinks));
        // In the library's own order: for another it makes a table, and when it fails half-way because the
        // file is damaged, it frees entries that it has not written yet (1.10.8, H5G__dense_build_table).
        check(H5Literate(group, (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME,
                         H5_ITER_NATIVE, nullptr, collectLink, &list),
              "list the links");
        std::sort(list.links.begin(), list.links.end());
        std::vector<std::string> names;
        names.reserve(list.links.size());
        for (auto& [place, name] : list.links) {
            names.push_back(std::move(name));
        }
        return names;
    });
}

} // namespace planish::hdf5
