#include "runtime/client/termination.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdint>

namespace Atoll {
namespace {

std::atomic<bool> terminated{false};
std::atomic<int> wake{-1};

std::atomic<int> holder{-1};  // the notify_fd of who holds it up

void signal_event(int fd) {
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(fd, &one, sizeof one);
}

void on_termination(int) {
  const int error = errno;
  terminated = true;
  const int held_by = holder;
  signal_event(held_by >= 0 ? held_by : wake.load());
  errno = error;
}

}  // namespace

void accept_termination(int wake_fd) {
  wake = wake_fd;
  struct sigaction action {};
  action.sa_handler = &on_termination;
  ::sigaction(SIGTERM, &action, nullptr);
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
}

void hold_termination(int notify_fd) { holder = notify_fd; }

void release_termination() {
  holder = -1;
  if (terminated) signal_event(wake);
}

bool termination_came() { return terminated; }

bool must_terminate() { return terminated.load(std::memory_order_relaxed) && holder < 0; }

void end_if_terminated() {
  if (!terminated.load(std::memory_order_relaxed)) [[likely]]
    return;
  if (holder >= 0) return;
  ::signal(SIGTERM, SIG_DFL);
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);  // the I/O thread has all blocked
  ::raise(SIGTERM);
}

}  // namespace Atoll
