#include "runtime/wire/ucx_sender.h"

namespace Atoll {

UcxSender::Buffer& UcxSender::take() {
  if (free_.empty()) {
    buffers_.push_back(Buffer{this, {}, {}, {}, {}});
    free_.reserve(buffers_.size());
    return buffers_.back();
  }
  Buffer& buffer = *free_.back();
  free_.pop_back();
  return buffer;
}

void UcxSender::give_back(Buffer& buffer) {
  std::string().swap(buffer.body);  // an assignment would keep its memory
  buffer.keep.reset();
  if (buffer.window != nullptr) --buffer.window->unfinished;
  buffer.window.reset();
  free_.push_back(&buffer);
  if (free_.size() < buffers_.size() || buffers_.size() <= kMostIdle) return;
  free_.clear();
  buffers_.clear();
}

ucs_status_t UcxSender::send_bulk(ucp_ep_h endpoint, unsigned am, std::string header, Bulk bulk,
                                  const std::shared_ptr<UcxWindow>& window) {
  Buffer& buffer = take();
  buffer.body = std::move(header);
  buffer.keep = std::move(bulk.keep);
  return start(endpoint, am, buffer, buffer.body, bulk.bytes, 0, window);
}

ucs_status_t UcxSender::start(ucp_ep_h endpoint, unsigned am, Buffer& buffer, std::string_view header,
                              std::string_view body, unsigned flags, const std::shared_ptr<UcxWindow>& window) {
  ucp_request_param_t params;
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FIELD_FLAGS;
  params.cb.send = &UcxSender::on_sent;
  params.user_data = &buffer;
  params.flags = flags;
  void* request = ucp_am_send_nbx(endpoint, am, header.data(), header.size(), body.data(), body.size(), &params);
  if (!UCS_PTR_IS_PTR(request)) {
    give_back(buffer);
    return UCS_PTR_STATUS(request);
  }
  if (window == nullptr) return UCS_OK;
  buffer.window = window;
  ++window->unfinished;
  return UCS_OK;
}

void UcxSender::on_sent(void* request, ucs_status_t, void* buffer) {
  auto& sent = *static_cast<Buffer*>(buffer);
  sent.owner->give_back(sent);
  ucp_request_free(request);
}

}  // namespace Atoll
