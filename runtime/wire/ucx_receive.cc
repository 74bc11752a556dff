// What UcxTransport does with the active messages that arrive.

#include <algorithm>
#include <cstring>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
namespace {

// Of an offer, with the address.
constexpr std::size_t kLongestHello = kHelloBytes + UcxWorker::kMaxAddress;

template <typename Header>
bool read_header(Header& out, const void* header, std::size_t length) {
  if (length != sizeof out) return false;
  std::memcpy(&out, header, sizeof out);
  return true;
}

// The message behind the frame; none if there is none, or too much.
std::string_view read_bulk_header(DataHeader& out, const void* header, std::size_t length) {
  if (length <= sizeof out || length > sizeof out + kMaxBulkHead) return {};
  std::memcpy(&out, header, sizeof out);
  return {static_cast<const char*>(header) + sizeof out, length - sizeof out};
}

bool is_rendezvous(const ucp_am_recv_param_t* param) {
  return (param->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) != 0;
}

}  // namespace

// The hello.

ucs_status_t UcxTransport::on_hello_am(void* self, const void* header, std::size_t header_length, void* data,
                                       std::size_t length, const ucp_am_recv_param_t* param) {
  auto& transport = *static_cast<UcxTransport*>(self);
  HelloHeader ends;
  if (!read_header(ends, header, header_length) || is_rendezvous(param) || length < kHelloBytes || length > kLongestHello) {
    transport.log_dropped("a malformed hello");
    return UCS_OK;
  }
  const std::string_view message(static_cast<const char*>(data), length);
  if (ends.to == 0) {
    transport.on_offer(ends, message);
  } else if (const auto begun = transport.begun_.find(ends.to); begun != transport.begun_.end()) {
    transport.on_answer(*begun->second, ends, message);
  } else if (transport.unproven_.contains(ends.to)) {
    transport.on_proof(ends.to, message);
  } else {
    transport.log_dropped("a message of an unknown hello");
  }
  return UCS_OK;
}

void UcxTransport::on_offer(const HelloHeader& header, std::string_view message) {
  if (stopping_) return;
  if (unproven_.size() >= options_.max_unproven) return log_dropped("an offer: too many unfinished hellos");
  Unproven unproven{Hello::accepting(secret_, self_), std::string(message.substr(kHelloBytes)), nullptr};
  Result<std::string> answer = unproven.hello.receive(message.substr(0, kHelloBytes));
  if (!answer.ok()) return log_dropped("an offer: " + answer.status().message());
  if (!give_endpoint(unproven)) return;
  const ProcessId peer = unproven.hello.peer();
  const auto id = static_cast<std::uint64_t>(random_process_id());
  unproven_.emplace(id, std::move(unproven));
  set_deadline(Deadline::Of::kUnproven, id, ProcessId::kNone);
  say_first({peer, id, {}, HelloHeader{header.from, id}, std::move(*answer)});
}

// One to who offered, unless there is one already. Not UCX's own way back, which UCX makes with talk of its own (ucx_endpoint.h).
bool UcxTransport::give_endpoint(Unproven& unproven) {
  const UcxPeer* known = find(unproven.hello.peer());
  if (known != nullptr && known->endpoint && known->endpoint->address() == unproven.address) return true;
  auto created = UcxEndpoint::create(worker_->get(), unproven.hello.peer(), unproven.address, &on_endpoint_failed, this);
  if (created.ok())
    unproven.endpoint = std::move(*created);
  else
    log_dropped("an offer: " + created.status().message());
  return created.ok();
}

void UcxTransport::on_answer(UcxLink& link, const HelloHeader& header, std::string_view message) {
  begun_.erase(link.hello_id);
  Result<std::string> proof = link.hello->receive(message);
  if (!proof.ok()) {
    log::warn("cannot connect to process {}: {}", to_string(link.peer), proof.status().message());
    return lose(link, proof.status());
  }
  const ProofTail tail{link.epoch};
  proof->append(reinterpret_cast<const char*>(&tail), sizeof tail);
  // Nobody needs the way back that this asks for; but it makes UCX exchange the numbers of the two endpoints now that there is
  // a connection with nothing on its way, and not when it is full and may break (ucx_endpoint.h).
  const ucs_status_t status = sender_.send(link.endpoint->get(), kHelloAm, HelloHeader{header.from, link.hello_id},
                                           std::move(*proof), UCP_AM_SEND_FLAG_EAGER | UCP_AM_SEND_FLAG_REPLY);
  if (status != UCS_OK) return lose(link, ucx_status("sending a proof", status));
  add_tokens(link, link.hello->send_token(), link.hello->receive_token());
  link.hello.reset();
  open(link);
}

