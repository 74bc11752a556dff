#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

#include "runtime/base/environment.h"
#include "runtime/base/fd.h"
#include "runtime/base/status.h"
#include "runtime/wire/hello.h"
#include "topology/binding.h"

namespace Atoll {

// A pipe; both ends are closed when a program is executed.
struct Pipe {
  Fd read, write;
  static Result<Pipe> create();
};

// Puts the secret into a pipe to a worker, as read from WorkerProcess::kSecretFd.
Status write_secret(const Fd& pipe, const Secret& secret);

// A worker's process as its daemon sees it. Destroying it kills the process and
// its group, and waits for it.
class WorkerProcess {
 public:
  struct Start {
    std::string program;
    std::string directory;
    Environment environment;  // all of it
    Secret secret;            // to be read from kSecretFd
    const Binder* binder = nullptr;  // null: not bound
    Binding binding;                 // its environment is taken from above
  };

  // Where the worker finds the pipe with the secret.
  static constexpr int kSecretFd = 3;

  // Forks and executes. The child is in a process group of its own, begins with
  // SIGTERM blocked, and ends with this process. A program that cannot be executed ends with status 127
  // and a line on its stderr.
  static Result<WorkerProcess> start(const Start& start);

  // The same, but the child finds `given`, which stays the caller's, at kSecretFd, and no secret.
  static Result<WorkerProcess> start_with(const Start& start, const Fd& given);
  // A child of this process that another one forked (warm_process.h), and the pipes of its output.
  static WorkerProcess adopt(pid_t pid, Fd out, Fd err);

  WorkerProcess(WorkerProcess&& other) noexcept = default;
  WorkerProcess& operator=(WorkerProcess&& other) = delete;
  ~WorkerProcess();

  pid_t pid() const { return pid_; }
  int pidfd() const { return pidfd_.get(); }  // readable when it has ended
  int out() const { return out_.get(); }      // its stdout and stderr, not blocking
  int err() const { return err_.get(); }

  // SIGTERM to it and its group. A worker that is opening its transport ends
  // when that is done: UCX would leave its shared memory behind (connect.cc).
  void terminate() const { signal(SIGTERM); }
  // SIGKILL to it and its group.
  void kill() const { signal(SIGKILL); }
  // After pidfd() became readable: "exited with status 3", "killed by signal 9 (Killed)".
  std::string reap();

 private:
  WorkerProcess(pid_t pid, Fd pidfd, Fd out, Fd err)
      : pid_(pid), pidfd_(std::move(pidfd)), out_(std::move(out)), err_(std::move(err)) {}

  void signal(int number) const;

  pid_t pid_;
  Fd pidfd_;
  Fd out_;
  Fd err_;
};

}  // namespace Atoll
