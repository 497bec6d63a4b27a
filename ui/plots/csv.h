// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QStringList>

namespace planish {

/// One line of a CSV file (RFC 4180) with its line end; fields are quoted where they must be.
QString csvLine(const QStringList& fields);

/// The shortest decimal text that reads back as the same number; empty when not measured.
QString csvNumber(double value);

} // namespace planish
