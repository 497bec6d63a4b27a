// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "support/error.h"

#include <hdf5.h>

#include <string>
#include <string_view>

namespace planish::hdf5 {

/// A call of the HDF5 library failed. Callers turn it into an Error that names the file.
class Failure : public Error {
  public:
    using Error::Error;
};

/// Makes the library safe to use from the calling thread; every function that opens or makes a file calls it.
/// - No cleanup at exit: after a failed close the library's own would crash the process.
/// - No printing on stderr; messages are folded into Failure. The switch is one a thread has.
/// - No filter plug-ins: a file must not choose code to load.
void prepare();

/// Throws Failure "ACTION: the library's innermost message".
[[noreturn]] void fail(std::string_view action);

/// Passes a result on unless it is negative, the library's sign of failure.
template <typename Result>
Result check(Result result, std::string_view action) {
    if (result < 0) {
        fail(action);
    }
    return result;
}

/// An identifier of the library, closed with the function that belongs to its kind.
class Handle {
  public:
    using Close = herr_t (*)(hid_t);

    /// Takes ownership; throws Failure when `id` is invalid.
    Handle(hid_t id, Close close, std::string_view action) : id_(check(id, action)), close_(close) {}
    /// Closes without a word: where data was written call close() instead.
    ~Handle();
    Handle(Handle&& other) noexcept;
    Handle& operator=(Handle&&) = delete;

    hid_t get() const { return id_; }
    /// Closes and throws Failure when the library could not, as with data it failed to write.
    void close();

  private:
    hid_t id_;
    Close close_;
};

/// Opens for reading, without a lock: writers only ever replace whole files.
Handle openFile(const std::string& path);

Handle openGroup(hid_t parent, const std::string& name);
/// Links of a group made so can be listed in the order they were added.
Handle createGroup(hid_t parent, const std::string& name);
Handle createProperties(hid_t propertyClass);
Handle scalarSpace();
/// UTF-8 of variable length.
Handle textType();
/// UTF-8 of `size` bytes, padded with NUL.
Handle textType(std::size_t size);

} // namespace planish::hdf5
