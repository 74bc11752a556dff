#pragma once

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "runtime/client/client_runtime.h"
#include "runtime/client/running_task.h"

#include <atoll/registry.h>

namespace Atoll {

// The work of a worker process: takes tasks, actor constructions and calls as
// they arrive, for the main thread, which runs them one at a time, in order of
// arrival.
//
// WORK-1 a task that is pushed to a worker whose task waits for others goes back
//        to its owner at once: it may be what is waited for
// WORK-2 a task that is cancelled before it began never begins, and is answered
// WORK-4 of a stream no more items than PushTask::ahead are sent and not read
// WORK-3 the daemon hears when the first of the worker's threads begins to wait,
//        and when none does any more
class WorkQueue : public ClientListener {
 public:
  struct Item {
    ProcessId from = ProcessId::kNone;
    Message message;
    std::optional<StreamRead> read = {};  // what was read of its stream when it ran elsewhere before
  };

  // `daemon` is who may end this process: when it is gone, so is the worker.
  explicit WorkQueue(ProcessId daemon) : daemon_(daemon) {}
  // Through which it answers; before any work can come.
  void use(ClientRuntime& runtime) { runtime_ = &runtime; }

  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  // The next piece of work, which `running` stands for until finish(); waits for
  // it, doing the I/O meanwhile. Several threads may.
  Item take(RunningTask& running);
  void finish(RunningTask& running);
  // Every piece of work that comes from now on is answered with an error, and what
  // runs is waited for but for `own`.
  void close(const RunningTask& own, const std::string& why);
  // Waits until all who ever called have heard their answers, or are gone, or the limit has passed.
  void wait_until_heard(Duration limit);

  // The actor that this process is cannot go on: tells the daemon, which ends the process. `status` as in ErrorInfo.
  void end_actor(const std::string& why, bool restartable, std::optional<int> status);

  // Sends the item, and waits while too many are unread. False if nobody reads any more, or it is cancelled.
  bool send_item(RunningTask& running, std::string value);

  // The thread that runs `running` waits for others, or goes on.
  void begin_wait(const RunningTask& running);
  void end_wait(const RunningTask& running);

 private:
  void cancel(ProcessId from, const CancelTask& cancel);
  bool has_work() const;
  void take_read(const StreamRead& read);
  bool drop(TaskId task);
  bool tell_running(TaskId task);
  void give_back(ProcessId owner, std::vector<TaskId> tasks);
  void say(ProcessId to, Message message);

  ProcessId daemon_;
  ClientRuntime* runtime_ = nullptr;
  mutable std::mutex mutex_;
  std::deque<Item> items_;
  std::string closed_;  // why
  std::condition_variable ended_;  // a piece of work, while it is closed
  std::vector<RunningTask*> running_;
  std::set<ProcessId> callers_;   // of the actor that this process is
  std::set<ProcessId> unheard_;   // of them, while they are waited for
  ActorId actor_;  // that this process was told to become
  int waiting_ = 0;  // of the running that lend their CPUs
};

// The method by which an actor is told to leave, after all calls before it.
inline constexpr const char* kLeave = "~";

// Runs one piece of work: user code, its errors turned into ErrorInfo. Calls of an
// actor may run in several threads once it is constructed.
class Executor {
 public:
  explicit Executor(std::string node) : node_(std::move(node)) {}

  // What to answer to the sender.
  Message run(const Message& message, RunningTask& running);

  // The actor's object ends.
  void destroy_actor() { actor_.reset(); }
  const ActorSpec& actor() const { return spec_; }
  std::uint32_t incarnation() const { return incarnation_; }

 private:
  TaskDone run_task(const PushTask& task, RunningTask& running);
  TaskDone run_call(const CallActor& call, RunningTask& running);
  InitActorDone construct(const InitActor& init, RunningTask& running);
  ErrorInfo unknown(const std::string& function, const std::string& what) const;
  ErrorInfo cancelled_error(const std::string& function, const std::string& words) const;
  template <typename Call>
  TaskDone timed(RunningTask& running, const std::string& function, Call call);

  std::string node_;
  ActorSpec spec_;
  std::uint32_t incarnation_ = 1;
  internal::Object actor_;
};

// The worker's main: never returns. `daemon` hears when an actor leaves.
[[noreturn]] void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node, ProcessId daemon);

}  // namespace Atoll
