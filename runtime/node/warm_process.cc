#include "runtime/node/warm_process.h"

#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>

#include "runtime/wire/fork_channel.h"
#include "runtime/wire/worker_start.h"

namespace Atoll {
namespace {

// The daemon waits for a fork, as it does for its own; one takes less than a millisecond.
constexpr int kForkLimitMs = 1000;

static_assert(kForkChannel == WorkerProcess::kSecretFd);

bool is_child(pid_t pid) {
  siginfo_t info;
  return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

}  // namespace

Result<WarmProcess> WarmProcess::start(WorkerProcess::Start start) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) return errno_status("socketpair", errno);
  Fd ours(ends[0]);
  const Fd theirs(ends[1]);
  start.environment[kWorkerVariable] = kWarmStart;
  Result<WorkerProcess> process = WorkerProcess::start_with(start, theirs);
  if (!process.ok()) return process.status();
  return WarmProcess(std::move(*process), std::move(ours));
}

Status WarmProcess::hear() {
  Result<ForkAnswer> answer = receive_answer(channel_.get(), 0);
  if (!answer.ok()) return answer.status();
  if (const auto* unfit = std::get_if<Unfit>(&*answer)) return Status(Code::kUnavailable, unfit->why);
  return std::holds_alternative<Warm>(*answer) ? Status() : Status(Code::kInternal, "it forked unasked");
}

Result<WorkerProcess> WarmProcess::fork(const std::string& told, const Secret& secret) {
  Result<Pipe> key = Pipe::create(), out = Pipe::create(), err = Pipe::create();
  for (const Result<Pipe>* pipe : {&key, &out, &err})
    if (!pipe->ok()) return pipe->status();
  const ForkRequest request{told, std::move(key->read), std::move(out->write), std::move(err->write)};
  ATOLL_RETURN_IF_ERROR(send_request(channel_.get(), request));
  Result<ForkAnswer> answer = receive_answer(channel_.get(), kForkLimitMs);
  if (!answer.ok()) return answer.status();
  const auto* forked = std::get_if<Forked>(&*answer);
  if (forked == nullptr) {
    const auto* unfit = std::get_if<Unfit>(&*answer);
    return Status(Code::kUnavailable, unfit != nullptr ? unfit->why : "it answered something else");
  }
  if (!is_child(forked->pid)) return Status(Code::kInternal, "it named a process that is not ours");
  WorkerProcess worker = WorkerProcess::adopt(forked->pid, std::move(out->read), std::move(err->read));
  ATOLL_RETURN_IF_ERROR(write_secret(key->write, secret));
  return worker;
}

}  // namespace Atoll
