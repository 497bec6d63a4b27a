// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "experiment/side_by_side.h"

#include <QPalette>
#include <QString>
#include <QStringList>

class QTextDocument;

namespace planish {

/// The loss of a token that colours it fully, nats more or less than the other model's.
inline constexpr double fullColourNats = 2;

/// Writes the passage, the background of each token telling how much more (orange) or less (blue) `model`
/// loses on it than `reference`; both are positions in names. Its tooltip has the losses of all models.
void writeScoredText(QTextDocument& document, const SideBySide& read, std::size_t model,
                     std::size_t reference, const QPalette& palette);

/// "+0.031 ± 0.012 nats a token": the mean difference of the tokens with its standard error.
QString meanDifference(const SideBySide& read, std::size_t model, std::size_t reference);

/// The continuations one below the other; what a model writes as the first one does is muted.
void writeContinuations(QTextDocument& document, const SideBySide& read, const QString& prompt,
                        const QPalette& palette);

/// The paragraphs of a text that have at least so many characters.
QStringList paragraphsOf(const QString& text, int fewestCharacters);

} // namespace planish