void UcxTransport::on_proof(std::uint64_t hello_id, std::string_view message) {
  auto node = unproven_.extract(hello_id);
  Unproven& unproven = node.mapped();
  if (stopping_) return;
  const Result<std::string> nothing = unproven.hello.receive(message.substr(0, kHelloBytes));
  if (!nothing.ok()) return log_dropped("a proof: " + nothing.status().message());
  ProofTail tail;
  message.remove_prefix(kHelloBytes);
  if (message.size() != sizeof tail) return log_dropped("a proof without its tail");
  std::memcpy(&tail, message.data(), sizeof tail);
  accept(std::move(unproven), tail.epoch);
}

void UcxTransport::accept(Unproven unproven, std::uint64_t peer_epoch) {
  const Hello& hello = unproven.hello;
  UcxPeer& peer = at(hello.peer());
  UcxLink* link = link_to_accept(peer, peer_epoch);
  if (link != nullptr && !peer.endpoint && unproven.endpoint && unproven.endpoint->failure().ok()) {
    peer.endpoint = std::move(unproven.endpoint);
    (void)watch(*peer.endpoint);  // one that has ended is seen by its endpoint
  }
  if (unproven.endpoint) retire(std::move(unproven.endpoint));
  if (link == nullptr) return;
  peer.address = std::move(unproven.address);
  link->peer_epoch = peer_epoch;
  add_tokens(*link, hello.send_token(), hello.receive_token());
  if (link->endpoint == nullptr) {
    const Result<UcxEndpoint*> endpoint = endpoint_to(peer);
    if (!endpoint.ok()) return lose(*link, endpoint.status());
    link->endpoint = *endpoint;
  }
  send_control(*link, Control::kWelcome);
  if (link->stage != UcxLink::Stage::kParked) return;  // we send under the hello that we began
  link->confirmed = true;
  open(*link);
}

// The link that a proof of the peer's link number `peer_epoch` belongs to: the
// one that we began at the same time, or a new one. Ends what the peer has given
// up. None if the peer has given up this one.
UcxLink* UcxTransport::link_to_accept(UcxPeer& peer, std::uint64_t peer_epoch) {
  const auto joins = [peer_epoch](const UcxLink& link) {
    return link.stage != UcxLink::Stage::kParked && (link.peer_epoch == 0 || link.peer_epoch == peer_epoch);
  };
  for (const auto& link : peer.closing)
    if (joins(*link)) return link.get();
  if (peer.link && peer.link->peer_epoch > peer_epoch) return nullptr;
  if (!peer.closing.empty()) {
    while (!peer.closing.empty()) remove(*peer.closing.front());
    retire_endpoint(peer);
  }
  if (peer.link && peer.link->stage != UcxLink::Stage::kParked && !joins(*peer.link))
    lose(*peer.link, Status(Code::kUnavailable, "process " + to_string(peer.id) + " lost the connection"));
  return peer.link ? peer.link.get() : &new_link(peer);
}

// Data.

UcxTransport::Inlet* UcxTransport::find_inlet(std::uint64_t token) {
  if (last_inlet_ != nullptr && last_inlet_->token == token) return last_inlet_;
  const auto found = inlets_.find(token);
  return found == inlets_.end() ? nullptr : last_inlet_ = &found->second;
}

ucs_status_t UcxTransport::on_data_am(void* self, const void* header, std::size_t header_length, void* data,
                                      std::size_t length, const ucp_am_recv_param_t* param) {
  auto& transport = *static_cast<UcxTransport*>(self);
  DataHeader frame;
  if (!read_header(frame, header, header_length)) [[unlikely]] {
    transport.log_dropped("a malformed message");
    return UCS_OK;
  }
  UcxLink* link = transport.take_turn(frame, length);
  if (link == nullptr) [[unlikely]]
    return UCS_OK;
  if (is_rendezvous(param)) {
    const Status received = transport.receive_rendezvous(*link, data, length);
    if (!received.ok()) transport.lose_and_tell(*link, received);
    return received.ok() ? UCS_INPROGRESS : UCS_OK;
  }
  transport.deliver(*link, {static_cast<const char*>(data), length});
  return UCS_OK;
}

