#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <variant>

#include "runtime/base/fd.h"
#include "runtime/base/status.h"

namespace Atoll {

// Between a node daemon and a warm process (runtime/client/warm.h): a SOCK_SEQPACKET pair of sockets, a packet a
// message. The daemon asks, the warm process answers each in turn; its very first packet says whether it can be forked at all.

// A worker to be forked. The descriptors are what it has of the daemon.
struct ForkRequest {
  std::string start;  // as encode_worker_start() made it
  Fd secret, out, err;
};

struct Warm {};  // may be forked
struct Unfit {   // may not: "it has 3 threads"; or a fork failed
  std::string why;
};
struct Forked {
  pid_t pid = 0;
};
using ForkAnswer = std::variant<Warm, Unfit, Forked>;

// What ATOLL_WORKER says in a warm process, and its channel: where a worker finds its secret.
inline constexpr const char* kWarmStart = "warm";
inline constexpr int kForkChannel = 3;

// The request keeps its descriptors; the receiver has copies, which are closed when it executes a program.
Status send_request(int channel, const ForkRequest& request);
// Waits. Nothing when the other side has closed the channel.
Result<std::optional<ForkRequest>> receive_request(int channel);

Status send_answer(int channel, const ForkAnswer& answer);
// Waits for `limit_ms` milliseconds at most: kTimedOut; kUnavailable when the other side is gone.
Result<ForkAnswer> receive_answer(int channel, int limit_ms);

}  // namespace Atoll
