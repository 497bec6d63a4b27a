// SPDX-License-Identifier: GPL-3.0-or-later
#include "plots/csv.h"

#include <QLocale>
#include <cmath>

namespace planish {

QString csvLine(const QStringList& fields) {
    QStringList quoted;
    for (QString field : fields) {
        const bool special = field.contains(QLatin1Char(',')) || field.contains(QLatin1Char('"')) ||
                             field.contains(QLatin1Char('\n')) || field.contains(QLatin1Char('\r'));
        if (special) {
            field =
                QLatin1Char('"') + field.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
        }
        quoted.append(field);
    }
    return quoted.join(QLatin1Char(',')) + QStringLiteral("\n");
}

QString csvNumber(double value) {
    return std::isnan(value) ? QString() : QString::number(value, 'g', QLocale::FloatingPointShortest);
}

} // namespace planish
