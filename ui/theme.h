// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QString>

namespace planish {

enum class Theme { system, light, dark };

/// "system", "light", "dark": what settings keep; an unknown name is the system's theme.
QString themeName(Theme theme);
Theme themeFromName(const QString& name);

/// Changes the palette of the running program; widgets follow through QEvent::PaletteChange.
void applyTheme(Theme theme);

} // namespace planish
