#include "runtime/wire/ucx_endpoint.h"

#include "runtime/base/check.h"
#include "runtime/wire/ucx_frames.h"
#include "runtime/wire/ucx_worker.h"

namespace Atoll {
namespace {

// How long UCX may read what a process that ended left behind; it reads one socket a turn.
constexpr Duration kReadTime = std::chrono::milliseconds(5);
constexpr int kReadTurns = 8;

}  // namespace

Result<std::unique_ptr<UcxEndpoint>> UcxEndpoint::create(ucp_worker_h worker, ProcessId peer, std::string address,
                                                         OnFailed on_failed, void* owner) {
  const Result<UcxWorker::Address> parsed = UcxWorker::parse(address);
  if (!parsed.ok()) return parsed.status();

  std::unique_ptr<UcxEndpoint> endpoint(new UcxEndpoint);
  endpoint->peer_ = peer;
  endpoint->on_failed_ = on_failed;
  endpoint->owner_ = owner;
  ucp_ep_params_t params{};
  params.field_mask =
      UCP_EP_PARAM_FIELD_REMOTE_ADDRESS | UCP_EP_PARAM_FIELD_ERR_HANDLING_MODE | UCP_EP_PARAM_FIELD_ERR_HANDLER;
  params.address = reinterpret_cast<const ucp_address_t*>(parsed->packed.data());
  params.err_mode = UCP_ERR_HANDLING_MODE_PEER;
  params.err_handler.cb = &UcxEndpoint::on_error;
  params.err_handler.arg = endpoint.get();
  const ucs_status_t status = ucp_ep_create(worker, &params, &endpoint->endpoint_);
  if (status != UCS_OK) {
    endpoint->endpoint_ = nullptr;
    return ucx_status("connecting to process " + to_string(peer), status);
  }
  endpoint->address_ = std::move(address);
  return endpoint;
}

UcxEndpoint::~UcxEndpoint() { force_close(); }

void UcxEndpoint::on_error(void* self, ucp_ep_h, ucs_status_t status) {
  auto& endpoint = *static_cast<UcxEndpoint*>(self);
  endpoint.is_read_ = true;
  endpoint.fail(ucx_status("process " + to_string(endpoint.peer_) + " is gone", status), false);
}

void UcxEndpoint::fail(Status why, bool unread) {
  if (!failure_.ok()) return;
  is_read_ = !unread;
  failure_ = std::move(why);
  on_failed_(owner_, *this);
}

bool UcxEndpoint::knock() {
  if (is_connected_) return true;
  ucp_request_param_t params;
  params.op_attr_mask = UCP_OP_ATTR_FLAG_FORCE_IMM_CMPL;
  void* request = ucp_am_send_nbx(endpoint_, kKnockAm, nullptr, 0, nullptr, 0, &params);
  if (UCS_PTR_IS_PTR(request)) ucp_request_free(request);
  return is_connected_ = UCS_PTR_STATUS(request) != UCS_ERR_NO_RESOURCE;
}

void UcxEndpoint::start_close(Time now, Duration limit) {
  deadline_ = now + limit;
  all_read_ = now + kReadTime;
  if (!failure_.ok()) return;
  ucp_request_param_t params{};
  void* request = ucp_ep_flush_nbx(endpoint_, &params);
  if (UCS_PTR_IS_PTR(request)) flush_ = request;
}

bool UcxEndpoint::finish_close(Time now) {
  const bool flushes = flush_ != nullptr && ucp_request_check_status(flush_) == UCS_INPROGRESS;
  const bool reads = !failure_.ok() && (++turns_ < kReadTurns || now < all_read_);
  if ((flushes || reads) && !is_read_ && now < deadline_) return false;
  force_close();
  return true;
}

void UcxEndpoint::force_close() {
  if (flush_ != nullptr) ucp_request_free(flush_);
  flush_ = nullptr;
  if (endpoint_ == nullptr) return;
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
  params.flags = UCP_EP_CLOSE_FLAG_FORCE;
  void* request = ucp_ep_close_nbx(endpoint_, &params);
  if (UCS_PTR_IS_PTR(request)) ucp_request_free(request);  // it goes on without us
  endpoint_ = nullptr;
}

}  // namespace Atoll
