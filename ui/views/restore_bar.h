// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QWidget>

namespace planish {

class NoticeBar;
class Session;

/// Offers what an earlier start of the program left unfinished, above everything and in nobody's way.
class RestoreBar final : public QWidget {
    Q_OBJECT
  public:
    /// `session` must outlive this.
    explicit RestoreBar(Session& session, QWidget* parent = nullptr);

    NoticeBar* runs() const { return runs_; }
    NoticeBar* recipe() const { return recipe_; }

  private:
    void update();

    Session& session_;
    NoticeBar* runs_;
    NoticeBar* recipe_;
};

} // namespace planish
