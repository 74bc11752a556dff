#pragma once

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <atoll/backend.h>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"

namespace Atoll {

class WorkQueue;
struct RunningTask;

// A coroutine of an actor's call that waits. Guarded by the lock of its queue.
struct Suspension {
  std::coroutine_handle<> coroutine;
  std::shared_ptr<RunningTask> task;
  bool resumed = false;  // it is about to go on
};

// A task or an actor call while a thread of this process runs it. Of an actor with
// coroutines each has an owner, for it may wait while others run.
struct RunningTask : std::enable_shared_from_this<RunningTask> {
  TaskId task;
  ProcessId caller = ProcessId::kNone;
  std::string function;
  std::uint32_t depth = 0;
  // For the timeline: as in PushTask; when it came, if it was chosen; tasks and calls that were chosen with it, or not.
  std::uint8_t sample = 0;
  Time arrived{};
  std::uint32_t submitted = 0;
  bool begun = true;  // not where an argument was lost
  std::size_t lane = 0;  // of its queue
  // Its CPUs can be lent while it waits: a task's are its own, an actor's those of its whole life.
  bool lends = false;
  bool interleaves = false;  // its coroutines wait without holding the thread
  std::atomic<bool> cancelled{false};
  // Of a stream: how many items may be unread, how many were sent, and were read.
  std::uint32_t ahead = 0;
  std::uint64_t sent = 0;
  std::atomic<std::uint64_t> read{0};
  std::atomic<bool> closed{false};  // nobody reads any more
  bool got_refs = false;  // by decoding: their owners must hear of them before its end is told
  std::vector<internal::Handle> inside = {};  // its result
  bool leaves = false;  // it called exit_actor()
  WorkQueue* queue = nullptr;  // where it came from
  // What it waits for, guarded by the queue's lock: objects, and its stream's reader.
  std::vector<std::shared_ptr<Suspension>> suspended;
  std::shared_ptr<Suspension> waits_for_reader;

  // Whether the next item of its stream need not wait.
  bool may_send() const { return closed || cancelled || sent < read + ahead; }
};

// What the calling thread runs; null in a driver and in threads of the user's own.
RunningTask* running_task();

// The calling thread runs `task` while this lives.
class RunningScope {
 public:
  explicit RunningScope(RunningTask& task);
  ~RunningScope();
  RunningScope(const RunningScope&) = delete;
  RunningScope& operator=(const RunningScope&) = delete;

 private:
  RunningTask* outer_;
};

// Throws CancelledError if the calling thread runs a task that was cancelled.
void throw_if_cancelled();

}  // namespace Atoll
