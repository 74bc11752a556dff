// How UcxTransport's links and endpoints begin and end.

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
namespace {

// Processes that were lost, or closed the connection, and whose addresses are kept: some of them live, and are spoken to again.
constexpr std::size_t kMostLost = 256;
// How long an endpoint may take to flush what was sent.
constexpr Duration kFlushLimit = std::chrono::seconds(1);
// How long a first word waits for a transport that says whether it is connected, which all do that are fit for small messages.
constexpr Duration kKnockLimit = std::chrono::seconds(1);

}  // namespace

UcxLink& UcxTransport::new_link(UcxPeer& peer) {
  ATOLL_CHECK(!peer.link, peer.id);
  peer.link = std::make_unique<UcxLink>(peer.id, ++epochs_);
  return *peer.link;
}

// The endpoint that the process was answered on whose hello is not finished yet. UCX has tied the process's own to it, and drops
// what needs an answer of its own, as each large message does, once it is closed: beside another it would be.
std::unique_ptr<UcxEndpoint> UcxTransport::take_unproven_endpoint(const UcxPeer& peer) {
  for (auto& [id, unproven] : unproven_)
    if (unproven.hello.peer() == peer.id && unproven.address == peer.address && unproven.endpoint && unproven.endpoint->failure().ok())
      return std::move(unproven.endpoint);
  return nullptr;
}

Result<UcxEndpoint*> UcxTransport::endpoint_to(UcxPeer& peer) {
  if (peer.endpoint) return peer.endpoint.get();
  peer.endpoint = take_unproven_endpoint(peer);
  if (!peer.endpoint) {
    auto created = UcxEndpoint::create(worker_->get(), peer.id, peer.address, &on_endpoint_failed, this);
    if (!created.ok()) return created.status();
    peer.endpoint = std::move(created.value());
  }
  ATOLL_RETURN_IF_ERROR(watch(*peer.endpoint));
  return peer.endpoint.get();
}

// A process beside us is watched: over shared memory UCX does not tell its end.
Status UcxTransport::watch(UcxEndpoint& endpoint) {
  const Result<UcxWorker::Address> address = UcxWorker::parse(endpoint.address());
  if (!address.ok() || !address->stamp.is_beside(worker_->stamp())) return Status();
  Status watched = watch_.watch(endpoint.peer(), address->stamp);
  if (watched.ok()) return watched;
  if (watched.code() == Code::kNotFound) {
    endpoint.fail(watched, false);
    return watched;
  }
  if (dropped_.allow(last_progress_))
    log::warn("process {} is not watched: {}", to_string(endpoint.peer()), watched.message());
  return Status();
}

// An endpoint is watched until it is closed: a process that ends now will not take what is still to be flushed.
void UcxTransport::stop_watching(const UcxEndpoint& retired) {
  const UcxPeer* peer = find(retired.peer());
  if (peer == nullptr || !peer->endpoint) watch_.forget(retired.peer());
}

void UcxTransport::start_hello(UcxPeer& peer, UcxLink& link) {
  link.stage = UcxLink::Stage::kHello;
  set_deadline(Deadline::Of::kHello, link.epoch, link.peer);
  if (peer.endpoint && peer.endpoint->address() != peer.address) retire_endpoint(peer);
  const Result<UcxEndpoint*> endpoint = endpoint_to(peer);
  if (!endpoint.ok()) {
    losses_.push_back({link.peer, link.epoch, endpoint.status()});
    return;
  }
  link.endpoint = *endpoint;
  link.hello = Hello::connecting(secret_, self_, link.peer);
  link.hello_id = static_cast<std::uint64_t>(random_process_id());
  begun_.emplace(link.hello_id, &link);
  say_first({link.peer, 0, {}, HelloHeader{0, link.hello_id}, link.hello->offer() + address()});
}

// First words.

void UcxTransport::say_first(FirstWord word) {
  word.until = watched_ + kKnockLimit;
  if (!is_said(word)) first_words_.push_back(std::move(word));
}

bool UcxTransport::say_first_words() {
  const std::size_t before = first_words_.size();
  std::erase_if(first_words_, [this](FirstWord& word) { return is_said(word); });
  return first_words_.size() != before;
}

