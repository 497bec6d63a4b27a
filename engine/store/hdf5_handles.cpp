// SPDX-License-Identifier: GPL-3.0-or-later
#include "store/hdf5_handles.h"

#include <fmt/format.h>

#include <mutex>
#include <utility>

namespace planish::hdf5 {
namespace {

/// Keeps the first entry seen: walking upward starts at the innermost.
herr_t keepInnermost(unsigned, const H5E_error2_t* entry, void* message) {
    auto& text = *static_cast<std::string*>(message);
    if (text.empty() && entry->desc != nullptr) {
        text = entry->desc;
    }
    return 0;
}

} // namespace

void prepare() {
    static std::once_flag once;
    std::call_once(once, [] {
        H5dont_atexit();
        H5open();
        H5PLset_loading_state(0);
    });
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

void fail(std::string_view action) {
    std::string message;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keepInnermost, &message);
    H5Eclear2(H5E_DEFAULT);
    throw Failure(fmt::format("{}: {}", action, message.empty() ? "failed" : printable(message)));
}

Handle::~Handle() {
    if (id_ >= 0) {
        close_(id_);
    }
}

Handle::Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}

void Handle::close() {
    check(close_(std::exchange(id_, -1)), "close");
}

Handle createProperties(hid_t propertyClass) {
    return {H5Pcreate(propertyClass), H5Pclose, "make a property list"};
}

Handle openFile(const std::string& path) {
    prepare();
    const Handle access = createProperties(H5P_FILE_ACCESS);
    check(H5Pset_file_locking(access.get(), false, true), "switch file locking off");
    return {H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get()), H5Fclose, "open"};
}

Handle openGroup(hid_t parent, const std::string& name) {
    return {H5Gopen2(parent, name.c_str(), H5P_DEFAULT), H5Gclose, "open the group"};
}

Handle createGroup(hid_t parent, const std::string& name) {
    const Handle creation = createProperties(H5P_GROUP_CREATE);
    check(H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED),
          "keep the order of links");
    // All attributes of a run stay together in its header instead of a heap and an index of their own.
    check(H5Pset_attr_phase_change(creation.get(), 1000, 0), "keep attributes compact");
    return {H5Gcreate2(parent, name.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose,
            "make the group"};
}

Handle scalarSpace() {
    return {H5Screate(H5S_SCALAR), H5Sclose, "make a dataspace"};
}

Handle textType() {
    return textType(H5T_VARIABLE);
}

Handle textType(std::size_t size) {
    Handle type(H5Tcopy(H5T_C_S1), H5Tclose, "make a text type");
    check(H5Tset_size(type.get(), size), "set the size of a text");
    check(H5Tset_cset(type.get(), H5T_CSET_UTF8), "choose UTF-8");
    check(H5Tset_strpad(type.get(), size == H5T_VARIABLE ? H5T_STR_NULLTERM : H5T_STR_NULLPAD),
          "choose the padding");
    return type;
}

} // namespace planish::hdf5
