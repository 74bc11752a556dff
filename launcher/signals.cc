#include "launcher/signals.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

namespace Atoll {
namespace {

constexpr int kHandled[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT, SIGUSR1, SIGUSR2,
                            SIGTSTP, SIGCONT, SIGCHLD, SIGTTIN, SIGTTOU, SIGWINCH};

// As they were before the first Signals; also read after a fork.
sigset_t original_mask;
struct sigaction original_pipe;

bool is_ignored(int signal) {
  struct sigaction action {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals() {
  sigset_t handled;
  sigemptyset(&handled);
  for (int signal : kHandled)
    if (signal == SIGCHLD || !is_ignored(signal)) sigaddset(&handled, signal);
  if (is_ignored(SIGCHLD)) ::signal(SIGCHLD, SIG_DFL);  // else the kernel would reap our children
  ::sigprocmask(SIG_BLOCK, &handled, &original_mask);
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  ::sigaction(SIGPIPE, &ignore, &original_pipe);
  fd_.reset(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
}

Signals::~Signals() { restore_for_exec(); }

std::optional<signalfd_siginfo> Signals::next() {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) != sizeof info) return std::nullopt;
  return info;
}

void Signals::restore_for_exec() {
  ::sigaction(SIGPIPE, &original_pipe, nullptr);
  ::sigprocmask(SIG_SETMASK, &original_mask, nullptr);
}

void die_by(int signal) {
  const rlimit none = {0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  ::kill(::getpid(), signal);
  ::sigprocmask(SIG_UNBLOCK, &one, nullptr);
  ::_exit(128 + signal);
}

}  // namespace Atoll
