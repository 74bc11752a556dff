#pragma once

#include <ucp/api/ucp.h>

#include <memory>
#include <string>
#include <string_view>

#include "runtime/base/clock.h"
#include "runtime/base/status.h"
#include "runtime/wire/process_watch.h"

namespace Atoll {

// One UCX context and its one worker, for one thread, with active messages and
// wake-up. Which transports and devices are used is the user's by UCX_TLS,
// UCX_NET_DEVICES and the rest of UCX's environment.
class UcxWorker {
 public:
  static constexpr std::size_t kMaxAddress = 4096;

  // `tcp_window`: bytes that the kernel keeps for each connection over TCP until they are read; 0: as the system has it.
  static Result<std::unique_ptr<UcxWorker>> create(std::size_t tcp_window = 0);
  ~UcxWorker();
  UcxWorker(const UcxWorker&) = delete;
  UcxWorker& operator=(const UcxWorker&) = delete;

  ucp_worker_h get() const { return worker_; }
  // Who we are on this machine, and UCX's packed address; parse() reads it.
  const std::string& address() const { return address_; }
  const ProcessStamp& stamp() const { return stamp_; }
  int event_fd() const { return event_fd_; }

  struct Address {
    ProcessStamp stamp;
    std::string_view packed;  // points into what was parsed
  };
  // Fails for bytes that are not an address: UCX itself would read beyond the end
  // of a short one.
  static Result<Address> parse(std::string_view address);

 private:
  UcxWorker() = default;
  Status open(std::size_t tcp_window);
  Status open_context(std::size_t tcp_window);
  Status wrap_address();
  bool settle(Duration limit);

  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  ProcessStamp stamp_{};
  std::string address_;
  int event_fd_ = -1;
};

// `what` and UCX's words for `status`.
Status ucx_status(const std::string& what, ucs_status_t status);

}  // namespace Atoll
