// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace planish {

/// Every failure a user can act on. The message is complete: it says what failed and what to do or expect.
class Error : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// The call or an input file is wrong (exit status 2 of the command line).
class InputError : public Error {
  public:
    using Error::Error;

    /// Message "FILE: FIELD: expected EXPECTED, found FOUND".
    /// Control characters in the parts are replaced and long parts shortened, as files are hostile.
    InputError(std::string_view file, std::string_view field, std::string_view expected,
               std::string_view found);
};

/// The user asked the job to stop; not a failure.
class Cancelled : public Error {
  public:
    Cancelled() : Error("cancelled") {}
};

/// `text` fit for a one-line message: control characters and invalid UTF-8 become '?', and anything over
/// `limit` bytes is cut with an ellipsis.
std::string printable(std::string_view text, std::size_t limit = 160);

} // namespace planish
