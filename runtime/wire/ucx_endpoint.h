#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <string>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/base/ids.h"
#include "runtime/base/status.h"

namespace Atoll {

// Our UCX endpoint to one process: what we send on. UCX tells through it that
// the process died, the wire broke, or the process closed its own endpoint to us.
// Created and used by the worker's thread; never moves.
class UcxEndpoint {
 public:
  // UCX says the peer is gone. Comes from inside ucp_worker_progress, and maybe
  // from inside a send: only note it.
  using OnFailed = void (*)(void* owner, UcxEndpoint& endpoint);

  // `address` is a UcxWorker's.
  static Result<std::unique_ptr<UcxEndpoint>> create(ucp_worker_h worker, ProcessId peer, std::string address,
                                                     OnFailed on_failed, void* owner);
  // UCX may still finish a close after this; it needs nothing of the object.
  ~UcxEndpoint();
  UcxEndpoint(const UcxEndpoint&) = delete;
  UcxEndpoint& operator=(const UcxEndpoint&) = delete;

  ucp_ep_h get() const { return endpoint_; }
  ProcessId peer() const { return peer_; }
  const std::string& address() const { return address_; }
  const Status& failure() const { return failure_; }
  // Takes it for failed before UCX has said so; `unread`: of what the peer sent there may be some that UCX has not read.
  void fail(Status why, bool unread);

  // Whether there is a connection; asks until there is one. What UCX cannot send at once it announces to the peer first, and
  // awaits an answer; and a UCX before 1.14 that checks itself, as Debian's does, ends the process if the peer ends while such
  // talk of its own waits for the connection (wireup_ep.c:241, ucp_request.c:684). So the first thing that is said on an
  // endpoint is a message which UCX throws away if it cannot go out at once.
  bool knock();

  // Begins to close: what was sent is flushed, then the endpoint is destroyed. What a peer that ended left behind UCX is let
  // read: something of that may ask for a connection, and if this one were gone, UCX would make one to the process that has
  // ended. The endpoint may be thrown away once finish_close() says so.
  void start_close(Time now, Duration limit);
  // Called after each turn of UCX. Returns whether it is closed; past the limit, and once UCX has said that the peer is gone,
  // it is closed by force.
  bool finish_close(Time now);

 private:
  UcxEndpoint() = default;
  static void on_error(void* self, ucp_ep_h endpoint, ucs_status_t status);
  void force_close();

  ucp_ep_h endpoint_ = nullptr;
  ProcessId peer_ = ProcessId::kNone;
  std::string address_;
  OnFailed on_failed_ = nullptr;
  void* owner_ = nullptr;
  Status failure_;
  bool is_read_ = false;  // after a failure: nothing comes any more
  bool is_connected_ = false;
  void* flush_ = nullptr;
  Time deadline_{};
  Time all_read_{};  // by then, if UCX has had
  int turns_ = 0;    // as many turns
};

}  // namespace Atoll
