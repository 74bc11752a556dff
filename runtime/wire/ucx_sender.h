#pragma once

#include <ucp/api/ucp.h>

#include <array>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "runtime/wire/transport.h"

namespace Atoll {

// How many messages of one connection UCX still holds.
struct UcxWindow {
  std::size_t unfinished = 0;
};

// Sends active messages and owns their bytes until UCX is done with them. The
// buffers are reused, so that a send that completes at once allocates nothing.
class UcxSender {
 public:
  UcxSender() = default;
  UcxSender(const UcxSender&) = delete;
  UcxSender& operator=(const UcxSender&) = delete;

  // Sends `header` (a frame of ucx_frames.h) and `body`; `flags` are UCX's
  // UCP_AM_SEND_FLAG_*. Returns UCS_OK if it is on its way: the endpoint tells of
  // what goes wrong later. It counts in `window`, if there is one, until UCX is done with it.
  template <typename Header>
  ucs_status_t send(ucp_ep_h endpoint, unsigned am, const Header& header, std::string body, unsigned flags,
                    const std::shared_ptr<UcxWindow>& window = nullptr) {
    static_assert(sizeof header <= kMaxHeader);
    Buffer& buffer = take();
    __builtin_memcpy(buffer.header.data(), &header, sizeof header);
    buffer.body = std::move(body);
    return start(endpoint, am, buffer, {buffer.header.data(), sizeof header}, buffer.body, flags, window);
  }

  // The same for a bulk, which is not copied; `header` is a frame and the message behind it.
  ucs_status_t send_bulk(ucp_ep_h endpoint, unsigned am, std::string header, Bulk bulk, const std::shared_ptr<UcxWindow>& window);

 private:
  static constexpr std::size_t kMaxHeader = 24;
  static constexpr std::size_t kMostIdle = 1024;  // buffers; what a burst needed beyond them goes with its last message
  struct Buffer {
    UcxSender* owner;
    std::array<char, kMaxHeader> header;
    std::string body;  // or a bulk's header
    std::shared_ptr<const void> keep;
    std::shared_ptr<UcxWindow> window;  // while UCX holds it
  };

  Buffer& take();
  void give_back(Buffer& buffer);
  ucs_status_t start(ucp_ep_h endpoint, unsigned am, Buffer& buffer, std::string_view header, std::string_view body,
                     unsigned flags, const std::shared_ptr<UcxWindow>& window);
  static void on_sent(void* request, ucs_status_t status, void* buffer);

  std::deque<Buffer> buffers_;
  std::vector<Buffer*> free_;
};

}  // namespace Atoll