// The link of a message of that frame, if it is the message's turn; none if it is to be dropped.
UcxLink* UcxTransport::take_turn(const DataHeader& frame, std::size_t length) {
  Inlet* inlet = find_inlet(frame.token);
  if (inlet == nullptr) [[unlikely]] {
    on_unknown_token(frame.token);
    return nullptr;
  }
  UcxLink& link = *inlet->link;
  if (link.closing) return nullptr;
  if (frame.sequence != inlet->next_sequence) [[unlikely]] {
    lose_and_tell(link, Status(Code::kUnavailable, "message " + std::to_string(inlet->next_sequence) + " of process " +
                                                       to_string(link.peer) + " is missing"));
    return nullptr;
  }
  ++inlet->next_sequence;
  if (length > kMaxMessageBytes) [[unlikely]] {
    lose_and_tell(link, Status(Code::kInvalidArgument, "process " + to_string(link.peer) + " announced a message of " +
                                                           std::to_string(length) + " bytes"));
    return nullptr;
  }
  return &link;
}

ucs_status_t UcxTransport::on_bulk_am(void* self, const void* header, std::size_t header_length, void* data,
                                      std::size_t length, const ucp_am_recv_param_t* param) {
  auto& transport = *static_cast<UcxTransport*>(self);
  DataHeader frame;
  const std::string_view message = read_bulk_header(frame, header, header_length);
  if (message.empty()) {
    transport.log_dropped("a malformed message");
    return UCS_OK;
  }
  UcxLink* link = transport.take_turn(frame, length);
  return link == nullptr ? UCS_OK : transport.receive_bulk(*link, message, data, length, is_rendezvous(param));
}

// What is not received UCX throws away.
ucs_status_t UcxTransport::receive_bulk(UcxLink& link, std::string_view message, void* data, std::size_t length,
                                        bool rendezvous) {
  Place place = handler_.place_for(link.peer, message, length);
  if (place.at == nullptr || link.dead || link.closing) return UCS_OK;
  if (!rendezvous) std::memcpy(place.at, data, length);
  if (!rendezvous && link.held.empty()) {
    handler_.on_message(link.peer, message);
    return UCS_OK;
  }
  UcxInbound& inbound = hold(link);
  inbound.head = message;
  inbound.place = std::move(place);
  inbound.complete = !rendezvous;
  if (!rendezvous) return UCS_OK;
  const Status received = start_receive(inbound, data, inbound.place.at, length);
  if (!received.ok()) lose_and_tell(link, received);
  return received.ok() ? UCS_INPROGRESS : UCS_OK;
}

void UcxTransport::deliver(UcxLink& link, std::string_view message) {
  if (link.held.empty()) [[likely]]
    return handler_.on_message(link.peer, message);
  UcxInbound& inbound = hold(link);
  inbound.buffer = {std::unique_ptr<char[], FreeBuffer>(new char[message.size()]), message.size()};
  std::memcpy(inbound.buffer.bytes.get(), message.data(), message.size());
  inbound.size = message.size();
  inbound.complete = true;
}

UcxInbound& UcxTransport::hold(UcxLink& link) {
  auto owned = std::make_unique<UcxInbound>();
  UcxInbound& inbound = *owned;
  inbound.owner = this;
  inbound.link = &link;
  link.held.push_back(&inbound);
  receives_.emplace(&inbound, std::move(owned));
  return inbound;
}

Status UcxTransport::receive_rendezvous(UcxLink& link, void* descriptor, std::size_t length) {
  BufferPool::Buffer buffer = buffers_.take(length);
  if (buffer.bytes == nullptr)
    return Status(Code::kResourceExhausted, "no memory for a message of " + std::to_string(length) + " bytes");
  UcxInbound& inbound = hold(link);
  inbound.buffer = std::move(buffer);
  inbound.size = length;
  return start_receive(inbound, descriptor, inbound.buffer.bytes.get(), length);
}

// `inbound` is the last that its link holds.
Status UcxTransport::start_receive(UcxInbound& inbound, void* descriptor, char* to, std::size_t length) {
  UcxLink& link = *inbound.link;
  ucp_request_param_t params{};
  params.op_attr_mask = UCP_OP_ATTR_FIELD_CALLBACK | UCP_OP_ATTR_FIELD_USER_DATA | UCP_OP_ATTR_FLAG_NO_IMM_CMPL;
  params.cb.recv_am = &on_rendezvous_done;
  params.user_data = &inbound;
  void* request = ucp_am_recv_data_nbx(worker_->get(), descriptor, to, length, &params);
  if (!UCS_PTR_IS_ERR(request)) return Status();
  link.held.pop_back();
  receives_.erase(&inbound);
  return ucx_status("receiving from process " + to_string(link.peer), UCS_PTR_STATUS(request));
}

