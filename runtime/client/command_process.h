#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// What a command and its arguments are called in a sentence: shortened if long.
std::string words_of(const std::vector<std::string>& words);

// The file that the first word of a command means: with a '/' itself, from
// `directory` on if it is relative; else the first in PATH that can be executed. The failure is one
// sentence: what was looked for, and where.
Result<std::string> find_executable(const std::string& word, const std::string& directory,
                                    const Environment& environment);

// A command as a child of this process, in its process group. Destroying it kills the
// child, not what that started, and waits for it.
class CommandProcess {
 public:
  struct Start {
    std::vector<std::string> words;  // at least one
    std::string directory;           // empty: this process's
    Environment environment;         // all of it
    bool silent = false;             // its output goes nowhere
  };
  struct End {
    int status = 0;     // 128 + n after signal n
    std::string words;  // "exited with status 3", "was killed by signal 9 (Killed)"
  };

  // Forks and executes. The child has nothing on stdin, this process's stdout and stderr, no other
  // descriptor, every signal's default, and ends by SIGKILL with the thread that called this.
  static Result<CommandProcess> start(const Start& start);

  CommandProcess(CommandProcess&& other) noexcept = default;
  CommandProcess& operator=(CommandProcess&& other) = delete;
  ~CommandProcess();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when it has ended
  // Fails if it has ended, or that is no signal.
  Status signal(int number) const;
  // After pidfd() became readable.
  End reap();

 private:
  CommandProcess(pid_t pid, Fd pidfd) : pid_(pid), pidfd_(std::move(pidfd)) {}

  pid_t pid_;
  Fd pidfd_;
};

}  // namespace Atoll
