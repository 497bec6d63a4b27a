// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QIcon>
#include <QString>

namespace planish {

/// A symbol of resources/icons in the present text colour, crisp at any scale, grey when disabled. It is
/// drawn anew each time it is shown, so that it follows the theme.
QIcon symbol(const QString& name);

/// The program's icon.
QIcon applicationIcon();

} // namespace planish
