// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/member_note.h"

#include "models/recipe_text.h"

namespace planish {

MemberNote::MemberNote(QWidget* parent) : QLabel(parent) {
    setWordWrap(true);
    setTextFormat(Qt::PlainText);
    setTextInteractionFlags(Qt::TextSelectableByMouse);
    setAlignment(Qt::AlignLeft | Qt::AlignTop);
}

void MemberNote::show(const CodecMember& member) {
    QString text =
        fromUtf8(member.summary) + QLatin1Char('\n') + tr("Source: %1.").arg(fromUtf8(member.reference));
    if (member.calibration == CalibrationUse::optional) {
        text += QLatin1Char('\n') + tr("Uses calibration when a run has one.");
    } else if (member.calibration == CalibrationUse::required) {
        text += QLatin1Char('\n') + tr("Needs calibration: runs with it are calibrated.");
    }
    showText(text);
    setToolTip(member.bitsFormula.empty() ? QString()
                                          : tr("Bits per weight: %1").arg(fromUtf8(member.bitsFormula)));
}

void MemberNote::showText(const QString& text) {
    setText(text);
    setToolTip({});
    setAccessibleName(text);
}

} // namespace planish
