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

void on_termination(int) {
  const int error = errno;
  terminated = true;
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(wake, &one, sizeof one);
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

void end_if_terminated() {
  if (!terminated.load(std::memory_order_relaxed)) [[likely]]
    return;
  ::signal(SIGTERM, SIG_DFL);
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  ::pthread_sigmask(SIG_UNBLOCK, &term, nullptr);  // the I/O thread has all blocked
  ::raise(SIGTERM);
}

}  // namespace Atoll