// The endpoint it is for; none if that is gone.
UcxEndpoint* UcxTransport::endpoint_for(const FirstWord& word) {
  if (word.unproven != 0) {
    const auto found = unproven_.find(word.unproven);
    if (found == unproven_.end()) return nullptr;
    if (found->second.endpoint) return found->second.endpoint.get();
  } else if (!begun_.contains(word.header.from)) {
    return nullptr;
  }
  const UcxPeer* peer = find(word.to);
  return peer == nullptr ? nullptr : peer->endpoint.get();
}

// Whether nothing is left to do for it: it is under way, or nobody waits for it any more.
bool UcxTransport::is_said(FirstWord& word) {
  UcxEndpoint* endpoint = endpoint_for(word);
  if (endpoint == nullptr || !endpoint->failure().ok()) return true;
  if (!endpoint->knock() && watched_ < word.until) return false;
  const ucs_status_t status = sender_.send(endpoint->get(), kHelloAm, word.header, std::move(word.body), UCP_AM_SEND_FLAG_EAGER);
  if (status == UCS_OK) return true;
  if (word.unproven != 0) {
    log_dropped(std::string("an offer: cannot answer: ") + ucs_status_string(status));
  } else {
    const UcxLink& link = *begun_.at(word.header.from);
    losses_.push_back({link.peer, link.epoch, ucx_status("sending an offer", status)});
  }
  return true;
}

// Tokens.

void UcxTransport::add_tokens(UcxLink& link, std::uint64_t send, std::uint64_t receive) {
  link.tokens.push_back({send, receive});
  const bool fresh = inlets_.emplace(receive, Inlet{&link, receive, 0}).second;
  ATOLL_CHECK(fresh, link.peer);
}

void UcxTransport::open(UcxLink& link) {
  link.stage = UcxLink::Stage::kOpen;
  link.send_token = link.tokens.back().send;
  if (link.closing) set_deadline(Deadline::Of::kClosing, link.epoch, link.peer);
  flush(link);
}

// What cannot be sent now.
void UcxTransport::queue(UcxLink& link, UcxOutbound message) {
  link.queue.push_back(std::move(message));
  if (link.stage != UcxLink::Stage::kOpen || std::exchange(link.stalled, true)) return;
  stalled_.push_back(&link);
}

// Hands UCX what waits, as far as it may hold more of it, and at the end the goodbye of a link that is being closed.
void UcxTransport::flush(UcxLink& link) {
  while (!link.queue.empty() && link.window->unfinished < kMostUnfinished) {
    UcxOutbound next = std::move(link.queue.front());
    link.queue.pop_front();
    if (next.bulk.bytes.empty())
      send_data(link, std::move(next.message));
    else
      send_bulk(link, next.message, std::move(next.bulk));
  }
  if (link.queue.empty()) {
    if (link.closing) send_control(link, Control::kGoodbye);
  } else if (!std::exchange(link.stalled, true)) {
    stalled_.push_back(&link);
  }
}

// Whether there was any that may send again.
bool UcxTransport::flush_stalled() {
  std::vector<UcxLink*> ready;
  std::erase_if(stalled_, [&ready](UcxLink* link) {
    if (link->window->unfinished > kMostUnfinished / 2) return false;
    ready.push_back(link);
    return true;
  });
  for (UcxLink* link : ready) {
    link->stalled = false;
    flush(*link);
  }
  return !ready.empty();
}

void UcxTransport::send_data(UcxLink& link, std::string message) {
  check_sent(link, sender_.send(link.endpoint->get(), kDataAm, DataHeader{link.send_token, link.send_sequence++},
                                std::move(message), 0, link.window));
}

void UcxTransport::send_bulk(UcxLink& link, const std::string& message, Bulk bulk) {
  const DataHeader frame{link.send_token, link.send_sequence++};
  check_sent(link, sender_.send_bulk(link.endpoint->get(), kBulkAm,
                                     std::string(reinterpret_cast<const char*>(&frame), sizeof frame) + message,
                                     std::move(bulk), link.window));
}

