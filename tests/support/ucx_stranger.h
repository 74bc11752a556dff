#pragma once

#include <doctest/doctest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/wire/hello.h"
#include "runtime/wire/ucx_endpoint.h"
#include "runtime/wire/ucx_frames.h"
#include "runtime/wire/ucx_sender.h"
#include "runtime/wire/ucx_worker.h"

namespace Atoll {

// Somebody who speaks to a UcxTransport over bare UCX, and may send what no
// UcxTransport would.
class UcxStranger {
 public:
  explicit UcxStranger(const std::string& address) {
    auto worker = UcxWorker::create();
    REQUIRE(worker.ok());
    worker_ = std::move(*worker);
    for (const unsigned am : {kHelloAm, kDataAm, kControlAm, kKnockAm}) {
      ucp_am_handler_param_t params{};
      params.field_mask =
          UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB | UCP_AM_HANDLER_PARAM_FIELD_ARG;
      params.id = am;
      params.cb = am == kHelloAm ? &UcxStranger::on_hello : am == kKnockAm ? &UcxStranger::on_knock : &UcxStranger::on_other;
      params.arg = this;
      REQUIRE(ucp_worker_set_am_recv_handler(worker_->get(), &params) == UCS_OK);
    }
    auto endpoint = UcxEndpoint::create(worker_->get(), ProcessId{1}, address, &UcxStranger::on_failed, this);
    REQUIRE(endpoint.ok());
    endpoint_ = std::move(*endpoint);
  }
  ~UcxStranger() { endpoint_.reset(); }

  template <typename Header>
  void send(unsigned am, const Header& header, std::string body, unsigned flags = 0) {
    REQUIRE(sender_.send(endpoint_->get(), am, header, std::move(body), flags) == UCS_OK);
  }
  // As send(), for a body that is too long to copy; `bytes` must outlive us.
  template <typename Header>
  void send_in_place(unsigned am, const Header& header, const char* bytes, std::size_t size) {
    held_header_.assign(reinterpret_cast<const char*>(&header), sizeof header);
    ucp_request_param_t params{};
    void* request = ucp_am_send_nbx(endpoint_->get(), am, held_header_.data(), held_header_.size(), bytes, size, &params);
    REQUIRE_FALSE(UCS_PTR_IS_ERR(request));
    if (UCS_PTR_IS_PTR(request)) ucp_request_free(request);
  }
  void offer(const Hello& hello, std::uint64_t from) {
    send(kHelloAm, HelloHeader{0, from}, hello.offer() + address());
  }
  void progress() { ucp_worker_progress(worker_->get()); }

  const std::string& address() const { return worker_->address(); }
  std::vector<std::pair<HelloHeader, std::string>> answers;
  int others = 0;

 private:
  static ucs_status_t on_hello(void* self, const void* header, std::size_t, void* data, std::size_t length,
                               const ucp_am_recv_param_t*) {
    HelloHeader ends;
    __builtin_memcpy(&ends, header, sizeof ends);
    static_cast<UcxStranger*>(self)->answers.emplace_back(ends, std::string(static_cast<char*>(data), length));
    return UCS_OK;
  }
  static ucs_status_t on_other(void* self, const void*, std::size_t, void*, std::size_t, const ucp_am_recv_param_t*) {
    ++static_cast<UcxStranger*>(self)->others;
    return UCS_OK;
  }
  static ucs_status_t on_knock(void*, const void*, std::size_t, void*, std::size_t, const ucp_am_recv_param_t*) { return UCS_OK; }
  static void on_failed(void*, UcxEndpoint&) {}

  std::string held_header_;
  std::unique_ptr<UcxEndpoint> endpoint_;
  UcxSender sender_;
  std::unique_ptr<UcxWorker> worker_;
};

}  // namespace Atoll
