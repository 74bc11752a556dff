#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/status.h"

namespace Atoll {

// How a process ended: an exit code, or the signal that killed it.
struct Ending {
  int code = 0;
  int signal = 0;

  bool good() const { return code == 0 && signal == 0; }
  // "exit code 3", "signal 9 (Killed)".
  std::string to_string() const;
  friend bool operator==(const Ending&, const Ending&) = default;
};

struct ChildOptions {
  std::vector<std::string> argv;  // argv[0] is looked up in PATH unless it has a slash
  Environment environment;
  int in = 0, out = 1, err = 2;  // the child's; dup'ed
  int death_signal = 0;          // it gets this when we die
};

// A child process in a process group of its own, with the signals as they were before Signals. Not killed by the
// destructor: whoever starts one sees it to its end.
class Child {
 public:
  // Fails, with the reason, also when the program cannot be executed.
  static Result<Child> start(const ChildOptions& options);

  pid_t pid() const { return pid_; }
  bool running() const { return pid_ > 0 && !ending_; }
  // Valid when it is not running.
  const Ending& ending() const { return *ending_; }

  // Looks, without waiting, whether it ended. Returns the signal that stopped it since the last look, else 0.
  int look();
  // To the whole group; nothing if nobody is left in it.
  void signal_group(int signal) const;
  void signal(int signal) const;

 private:
  explicit Child(pid_t pid) : pid_(pid) {}
  pid_t pid_ = 0;
  std::optional<Ending> ending_;
};

}  // namespace Atoll
