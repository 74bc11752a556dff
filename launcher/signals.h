#pragma once

#include <sys/signalfd.h>

#include <optional>

#include "runtime/base/fd.h"

namespace Atoll {

// The signals that the launcher handles, as a descriptor to poll. One at a time, made in main's thread before any other
// thread. A signal that was ignored when we started (nohup) stays ignored.
class Signals {
 public:
  Signals();
  ~Signals();
  Signals(const Signals&) = delete;

  int fd() const { return fd_.get(); }
  std::optional<signalfd_siginfo> next();

  // In a child before exec: mask and dispositions as they were before us.
  static void restore_for_exec();

 private:
  Fd fd_;
};

// Ends this process as if `signal` had killed it, so that our parent sees the same status as that of the process we
// stand for. Leaves no core file of ours.
[[noreturn]] void die_by(int signal);

}  // namespace Atoll
