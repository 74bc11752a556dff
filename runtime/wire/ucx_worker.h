#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/status.h"

namespace Atoll {

// One UCX context and its one worker, for one thread, with active messages and
// wake-up. Which transports and devices are used is the user's by UCX_TLS,
// UCX_NET_DEVICES and the rest of UCX's environment.
class UcxWorker {
 public:
  // `keepalive`: how often UCX asks whether the peers of shared-memory endpoints
  // still live; UCX_KEEPALIVE_INTERVAL wins.
  static Result<std::unique_ptr<UcxWorker>> create(Duration keepalive);
  ~UcxWorker();
  UcxWorker(const UcxWorker&) = delete;
  UcxWorker& operator=(const UcxWorker&) = delete;

  ucp_worker_h get() const { return worker_; }
  // The packed worker address in an envelope that unwrap() checks.
  const std::string& address() const { return address_; }
  int event_fd() const { return event_fd_; }

  // Returns nothing but what a wrapped `address` holds, or an error for bytes
  // that are not one: UCX itself would read beyond the end of a short address.
  static Result<std::string_view> unwrap(std::string_view address);

 private:
  UcxWorker() = default;
  Status open(Duration keepalive);
  Status open_context(Duration keepalive);

  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  std::string address_;
  int event_fd_ = -1;
};

// `what` and UCX's words for `status`.
Status ucx_status(const std::string& what, ucs_status_t status);

}  // namespace Atoll
