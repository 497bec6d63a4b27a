// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/run_selection.h"

namespace planish {

void RunSelection::select(Ids ids) {
    if (ids != ids_) {
        ids_ = std::move(ids);
        emit changed();
    }
}

void RunSelection::add(const Ids& ids) {
    Ids united = ids_;
    united.insert(ids.begin(), ids.end());
    select(std::move(united));
}

void RunSelection::toggle(const std::string& id) {
    Ids ids = ids_;
    if (ids.erase(id) == 0) {
        ids.insert(id);
    }
    select(std::move(ids));
}

} // namespace planish
