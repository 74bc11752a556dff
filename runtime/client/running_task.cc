#include "runtime/client/running_task.h"

#include <atoll/error.h>

#include <utility>

namespace Atoll {
namespace {
thread_local RunningTask* current = nullptr;
}  // namespace

RunningTask* running_task() { return current; }

RunningScope::RunningScope(RunningTask& task) : outer_(std::exchange(current, &task)) {}
RunningScope::~RunningScope() { current = outer_; }

void throw_if_cancelled() {
  const RunningTask* task = running_task();
  if (task != nullptr && task->cancelled) throw CancelledError("it was cancelled while it waited");
}

}  // namespace Atoll
