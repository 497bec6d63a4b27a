// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/restore_bar.h"

#include "session.h"
#include "views/notice_bar.h"

#include <QFileInfo>
#include <QPushButton>
#include <QVBoxLayout>

namespace planish {

RestoreBar::RestoreBar(Session& session, QWidget* parent)
    : QWidget(parent),
      session_(session),
      runs_(new NoticeBar(NoticeBar::Kind::information, this)),
      recipe_(new NoticeBar(NoticeBar::Kind::information, this)) {
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(runs_);
    layout->addWidget(recipe_);
    connect(runs_->addButton(tr("&Queue them again")), &QPushButton::clicked, &session,
            &Session::queueLeftRuns);
    connect(runs_->addButton(tr("Forget them")), &QPushButton::clicked, &session, &Session::forgetLeftRuns);
    connect(recipe_->addButton(tr("Res&tore it")), &QPushButton::clicked, &session,
            &Session::restoreLeftRecipe);
    connect(recipe_->addButton(tr("Forget it")), &QPushButton::clicked, &session, &Session::forgetLeftRecipe);
    connect(&session, &Session::leftoversChanged, this, &RestoreBar::update);
    update();
}

void RestoreBar::update() {
    const auto& runs = session_.leftRuns();
    if (runs.empty()) {
        runs_->hide();
    } else {
        runs_->showText(tr("%n run(s) were not finished when the program ended, the first is \"%1\".",
                           nullptr, static_cast<int>(runs.size()))
                            .arg(QString::fromStdString(runs.front().spec->recipe.name)));
    }
    const auto& recipe = session_.leftRecipe();
    if (recipe) {
        recipe_->showText(
            tr("The recipe \"%1\" was being edited on %2 when the program ended.")
                .arg(QString::fromStdString(recipe->recipe.name), QFileInfo(recipe->model).fileName()));
    } else {
        recipe_->hide();
    }
}

} // namespace planish
