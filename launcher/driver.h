#pragma once

#include <sys/signalfd.h>

#include <string>
#include <vector>

#include "launcher/child.h"
#include "runtime/base/fd.h"

namespace Atoll {

// The user's program under `atoll run`: our stdin, stdout and stderr, a process group of its own.
//
// The terminal stays ours, so that we see Ctrl-C and can count it, until the program shows that it needs it: reading or
// setting a terminal from the background stops a process (SIGTTIN, SIGTTOU), which we see; then we hand the terminal
// over, and Ctrl-C and Ctrl-Z are the program's own affair. When it stops, we stop, so that the shell takes over; when
// we are continued, it is.
class Driver {
 public:
  static Result<Driver> start(const std::vector<std::string>& program, Environment environment,
                              const std::string& session);

  // A signal that we received: passes it on. The second SIGINT kills the program.
  void on_signal(const signalfd_siginfo& signal);
  // Looks whether the program ended or stopped; call on SIGCHLD.
  void look();

  bool running() const { return child_.running(); }
  const Ending& ending() const { return child_.ending(); }
  void kill(int signal) const { child_.signal_group(signal); }

 private:
  Driver(Child child, Fd terminal);
  bool we_are_foreground() const;
  void give_terminal();
  void take_terminal();
  void on_stop(int signal);
  void resume();

  Child child_;
  Fd terminal_;          // invalid without one
  bool handed_ = false;  // the program has the terminal
  int interrupts_ = 0;
};

}  // namespace Atoll
