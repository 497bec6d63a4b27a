// SPDX-License-Identifier: GPL-3.0-or-later
#include "evaluation/settings.h"

#include "support/error.h"

namespace planish {

std::string_view conventionName(Convention convention) {
    switch (convention) {
    case Convention::standard:
        return "standard";
    case Convention::strided:
        return "strided";
    case Convention::llamaCpp:
        return "llama.cpp";
    }
    throw Error("unknown convention");
}

Convention parseConvention(std::string_view name) {
    for (const Convention convention : {Convention::standard, Convention::strided, Convention::llamaCpp}) {
        if (name == conventionName(convention)) {
            return convention;
        }
    }
    throw InputError("evaluation", "convention", "standard, strided or llama.cpp", name);
}

} // namespace planish
