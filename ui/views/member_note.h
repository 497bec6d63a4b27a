// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "codec/registry.h"

#include <QLabel>

namespace planish {

/// What a member of a codec does, where it comes from and what calibration is to it, below the control that
/// chooses it; what it stores in the tooltip.
class MemberNote : public QLabel {
    Q_OBJECT

  public:
    explicit MemberNote(QWidget* parent = nullptr);
    void show(const CodecMember& member);
    /// For a choice that was left out.
    void showText(const QString& text);
};

} // namespace planish
