#pragma once

#include <sys/types.h>

#include <string>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"
#include "runtime/wire/contact.h"
#include "runtime/wire/hello.h"

namespace Atoll {

// The cluster's head as a child process of rank 0's daemon. It ends when this
// object, or this process, does.
class HeadProcess {
 public:
  // Starts it: this very program, with --head. It gets ready while the caller
  // goes on; contact() waits for it.
  static Result<HeadProcess> start(const std::string& cluster, const std::string& host, int nodes, const Secret& secret);

  HeadProcess(HeadProcess&&) = default;
  HeadProcess& operator=(HeadProcess&&) = delete;
  // Tells it to stop, and waits for its end for at most a second.
  ~HeadProcess();

  // Blocks until the head can be talked to, or has ended.
  Result<Contact> contact();

  // Readable when the head has ended.
  int pidfd() const { return pidfd_.get(); }
  // Asks it to tell every daemon to stop, and to end.
  void stop();

 private:
  HeadProcess(pid_t pid, Fd pidfd, Fd channel) : pid_(pid), pidfd_(std::move(pidfd)), channel_(std::move(channel)) {}

  pid_t pid_;
  Fd pidfd_;
  Fd channel_;
};

}  // namespace Atoll
