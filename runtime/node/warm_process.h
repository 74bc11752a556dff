#pragma once

#include <memory>
#include <string>

#include "runtime/node/worker_process.h"

namespace Atoll {

// A process of the user's program that waits at connect() to be forked into workers (runtime/client/warm.h), as its
// daemon sees it. Destroying it kills it; the workers that were forked from it live on.
class WarmProcess {
 public:
  // `start`: as of one of the workers; its secret is not handed over.
  static Result<WarmProcess> start(WorkerProcess::Start start);

  // Readable when it says that it is warm, or not, and when it has ended.
  int channel() const { return channel_.get(); }
  const WorkerProcess& process() const { return process_; }

  // After channel() became readable: ok if it may be forked from now on, or why it may not;
  // kTimedOut: it has said nothing.
  Status hear();

  // Has a worker forked, which is told `told` (encode_worker_start()), and gives it the secret. A failure is final:
  // whatever it forked nevertheless has no secret, and ends.
  Result<WorkerProcess> fork(const std::string& told, const Secret& secret);

 private:
  WarmProcess(WorkerProcess process, Fd channel) : process_(std::move(process)), channel_(std::move(channel)) {}

  WorkerProcess process_;
  Fd channel_;
};

}  // namespace Atoll
