#include "launcher/driver.h"

#include <fcntl.h>
#include <signal.h>
#include <termios.h>
#include <unistd.h>

namespace Atoll {
namespace {

// The terminal that controls our session, if one of our standard descriptors is on it.
Fd open_terminal() {
  for (int fd : {0, 1, 2})
    if (::isatty(fd)) return Fd(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  return Fd();
}

}  // namespace

Driver::Driver(Child child, Fd terminal) : child_(std::move(child)), terminal_(std::move(terminal)) {}

Result<Driver> Driver::start(const std::vector<std::string>& program, Environment environment,
                             const std::string& session) {
  environment["ATOLL_SESSION"] = session;
  Result<Child> child = Child::start({.argv = program, .environment = std::move(environment), .death_signal = SIGTERM});
  if (!child.ok()) return child.status();
  return Driver(*child, open_terminal());
}

void Driver::on_signal(const signalfd_siginfo& signal) {
  switch (signal.ssi_signo) {
    case SIGCHLD:
      look();
      break;
    case SIGINT:
      child_.signal_group(++interrupts_ > 1 ? SIGKILL : SIGINT);
      break;
    case SIGCONT:
      resume();
      break;
    case SIGTTIN:
    case SIGTTOU:
      break;
    case SIGTERM:
    case SIGHUP:
      child_.signal_group(static_cast<int>(signal.ssi_signo));
      child_.signal_group(SIGCONT);  // a stopped program would never see it
      break;
    default:
      child_.signal_group(static_cast<int>(signal.ssi_signo));
  }
}

void Driver::look() {
  if (!child_.running()) return;
  if (const int stop = child_.look(); stop != 0) on_stop(stop);
  if (!child_.running()) take_terminal();
}

bool Driver::we_are_foreground() const { return terminal_.valid() && ::tcgetpgrp(terminal_.get()) == ::getpgrp(); }

void Driver::give_terminal() {
  ::tcsetpgrp(terminal_.get(), child_.pid());
  handed_ = true;
}

// SIGTTOU is blocked (Signals), so that this works from the background.
void Driver::take_terminal() {
  if (handed_ && ::tcgetpgrp(terminal_.get()) == child_.pid()) ::tcsetpgrp(terminal_.get(), ::getpgrp());
}

void Driver::on_stop(int signal) {
  if (!terminal_.valid()) return;  // stopped by somebody who will continue it
  const bool wants_terminal = signal == SIGTTIN || signal == SIGTTOU;
  if (wants_terminal && we_are_foreground()) {
    give_terminal();
    child_.signal_group(SIGCONT);
    return;
  }
  if (wants_terminal) handed_ = true;  // as soon as the shell brings us to the front
  if (!wants_terminal) take_terminal();
  ::kill(::getpid(), SIGSTOP);
  resume();
}

void Driver::resume() {
  if (handed_ && we_are_foreground()) give_terminal();
  child_.signal_group(SIGCONT);
}

}  // namespace Atoll
