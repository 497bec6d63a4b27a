// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/job_panel.h"

#include "icons.h"
#include "views/job_delegate.h"

#include <QAction>
#include <QEvent>
#include <QItemSelectionModel>
#include <QLabel>
#include <QListView>
#include <QToolBar>
#include <QVBoxLayout>
#include <algorithm>

namespace planish {

JobPanel::JobPanel(JobQueue& queue, QWidget* parent)
    : QWidget(parent),
      queue_(queue),
      model_(new JobListModel(queue, this)),
      list_(new QListView(this)),
      empty_(new QLabel(tr("No jobs. Run (F5) puts one here."), list_->viewport())) {
    list_->setModel(model_);
    list_->setItemDelegate(new JobDelegate(list_));
    list_->setSelectionMode(QAbstractItemView::ExtendedSelection);
    list_->setUniformItemSizes(true);
    list_->setFrameShape(QFrame::NoFrame);
    list_->setAccessibleName(tr("Jobs"));
    list_->setContextMenuPolicy(Qt::ActionsContextMenu);
    list_->viewport()->installEventFilter(this);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setForegroundRole(QPalette::PlaceholderText);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
    makeActions();
    auto* tools = new QToolBar(this);
    tools->setIconSize(QSize(16, 16));
    tools->addActions({cancel_, retry_, remove_});
    tools->addSeparator();
    tools->addAction(removeFinished_);
    auto* layout = new QVBoxLayout(this);
    layout->setContentsMargins(0, 0, 0, 0);
    layout->setSpacing(0);
    layout->addWidget(tools);
    layout->addWidget(list_);
    const auto update = [this] { updateActions(); };
    connect(list_->selectionModel(), &QItemSelectionModel::selectionChanged, this, update);
    connect(model_, &QAbstractItemModel::dataChanged, this, [this](const QModelIndex& index) {
        updateActions();
        showRunning(index);
    });
    connect(model_, &QAbstractItemModel::rowsRemoved, this, update);
    connect(model_, &QAbstractItemModel::rowsInserted, this, update);
    updateActions();
}

void JobPanel::makeActions() {
    const auto make = [this](const char* icon, const QString& text, const QString& toolTip) {
        auto* action = new QAction(symbol(QString::fromLatin1(icon)), text, this);
        action->setToolTip(toolTip);
        list_->addAction(action);
        return action;
    };
    cancel_ = make("cancel", tr("&Cancel"), tr("Stop the selected jobs; finished runs are kept"));
    retry_ = make("retry", tr("Run &again"), tr("Queue the selected failed or cancelled jobs again"));
    remove_ = make("remove", tr("&Remove from list"), tr("Remove the selected jobs from this list"));
    remove_->setShortcut(QKeySequence::Delete);
    remove_->setShortcutContext(Qt::WidgetWithChildrenShortcut);
    removeFinished_ = new QAction(tr("Clear"), this);
    removeFinished_->setToolTip(tr("Remove all jobs that are over from this list"));
    connect(cancel_, &QAction::triggered, this, &JobPanel::cancelSelected);
    connect(retry_, &QAction::triggered, this, [this] {
        for (const int id : selectedJobs()) {
            queue_.retry(id);
        }
    });
    connect(remove_, &QAction::triggered, this, [this] {
        for (const int id : selectedJobs()) {
            queue_.remove(id);
        }
    });
    connect(removeFinished_, &QAction::triggered, &queue_, &JobQueue::removeFinished);
}

void JobPanel::showRunning(const QModelIndex& index) {
    const JobStatus& job = model_->job(index.row());
    if (job.state == JobState::running && job.id != lastRunning_) {
        lastRunning_ = job.id;
        list_->scrollTo(index);
    }
}

std::vector<int> JobPanel::selectedJobs() const {
    std::vector<int> ids;
    for (const QModelIndex& index : list_->selectionModel()->selectedIndexes()) {
        ids.push_back(index.data(JobListModel::idRole).toInt());
    }
    return ids;
}

void JobPanel::cancelSelected() {
    std::vector<int> ids = selectedJobs();
    if (ids.empty()) {
        for (const JobStatus& job : queue_.jobs()) {
            if (job.state == JobState::running) {
                ids.push_back(job.id);
            }
        }
    }
    for (const int id : ids) {
        queue_.cancel(id);
    }
}

void JobPanel::updateActions() {
    const std::vector<int> selected = selectedJobs();
    const auto any = [&](auto&& condition) {
        return std::ranges::any_of(selected, [&](int id) {
            const std::optional<JobStatus> job = queue_.job(id);
            return job && condition(*job);
        });
    };
    const auto isOver = [](const JobStatus& job) { return job.isOver(); };
    cancel_->setEnabled(selected.empty() ? queue_.unfinishedCount() > 0
                                         : any([](const JobStatus& job) { return !job.isOver(); }));
    retry_->setEnabled(any([](const JobStatus& job) {
        return job.state == JobState::failed || job.state == JobState::cancelled;
    }));
    remove_->setEnabled(any(isOver));
    removeFinished_->setEnabled(std::ranges::any_of(queue_.jobs(), isOver));
    empty_->setVisible(model_->rowCount() == 0);
}

bool JobPanel::eventFilter(QObject* watched, QEvent* event) {
    if (watched == list_->viewport() && event->type() == QEvent::Resize) {
        empty_->setGeometry(list_->viewport()->rect().adjusted(12, 12, -12, -12));
    }
    return QWidget::eventFilter(watched, event);
}

} // namespace planish
