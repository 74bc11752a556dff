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
  // Takes it for failed, as if UCX had said so.
  void fail(Status why);

  // Begins to close: what was sent is flushed, then the endpoint is destroyed.
  // `endpoint` may be thrown away once finish_close() says so.
  void start_close(Time deadline);
  // Returns whether it is closed; past the deadline, and after fail(), it is closed by force.
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
  void* flush_ = nullptr;
  Time deadline_{};
};

}  // namespace Atoll
