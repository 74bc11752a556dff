#include "runtime/wire/memory_transport.h"

#include "runtime/base/check.h"

namespace Atoll {
namespace {

std::string memory_address(ProcessId process) { return "memory:" + to_string(process); }

}  // namespace

MemoryTransport::MemoryTransport(MemoryNetwork& network, MemoryNetwork::Index index, ProcessId self)
    : network_(network), index_(index), self_(self), address_(memory_address(self)) {}

MemoryTransport::~MemoryTransport() { network_.kill(self_, MemoryNetwork::Notice::kLoud); }

MemoryTransport::Peer& MemoryTransport::peer_at(ProcessId peer_id) {
  Peer& peer = peers_[peer_id];
  if (peer.link == nullptr) {
    peer.link = &network_.link_between(index_, network_.place_of(peer_id));
    peer.side = peer.link->process[0] == index_ ? 0 : 1;
  }
  return peer;
}

void MemoryTransport::learn(ProcessId peer, std::string address) {
  if (peer != self_) peer_at(peer).right_address = address == memory_address(peer);
}

std::string MemoryTransport::address_of(ProcessId peer) const {
  return peers_.contains(peer) ? memory_address(peer) : std::string();
}

Status MemoryTransport::send(ProcessId peer_id, std::string message) {
  if (message.size() > kMaxMessageBytes) [[unlikely]]
    return check_message_size(peer_id, message.size());
  return send(peer_id, MemoryNetwork::Content{std::move(message), {}});
}

Status MemoryTransport::send_bulk(ProcessId peer_id, std::string message, Bulk bulk) {
  ATOLL_RETURN_IF_ERROR(check_bulk_size(peer_id, message.size(), bulk.bytes.size()));
  return send(peer_id, MemoryNetwork::Content{std::move(message), std::string(bulk.bytes)});
}

Status MemoryTransport::send(ProcessId peer_id, MemoryNetwork::Content content) {
  const auto found = peers_.find(peer_id);
  if (found == peers_.end()) return unknown_process(peer_id);
  const Peer& peer = found->second;
  network_.send(*peer.link, peer.side, std::move(content), peer.right_address);
  return Status();
}

void MemoryTransport::disconnect(ProcessId peer_id) {
  const auto found = peers_.find(peer_id);
  if (found != peers_.end()) network_.disconnect(*found->second.link, found->second.side);
}

bool MemoryTransport::progress(Time now) {
  return !network_.advancing_ && now >= network_.now() && network_.advance_to(now) != 0;
}

bool MemoryTransport::arm() {
  const std::optional<Time> next = network_.next_event();
  return !next || *next > network_.now();
}

}  // namespace Atoll
