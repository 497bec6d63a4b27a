// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QTextBrowser>

namespace planish {

/// One page: what the workbench does, what its numbers mean, and the keys.
class HelpPage final : public QTextBrowser {
    Q_OBJECT
  public:
    explicit HelpPage(QWidget* parent = nullptr);
};

} // namespace planish
