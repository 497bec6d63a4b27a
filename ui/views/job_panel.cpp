// SPDX-License-Identifier: GPL-3.0-or-later
#include "views/job_panel.h"

#include "dialogs/job_log_dialog.h"
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
    list_->setDragDropMode(QAbstractItemView::InternalMove);
    list_->setDefaultDropAction(Qt::MoveAction);
    list_->viewport()->installEventFilter(this);
    empty_->setAlignment(Qt::AlignCenter);
    empty_->setWordWrap(true);
    empty_->setForegroundRole(QPalette::PlaceholderText);
    empty_->setAttribute(Qt::WA_TransparentForMouseEvents);
    makeActions();
    auto* tools = new QToolBar(this);
    tools->setIconSize(QSize(16, 16));
    tools->addActions({pause_, up_, down_, cancel_, retry_, log_, remove_});
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
    connect(model_, &QAbstractItemModel::layoutChanged, this, update);
    connect(model_, &QAbstractItemModel::rowsRemoved, this, update);
    connect(model_, &QAbstractItemModel::rowsInserted, this, update);
    updateActions();
}

void JobPanel::makeActions() {
    const auto make = [this](const char* icon, const QString& text, const QString& toolTip) {
        auto* action = new QAction(symbol(QString::fromLatin1(icon)), text, this);
        action->setToolTip(toolTip);
        action->setShortcutContext(Qt::WidgetWithChildrenShortcut);
        list_->addAction(action);
        return action;
    };
    const auto withKey = [](QAction* action, const QKeySequence& key) {
        action->setShortcut(key);
        action->setToolTip(
            QStringLiteral("%1 (%2)").arg(action->toolTip(), key.toString(QKeySequence::NativeText)));
        return action;
    };
    pause_ = withKey(make("pause", tr("&Pause"), tr("Let the selected jobs, or all, wait or go on")),
                     QKeySequence(Qt::Key_P));
    // For menus: in the menu bar P chooses a menu and must not be the key of an action there.
    pauseInMenu_ = new QAction(this);
    const auto follow = [this] {
        pauseInMenu_->setText(pause_->text());
        pauseInMenu_->setIcon(pause_->icon());
        pauseInMenu_->setEnabled(pause_->isEnabled());
    };
    follow();
    connect(pause_, &QAction::changed, pauseInMenu_, follow);
    connect(pauseInMenu_, &QAction::triggered, pause_, &QAction::trigger);
    up_ = withKey(make("up", tr("Move &up"), tr("Run the selected job earlier; dragging does so too")),
                  QKeySequence(Qt::ALT | Qt::Key_Up));
    down_ = withKey(make("down", tr("Move &down"), tr("Run the selected job later; dragging does so too")),
                    QKeySequence(Qt::ALT | Qt::Key_Down));
    cancel_ = make("cancel", tr("&Cancel"), tr("Stop the selected jobs; finished runs are kept"));
    retry_ = make("retry", tr("Run &again"), tr("Queue the selected failed or cancelled jobs again"));
    log_ = withKey(make("log", tr("Show &log"), tr("What happened to the selected job, line by line")),
                   QKeySequence(Qt::Key_L));
    remove_ = withKey(make("remove", tr("&Remove from list"), tr("Remove the selected jobs from this list")),
                      QKeySequence::Delete);
    removeFinished_ = new QAction(tr("Clear"), this);
    removeFinished_->setToolTip(tr("Remove all jobs that are over from this list"));
    connect(cancel_, &QAction::triggered, this, &JobPanel::cancelSelected);
    connect(retry_, &QAction::triggered, this, [this] { queue_.retry(selectedJobs()); });
    connect(remove_, &QAction::triggered, this, [this] { queue_.remove(selectedJobs()); });
    connect(removeFinished_, &QAction::triggered, &queue_, &JobQueue::removeFinished);
    connect(pause_, &QAction::triggered, this, &JobPanel::pauseOrResume);
    connect(up_, &QAction::triggered, this, [this] { shiftSelected(-1); });
    connect(down_, &QAction::triggered, this, [this] { shiftSelected(+1); });
    connect(log_, &QAction::triggered, this, &JobPanel::showLog);
    connect(list_, &QListView::activated, this, &JobPanel::showLog);
}

std::vector<JobStatus> JobPanel::pausable() const {
    std::vector<JobStatus> jobs = selectedStatuses();
    if (jobs.empty()) {
        jobs = queue_.jobs();
    }
    std::erase_if(jobs, [](const JobStatus& job) { return job.isOver() || job.cancelling; });
    return jobs;
}

void JobPanel::pauseOrResume() {
    const std::vector<JobStatus> jobs = pausable();
    const bool resume = std::ranges::all_of(jobs, &JobStatus::paused);
    std::vector<int> ids;
    std::ranges::transform(jobs, std::back_inserter(ids), &JobStatus::id);
    resume ? queue_.resume(ids) : queue_.pause(ids);
}

void JobPanel::shiftSelected(int direction) {
    queue_.shift(selectedJobs(), direction);
    list_->scrollTo(list_->currentIndex());
}

void JobPanel::showLog() {
    const std::vector<int> ids = selectedJobs();
    if (!ids.empty()) {
        auto* dialog = new JobLogDialog(queue_, ids.front(), this);
        dialog->setAttribute(Qt::WA_DeleteOnClose);
        dialog->show();
    }
}

void JobPanel::showRunning(const QModelIndex& index) {
    const JobStatus& job = model_->job(index.row());
    if (job.state == JobState::running && job.id != lastRunning_) {
        lastRunning_ = job.id;
        list_->scrollTo(index);
    }
}

std::vector<JobStatus> JobPanel::selectedStatuses() const {
    std::vector<JobStatus> jobs;
    for (const QItemSelectionRange& range : list_->selectionModel()->selection()) {
        for (int row = range.top(); row <= range.bottom(); ++row) {
            jobs.push_back(model_->job(row));
        }
    }
    return jobs;
}

std::vector<int> JobPanel::selectedJobs() const {
    std::vector<int> ids;
    std::ranges::transform(selectedStatuses(), std::back_inserter(ids), &JobStatus::id);
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
    queue_.cancel(ids);
}

void JobPanel::updateActions() {
    const std::vector<JobStatus> selected = selectedStatuses();
    const auto any = [&](auto&& condition) { return std::ranges::any_of(selected, condition); };
    const auto isOver = [](const JobStatus& job) { return job.isOver(); };
    cancel_->setEnabled(selected.empty() ? queue_.unfinishedCount() > 0
                                         : any([](const JobStatus& job) { return !job.isOver(); }));
    retry_->setEnabled(any([](const JobStatus& job) {
        return job.state == JobState::failed || job.state == JobState::cancelled;
    }));
    const std::vector<JobStatus> toPause = pausable();
    const bool resumes = !toPause.empty() && std::ranges::all_of(toPause, &JobStatus::paused);
    pause_->setEnabled(!toPause.empty());
    if (const QString text = resumes ? tr("Re&sume") : tr("&Pause"); text != pause_->text()) {
        pause_->setText(text);
        pause_->setIcon(symbol(resumes ? QStringLiteral("run") : QStringLiteral("pause")));
    }
    const bool queued = any([](const JobStatus& job) { return job.state == JobState::queued; });
    up_->setEnabled(queued);
    down_->setEnabled(queued);
    log_->setEnabled(!selected.empty());
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
