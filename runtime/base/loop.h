#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "runtime/base/clock.h"
#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// Waits for file descriptors of one thread and calls who asked for them. The
// only blocking call of a process's loop.
class Loop {
 public:
  using Callback = std::function<void()>;

  static Result<Loop> create();

  // Calls `on_readable` from wait() whenever `fd` is readable or hung up. The
  // descriptor stays the caller's and must be removed before it is closed.
  Status add(int fd, Callback on_readable);
  void remove(int fd);

  // Sleeps until a descriptor is readable or `deadline`, then calls back.
  // A callback may add and remove descriptors; one added under the number of another that was closed meanwhile is
  // not called for what that one had.
  void wait(Time now, Time deadline);

 private:
  explicit Loop(Fd epoll) : epoll_(std::move(epoll)) {}

  Fd epoll_;
  std::uint64_t last_watch_ = 0;
  std::map<int, std::uint64_t> watches_;  // by descriptor
  std::map<std::uint64_t, Callback> callbacks_;
};

}  // namespace Atoll