void UcxTransport::on_rendezvous_done(void* request, ucs_status_t status, std::size_t, void* user_data) {
  ucp_request_free(request);
  auto& inbound = *static_cast<UcxInbound*>(user_data);
  inbound.owner->on_received(inbound, status);
}

void UcxTransport::on_received(UcxInbound& inbound, ucs_status_t status) {
  inbound.complete = true;
  if (inbound.link == nullptr) {
    receives_.erase(&inbound);
  } else if (status == UCS_OK) {
    drain(*inbound.link);
  } else {
    UcxLink& link = *inbound.link;
    lose_and_tell(link, ucx_status("receiving from process " + to_string(link.peer), status));
  }
}

void UcxTransport::drain(UcxLink& link) {
  while (!link.dead && !link.held.empty() && link.held.front()->complete) {
    const auto node = receives_.extract(link.held.front());
    link.held.pop_front();
    UcxInbound& inbound = *node.mapped();
    if (inbound.is_goodbye)
      finish_goodbye(link);
    else if (!link.closing)
      handler_.on_message(link.peer, inbound.place.at != nullptr
                                         ? std::string_view(inbound.head)
                                         : std::string_view(inbound.buffer.bytes.get(), inbound.size));
    buffers_.give_back(last_progress_, std::move(inbound.buffer));
  }
}

// Control.

ucs_status_t UcxTransport::on_control_am(void* self, const void* header, std::size_t header_length, void*,
                                         std::size_t length, const ucp_am_recv_param_t* param) {
  auto& transport = *static_cast<UcxTransport*>(self);
  ControlHeader control;
  if (read_header(control, header, header_length) && length == 0 && !is_rendezvous(param))
    transport.on_control(control);
  else
    transport.log_dropped("a malformed control message");
  return UCS_OK;
}

void UcxTransport::on_control(const ControlHeader& header) {
  Inlet* inlet = find_inlet(header.token);
  if (inlet == nullptr) {
    if (header.control == Control::kGoodbye) on_unknown_token(header.token);
    return;
  }
  UcxLink& link = *inlet->link;
  switch (header.control) {
    case Control::kWelcome: return on_welcome(link, header.epoch);
    case Control::kGoodbye: return on_goodbye(link);
    case Control::kFarewell:
      if (link.closing) finish_closing(link);
      return;
    case Control::kUnknown:
      return lose(link, Status(Code::kUnavailable, "process " + to_string(link.peer) + " lost the connection"));
  }
  lose_and_tell(link, Status(Code::kInvalidArgument, "process " + to_string(link.peer) + " sent an unknown control"));
}

void UcxTransport::on_welcome(UcxLink& link, std::uint64_t epoch) {
  if (link.peer_epoch > epoch) return;
  if (link.peer_epoch != 0 && link.peer_epoch < epoch)
    return lose_and_tell(link, Status(Code::kUnavailable, "process " + to_string(link.peer) + " lost the connection"));
  link.peer_epoch = epoch;
  link.confirmed = true;
}

void UcxTransport::on_goodbye(UcxLink& link) {
  if (link.held.empty()) return finish_goodbye(link);
  UcxInbound& inbound = hold(link);
  inbound.complete = true;
  inbound.is_goodbye = true;
}

void UcxTransport::finish_goodbye(UcxLink& link) {
  send_control(link, Control::kFarewell);
  if (link.closing) return;  // both said goodbye: wait for the other farewell
  remove(link);
  UcxPeer& peer = at(link.peer);
  if (peer.closing.empty()) retire_endpoint(peer);
  lost_.push_back(link.peer);
  handler_.on_lost(link.peer, Status(Code::kUnavailable, "process " + to_string(link.peer) + " closed the connection"));
}

// Somebody speaks on a link that we lost, and does not know that we did.
void UcxTransport::on_unknown_token(std::uint64_t token) {
  if (stopping_) return;  // our end tells it as well, and a new endpoint would outlive UCX's worker
  const auto found = std::ranges::find_if(
      tombstones_, [token](const Tombstone& each) { return each.receive_token == token && each.peer != ProcessId::kNone; });
  if (found == tombstones_.end()) return log_dropped("a message of an unknown connection");
  const Tombstone dead = std::exchange(*found, Tombstone());
  const Result<UcxEndpoint*> endpoint = endpoint_to(at(dead.peer));
  if (!endpoint.ok()) return;
  (void)sender_.send((*endpoint)->get(), kControlAm, ControlHeader{dead.send_token, dead.epoch, Control::kUnknown}, {},
                     UCP_AM_SEND_FLAG_EAGER);
}

}  // namespace Atoll
