#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "runtime/client/client_runtime.h"

#include <atoll/registry.h>

namespace Atoll {

// The work of a worker process: takes tasks, actor constructions and calls as
// they arrive, for the main thread, which runs them one at a time, in order of
// arrival.
class WorkQueue : public ClientListener {
 public:
  struct Item {
    ProcessId from = ProcessId::kNone;
    Message message;
  };

  // `daemon` is who may end this process: when it is gone, so is the worker.
  explicit WorkQueue(ProcessId daemon) : daemon_(daemon) {}

  void on_other_message(ProcessId from, Message message) override;
  void on_peer_lost(ProcessId peer, const Status& why) override;

  // The next piece of work; waits for it, doing the I/O of `runtime` meanwhile.
  Item take(ClientRuntime& runtime);

 private:
  ProcessId daemon_;
  std::mutex mutex_;
  std::deque<Item> items_;
};

// Runs one piece of work: user code, its errors turned into ErrorInfo.
class Executor {
 public:
  explicit Executor(std::string node) : node_(std::move(node)) {}

  // What to answer to the sender.
  Message run(const Message& message);

 private:
  TaskDone run_task(const PushTask& task);
  TaskDone run_call(const CallActor& call);
  InitActorDone construct(const InitActor& init);
  ErrorInfo unknown(const std::string& function, const std::string& what) const;
  template <typename Call>
  TaskDone timed(TaskId task, const std::string& function, Call call);

  std::string node_;
  ActorSpec spec_;
  internal::Object actor_;
};

// The worker's main: never returns.
[[noreturn]] void run_worker(ClientRuntime& runtime, WorkQueue& queue, const std::string& node);

}  // namespace Atoll
