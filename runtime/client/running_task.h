#pragma once

#include <atomic>
#include <cstdint>
#include <string>

#include "runtime/base/ids.h"

namespace Atoll {

class WorkQueue;

// A task or an actor call while a thread of this process runs it.
struct RunningTask {
  TaskId task;
  ProcessId caller = ProcessId::kNone;
  std::string function;
  std::uint32_t depth = 0;
  // Its CPUs can be lent while it waits: a task's are its own, an actor's those of its whole life.
  bool lends = false;
  std::atomic<bool> cancelled{false};
  // Of a stream: how many items may be unread, how many were sent, and were read.
  std::uint32_t ahead = 0;
  std::uint64_t sent = 0;
  std::atomic<std::uint64_t> read{0};
  std::atomic<bool> closed{false};  // nobody reads any more
  bool leaves = false;  // it called exit_actor()
  WorkQueue* queue = nullptr;  // where it came from
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
