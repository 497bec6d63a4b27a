// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <QObject>
#include <QString>
#include <QThreadPool>
#include <deque>
#include <functional>

namespace planish {

/// Work beside the job queue that all has to be done, in the order it was asked for, such as opening, saving
/// and merging documents: one after the other on a thread of its own, each result delivered before the next
/// begins.
class SerialTask final : public QObject {
    Q_OBJECT
  public:
    using Completion = std::function<void()>; ///< called on this object's thread
    using Work = std::function<Completion()>; ///< called on the task's thread
    /// Called on this object's thread when its turn has come: collects what the work needs of that moment.
    using Begin = std::function<Work()>;
    using Failure = std::function<void(const QString& message)>; ///< called on this object's thread

    explicit SerialTask(QObject* parent = nullptr);
    /// Waits for the work that has begun; the rest is dropped, see finish().
    ~SerialTask() override;

    void add(Begin begin, Failure failure);
    /// As add, for work that needs nothing of the moment when it begins.
    void addWork(Work work, Failure failure);
    /// Does all that was asked for, and delivers it, before it returns: for the end of the program.
    void finish();

  private:
    struct Task {
        Begin begin;
        Failure failure;
    };
    void beginNext();
    void end(const Completion& deliver);

    QThreadPool pool_;
    std::deque<Task> waiting_;
    bool running_ = false;
};

} // namespace planish
