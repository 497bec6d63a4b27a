// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

class QWidget;

namespace planish {

/// Version, licence and the libraries the program stands on.
void showAboutDialog(QWidget* parent);

} // namespace planish