void UcxTransport::check_sent(const UcxLink& link, ucs_status_t status) {
  if (status != UCS_OK) [[unlikely]]
    losses_.push_back({link.peer, link.epoch, ucx_status("sending to process " + to_string(link.peer), status)});
}

void UcxTransport::send_control(UcxLink& link, Control control) {
  // If it fails, so does the endpoint, and that ends the link.
  (void)sender_.send(link.endpoint->get(), kControlAm, ControlHeader{link.tokens.back().send, link.epoch, control}, {},
                     UCP_AM_SEND_FLAG_EAGER);
}

void UcxTransport::set_deadline(Deadline::Of of, std::uint64_t id, ProcessId peer) {
  deadlines_.push_back({of, watched_ + kHelloTimeout, id, peer});
}

// The end of links.

// Takes `link` out of everything that could find it. It stays allocated until
// progress() returns.
void UcxTransport::remove(UcxLink& link) {
  if (link.dead) return;
  link.dead = true;
  if (link.stalled) std::erase(stalled_, &link);
  for (const UcxLink::Tokens& tokens : link.tokens) {
    inlets_.erase(tokens.receive);
    if (tombstones_.empty()) tombstones_.resize(kTombstones);
    tombstones_[next_tombstone_++ % kTombstones] = {tokens.receive, link.peer, tokens.send, link.epoch};
  }
  last_inlet_ = nullptr;
  if (link.hello_id != 0) begun_.erase(link.hello_id);
  for (UcxInbound* inbound : link.held) {
    inbound->link = nullptr;
    if (inbound->complete) receives_.erase(inbound);
  }
  link.held.clear();

  UcxPeer& peer = at(link.peer);
  if (peer.link.get() == &link) {
    graveyard_.push_back(std::move(peer.link));
    return;
  }
  const auto closing = std::find_if(peer.closing.begin(), peer.closing.end(),
                                    [&link](const auto& candidate) { return candidate.get() == &link; });
  ATOLL_CHECK(closing != peer.closing.end(), link.peer, link.epoch);
  graveyard_.push_back(std::move(*closing));
  peer.closing.erase(closing);
}

void UcxTransport::lose(UcxLink& link, const Status& why) {
  if (link.dead) return;
  if (link.closing) return finish_closing(link);
  remove(link);
  lost_.push_back(link.peer);
  handler_.on_lost(link.peer, why);
}

void UcxTransport::forget_long_lost() {
  for (; lost_.size() > kMostLost; lost_.pop_front()) {
    UcxPeer* peer = find(lost_.front());
    if (peer == nullptr || peer->link || !peer->closing.empty()) continue;
    retire_endpoint(*peer);
    peers_.erase(lost_.front());
    last_peer_ = nullptr;
  }
}

// For a loss that the peer does not see by itself.
void UcxTransport::lose_and_tell(UcxLink& link, const Status& why) {
  if (link.dead) return;
  log::warn("closing the connection to process {}: {}", to_string(link.peer), why.message());
  send_control(link, Control::kGoodbye);  // the peer closes its endpoint then, and with it ours
  retire_endpoint(at(link.peer));
  lose(link, why);
}

void UcxTransport::finish_closing(UcxLink& link) {
  UcxPeer& peer = at(link.peer);
  remove(link);
  start_parked(peer);
}

// If nothing to `peer` is being closed any more: begins what waited for that.
// The next link needs an endpoint of its own, since the peer closes the one
// that belongs to ours.
void UcxTransport::start_parked(UcxPeer& peer) {
  UcxLink* next = peer.closing.empty() ? peer.link.get() : peer.closing.front().get();
  if (next != nullptr && next->stage != UcxLink::Stage::kParked) return;
  retire_endpoint(peer);
  if (next != nullptr) start_hello(peer, *next);
}

void UcxTransport::retire_endpoint(UcxPeer& peer) {
  if (!peer.endpoint) return;
  retire(std::move(peer.endpoint));
}

void UcxTransport::retire(std::unique_ptr<UcxEndpoint> endpoint) {
  endpoint->start_close(last_progress_, kFlushLimit);
  retired_.push_back(std::move(endpoint));
}

}  // namespace Atoll
