#pragma once

#include <algorithm>
#include <chrono>

#include <atoll/backend.h>

#include "runtime/base/clock.h"
#include "runtime/client/running_task.h"

namespace Atoll {

// Most waits of a task end sooner: they are not worth two messages to the daemon.
inline constexpr Duration kShortWait = std::chrono::microseconds(200);

// `wait(deadline)`, whose result `is_whole` unless the deadline came first; in a task its CPUs are lent meanwhile. Throws
// CancelledError if the task is cancelled.
template <typename Wait, typename IsWhole>
auto wait_in_task(internal::Deadline deadline, Wait wait, IsWhole is_whole) {
  if (running_task() == nullptr) return wait(deadline);
  throw_if_cancelled();
  const internal::Deadline soon = std::chrono::steady_clock::now() + kShortWait;
  auto result = wait(deadline ? std::min(deadline, soon) : soon);
  if (!is_whole(result) && (!deadline || *deadline > *soon)) {
    const internal::WaitScope scope;
    result = wait(deadline);
  }
  if (!is_whole(result)) throw_if_cancelled();
  return result;
}

}  // namespace Atoll
