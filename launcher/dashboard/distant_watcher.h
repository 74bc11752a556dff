#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "launcher/child.h"
#include "launcher/dashboard/question_line.h"
#include "launcher/into_job.h"
#include "runtime/base/clock.h"
#include "runtime/base/fd.h"

namespace Atoll {

class Watcher;

// A Watcher in another job, from a login node: a task of a step there is asked, line by line. So whoever may run a step
// in the job may look, and nobody else; nothing but srun must reach the node. For one thread.
class DistantWatcher {
 public:
  // Starts the step and waits for its greeting. What hinders it, it says itself on stderr: kUnavailable then.
  static Result<std::unique_ptr<DistantWatcher>> start(const IntoJob& plan);
  // Ends the step.
  ~DistantWatcher();

  const std::string& cluster() const { return cluster_; }
  HttpReply answer(const DashboardQuestion& question);

 private:
  DistantWatcher(Child child, Fd in, Fd out) : child_(std::move(child)), in_(std::move(in)), out_(std::move(out)) {}
  bool write(const std::string& line);
  // kUnavailable when nothing will come any more, kTimedOut when nothing came.
  Result<std::string> read_line(Time deadline);

  Child child_;
  Fd in_, out_;
  std::string buffer_;
  std::string cluster_;
  std::uint64_t asked_ = 0;
};

// The other side, in the job: answers the questions on stdin until it ends.
void answer_lines(Watcher& watcher, const std::string& cluster);

}  // namespace Atoll
