// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/tensor_selection.h"

namespace planish {

void TensorSelection::select(Names names) {
    if (names != names_) {
        names_ = std::move(names);
        emit changed();
    }
}

} // namespace planish
