#include "runtime/wire/ucx_endpoint.h"

#include "runtime/base/check.h"
#include "runtime/wire/ucx_worker.h"

namespace Atoll {

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
  endpoint.fail(ucx_status("process " + to_string(endpoint.peer_) + " is gone", status));
}

void UcxEndpoint::fail(Status why) {
  if (!failure_.ok()) return;
  failure_ = std::move(why);
  on_failed_(owner_, *this);
}

void UcxEndpoint::start_close(Time deadline) {
  deadline_ = deadline;
  if (!failure_.ok()) return;
  ucp_request_param_t params{};
  void* request = ucp_ep_flush_nbx(endpoint_, &params);
  if (UCS_PTR_IS_PTR(request)) flush_ = request;
}

bool UcxEndpoint::finish_close(Time now) {
  const bool flushes = flush_ != nullptr && ucp_request_check_status(flush_) == UCS_INPROGRESS;
  if (flushes && failure_.ok() && now < deadline_) return false;
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
