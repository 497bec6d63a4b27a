// SPDX-License-Identifier: GPL-3.0-or-later
#include "models/numbers.h"

#include <algorithm>
#include <cmath>

namespace planish {

QString formatNumber(double value) {
    if (std::isnan(value)) {
        return QStringLiteral("–");
    }
    const double size = std::abs(value);
    if (size == 0 || !std::isfinite(value)) {
        return QString::number(value);
    }
    if (size < 1e-4 || size >= 1e7) {
        return QString::number(value, 'g', 4);
    }
    const int decimals = std::clamp(3 - static_cast<int>(std::floor(std::log10(size))), 0, 7);
    return QString::number(value, 'f', decimals);
}

QString formatDelta(double delta, double standardError) {
    if (std::isnan(delta)) {
        return QStringLiteral("–");
    }
    if (delta == 0 && standardError == 0) {
        return QStringLiteral("0 ± 0");
    }
    const QString sign = delta >= 0 ? QStringLiteral("+") : QStringLiteral("−");
    if (std::isnan(standardError)) {
        return sign + formatNumber(std::abs(delta)) + QStringLiteral(" ± ?");
    }
    // The error decides how many digits of the difference mean anything.
    const double scale = standardError > 0 ? standardError : std::max(std::abs(delta), 1e-4);
    const int decimals = std::clamp(1 - static_cast<int>(std::floor(std::log10(scale))), 0, 6);
    return QStringLiteral("%1%2 ± %3")
        .arg(sign, QString::number(std::abs(delta), 'f', decimals),
             QString::number(standardError, 'f', decimals));
}

} // namespace planish
