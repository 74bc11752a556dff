#pragma once

#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/client/client_runtime.h"
#include "runtime/client/running_task.h"
#include "runtime/client/work_lanes.h"

namespace Atoll {

// The work of a worker process: takes tasks, actor constructions and calls as
// they arrive, for the threads that run them; in order of arrival, as far as
// WorkLanes lets them begin. Any thread may call its methods.
//
// WORK-1 a task that is pushed to a worker whose task waits for others goes back
//        to its owner at once: it may be what is waited for
// WORK-2 a task that is cancelled before it began never begins, and is answered
// WORK-3 the daemon hears when the first of the worker's threads begins to wait,
//        and when none does any more
// WORK-4 of a stream no more items than PushTask::ahead are sent and not read
// WORK-5 a coroutine that waits goes on when what it waits for is there, or when
//        its call is cancelled, once
// WORK-6 what comes is not run yet, perhaps: large arguments of other nodes are fetched to this one meanwhile (HoldCopy::ahead)
// WORK-7 the daemon hears when the task that begins is one that is not run again, and when one is that may be
class WorkQueue : public ClientListener {
 public:
  // `daemon` is who may end this process: when it is gone, so is the worker.
  explicit WorkQueue(ProcessId daemon) : daemon_(daemon) {}
  // Through which it answers; before any work can come.
  void use(ClientRuntime& runtime) { runtime_ = &runtime; }

  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  // The next piece of work, which `running` stands for until end(); waits for it,
  // doing the I/O meanwhile.
  Message take(RunningTask& running);
  // The same, or a coroutine to go on with: then there is no message and `running`
  // stands for nothing.
  std::shared_ptr<Suspension> take_or_resume(RunningTask& running, Message& message);
  // Tells the sender what came of it, after what it printed.
  void end(RunningTask& running, Message answer);

  // What runs may be so many at one time; before there is any other work.
  void limit(std::uint32_t most, const std::vector<ConcurrencyGroup>& groups);
  std::size_t most_at_once() const;

  // Every piece of work that comes from now on is answered with an error.
  void close(const std::string& why);
  // After close(): a coroutine to go on with, or null when nothing runs any more.
  std::shared_ptr<Suspension> resume_or_rest();
  // Waits until all who ever called have heard their answers, or are gone, or the limit has passed.
  void wait_until_heard(Duration limit);

  // The actor that this process is cannot go on: tells the daemon, which ends the process. `status` as in ErrorInfo.
  void end_actor(const std::string& why, bool restartable, std::optional<int> status);

  // Sends the item, and waits while too many are unread. False if nobody reads any more, or it is cancelled.
  bool send_item(RunningTask& running, internal::Encoded value);
  // Sends the item without waiting. If too many are unread then, whoever sends
  // calls await_reader() before the next.
  void post_item(RunningTask& running, internal::Encoded value);
  void await_reader(RunningTask& running, std::coroutine_handle<> coroutine);

  // The coroutine waits; it goes on after resume().
  std::shared_ptr<Suspension> suspend(RunningTask& running, std::coroutine_handle<> coroutine);
  void resume(const std::shared_ptr<Suspension>& suspension);

  // The thread that runs `running` waits for others, or goes on.
  void begin_wait(const RunningTask& running);
  void end_wait(const RunningTask& running);

 private:
  void wait_for_work();
  void begin(RunningTask& running, WorkLanes::Taken& taken);
  void fetch_ahead(const Message& message);
  void tell_last_try(const Message& message);
  void cancel(ProcessId from, const CancelTask& cancel);
  bool has_work() const;
  void take_read(const StreamRead& read);
  // The tasks that have not begun go back: of all who sent some, or of one.
  void give_back_unbegun(std::optional<ProcessId> owner);
  bool drop(TaskId task);
  bool tell_running(TaskId task);
  void resume_locked(const std::shared_ptr<Suspension>& suspension);
  void give_back(ProcessId owner, std::vector<TaskId> tasks);
  void say(ProcessId to, Message message);
  // After what the owners of references must hear.
  void say_end(RunningTask& running, Message answer);

  ProcessId daemon_;
  ClientRuntime* runtime_ = nullptr;
  mutable std::mutex mutex_;
  WorkLanes lanes_;
  std::deque<std::shared_ptr<Suspension>> resumed_;
  std::string closed_;  // why
  ActorId actor_;       // that this process was told to become
  std::vector<RunningTask*> running_;
  std::set<ProcessId> callers_;   // of the actor that this process is
  std::set<ProcessId> unheard_;   // of them, while they are waited for
  int waiting_ = 0;  // of the running that lend their CPUs
  bool last_try_ = false;  // as the daemon knows it; the one thread's that runs tasks
};

}  // namespace Atoll
