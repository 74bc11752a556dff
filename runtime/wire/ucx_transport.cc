#include "runtime/wire/ucx_transport.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/log.h"

namespace Atoll {
namespace {

// Steps by which watched_ may grow at most, and how long a process with
// something to wait for sleeps.
constexpr Duration kLongestStep = std::chrono::seconds(1);
constexpr std::size_t kMaxTombstones = 4096;
// How often a spinning process looks whether others ended; a sleeping one is woken.
constexpr Duration kWatchInterval = std::chrono::milliseconds(5);

std::uint64_t random_hello_id() { return static_cast<std::uint64_t>(random_process_id()); }

}  // namespace

Result<std::unique_ptr<UcxTransport>> UcxTransport::create(ProcessId self, const Secret& secret,
                                                           TransportHandler& handler, const Options& options) {
  Result<std::unique_ptr<UcxWorker>> worker = UcxWorker::create();
  if (!worker.ok()) return worker.status();
  Fd alarm(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  if (!alarm.valid()) return errno_status("timerfd_create", errno);
  Result<ProcessWatch> watch = ProcessWatch::create({(*worker)->event_fd(), alarm.get()});
  if (!watch.ok()) return watch.status();
  std::unique_ptr<UcxTransport> transport(
      new UcxTransport(self, secret, handler, options, std::move(*worker), std::move(alarm), std::move(*watch)));
  ATOLL_RETURN_IF_ERROR(transport->register_handlers());
  return transport;
}

UcxTransport::UcxTransport(ProcessId self, const Secret& secret, TransportHandler& handler, const Options& options,
                           std::unique_ptr<UcxWorker> worker, Fd alarm, ProcessWatch watch)
    : self_(self),
      secret_(secret),
      handler_(handler),
      options_(options),
      alarm_(std::move(alarm)),
      watch_(std::move(watch)),
      worker_(std::move(worker)) {
  ATOLL_CHECK(self != ProcessId::kNone);
}

UcxTransport::~UcxTransport() {
  ATOLL_CHECK(!in_progress_, self_);
  stopping_ = true;
  for (auto& [id, peer] : peers_) disconnect(id);
  const Time end = now() + options_.linger;
  const auto lingers = [this] {
    return !retired_.empty() ||
           std::any_of(peers_.begin(), peers_.end(), [](const auto& entry) { return !entry.second.closing.empty(); });
  };
  while (lingers() && now() < end) progress(now());

  // What is left did not answer: cut it off.
  for (auto& [id, peer] : peers_) {
    while (!peer.closing.empty()) remove(*peer.closing.front());
    peer.endpoint.reset();
  }
  retired_.clear();
  for (int i = 0; i < 100 && ucp_worker_progress(worker_->get()) != 0; ++i) {
  }
}

Status UcxTransport::register_handlers() {
  const std::pair<unsigned, ucp_am_recv_callback_t> handlers[] = {
      {kHelloAm, &on_hello_am}, {kDataAm, &on_data_am}, {kControlAm, &on_control_am}};
  for (const auto& [id, callback] : handlers) {
    ucp_am_handler_param_t params{};
    params.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB | UCP_AM_HANDLER_PARAM_FIELD_ARG;
    params.id = id;
    params.cb = callback;
    params.arg = this;
    const ucs_status_t status = ucp_worker_set_am_recv_handler(worker_->get(), &params);
    if (status != UCS_OK) return ucx_status("registering active messages", status);
  }
  return Status();
}

// Peers and links.

UcxPeer* UcxTransport::find(ProcessId peer) {
  if (last_peer_ != nullptr && last_peer_->id == peer) return last_peer_;
  const auto found = peers_.find(peer);
  return found == peers_.end() ? nullptr : last_peer_ = &found->second;
}

UcxPeer& UcxTransport::at(ProcessId peer) { return peers_.try_emplace(peer, peer).first->second; }

UcxLink* UcxTransport::find_link(ProcessId peer, std::uint64_t epoch) {
  UcxPeer* found = find(peer);
  if (found == nullptr) return nullptr;
  if (found->link && found->link->epoch == epoch) return found->link.get();
  for (const auto& link : found->closing)
    if (link->epoch == epoch) return link.get();
  return nullptr;
}

void UcxTransport::learn(ProcessId peer, std::string address) {
  if (peer != self_) at(peer).address = std::move(address);
}

Status UcxTransport::send(ProcessId peer_id, std::string message) {
  if (message.size() > kMaxMessageBytes) [[unlikely]]
    return check_message_size(peer_id, message.size());
  UcxPeer* peer = find(peer_id);
  if (peer == nullptr) return Status(Code::kNotFound, "process " + to_string(peer_id) + " is not known here");
  if (!peer->link) {
    UcxLink& link = new_link(*peer);
    if (peer->closing.empty()) start_hello(*peer, link);
  }
  UcxLink& link = *peer->link;
  if (link.stage == UcxLink::Stage::kOpen)
    send_data(link, std::move(message));
  else
    link.queue.push_back(std::move(message));
  return Status();
}

void UcxTransport::disconnect(ProcessId peer_id) {
  UcxPeer* peer = find(peer_id);
  if (peer == nullptr) return;
  if (!peer->link) {
    if (peer->closing.empty()) retire_endpoint(*peer);
    return;
  }
  UcxLink& link = *peer->link;
  link.closing = true;
  peer->closing.push_back(std::move(peer->link));
  if (link.stage == UcxLink::Stage::kOpen) {
    set_deadline(Deadline::Of::kClosing, link.epoch, link.peer);
    send_control(link, Control::kGoodbye);
  } else if (link.queue.empty()) {
    finish_closing(link);
  }
}

UcxLink& UcxTransport::new_link(UcxPeer& peer) {
  ATOLL_CHECK(!peer.link, peer.id);
  peer.link = std::make_unique<UcxLink>(peer.id, ++epochs_);
  return *peer.link;
}

Result<UcxEndpoint*> UcxTransport::endpoint_to(UcxPeer& peer) {
  if (!peer.endpoint) {
    auto created = UcxEndpoint::create(worker_->get(), peer.id, peer.address, &on_endpoint_failed, this);
    if (!created.ok()) return created.status();
    peer.endpoint = std::move(created.value());
    ATOLL_RETURN_IF_ERROR(watch(*peer.endpoint));
  }
  return peer.endpoint.get();
}

// A process beside us is watched: over shared memory UCX does not tell its end.
Status UcxTransport::watch(UcxEndpoint& endpoint) {
  const Result<UcxWorker::Address> address = UcxWorker::parse(endpoint.address());
  if (!address.ok() || !address->stamp.is_beside(worker_->stamp())) return Status();
  Status watched = watch_.watch(endpoint.peer(), address->stamp);
  if (watched.ok()) return watched;
  if (watched.code() == Code::kNotFound) {
    endpoint.fail(watched);
    return watched;
  }
  if (dropped_.allow(last_progress_))
    log::warn("process {} is not watched: {}", to_string(endpoint.peer()), watched.message());
  return Status();
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
  link.hello_id = random_hello_id();
  begun_.emplace(link.hello_id, &link);
  const ucs_status_t status = sender_.send(link.endpoint->get(), kHelloAm, HelloHeader{0, link.hello_id},
                                           link.hello->offer(), UCP_AM_SEND_FLAG_EAGER | UCP_AM_SEND_FLAG_REPLY);
  if (status != UCS_OK) losses_.push_back({link.peer, link.epoch, ucx_status("sending an offer", status)});
}

void UcxTransport::add_tokens(UcxLink& link, std::uint64_t send, std::uint64_t receive) {
  link.tokens.push_back({send, receive});
  const bool fresh = inlets_.emplace(receive, Inlet{&link, receive, 0}).second;
  ATOLL_CHECK(fresh, link.peer);
}

void UcxTransport::open(UcxLink& link) {
  link.stage = UcxLink::Stage::kOpen;
  link.send_token = link.tokens.back().send;
  for (std::string& message : link.queue) send_data(link, std::move(message));
  link.queue.clear();
  if (!link.closing) return;
  set_deadline(Deadline::Of::kClosing, link.epoch, link.peer);
  send_control(link, Control::kGoodbye);
}

void UcxTransport::send_data(UcxLink& link, std::string message) {
  const ucs_status_t status = sender_.send(link.endpoint->get(), kDataAm,
                                           DataHeader{link.send_token, link.send_sequence++}, std::move(message), 0);
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
  for (const UcxLink::Tokens& tokens : link.tokens) {
    inlets_.erase(tokens.receive);
    tombstones_[tokens.receive] = {link.peer, tokens.send, link.epoch};
    tombstone_order_.push_back(tokens.receive);
  }
  for (; tombstone_order_.size() > kMaxTombstones; tombstone_order_.pop_front())
    tombstones_.erase(tombstone_order_.front());
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
  handler_.on_lost(link.peer, why);
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
  watch_.forget(peer.id);
  peer.endpoint->start_close(last_progress_ + kLongestStep);
  retired_.push_back(std::move(peer.endpoint));
}

// Progress.

bool UcxTransport::progress(Time now) {
  ATOLL_CHECK(!in_progress_, self_);
  in_progress_ = true;
  if (last_progress_ != Time()) watched_ += std::clamp(now - last_progress_, Duration(0), kLongestStep);
  last_progress_ = now;

  bool any = ucp_worker_progress(worker_->get()) != 0;
  if (now >= next_watch_) watch_processes();
  if (!failed_.empty()) any |= handle_failed_endpoints();
  if (!losses_.empty()) any |= handle_losses();
  if (!deadlines_.empty() && deadlines_.front().at <= watched_) any |= expire();
  if (!retired_.empty()) finish_retired();
  if (!graveyard_.empty()) graveyard_.clear();
  in_progress_ = false;
  return any;
}

bool UcxTransport::arm() {
  if (!failed_.empty() || !losses_.empty()) return false;
  const ucs_status_t status = ucp_worker_arm(worker_->get());
  if (status != UCS_OK && status != UCS_ERR_BUSY && dropped_.allow(last_progress_))
    log::error("arming UCX's event descriptor: {}", ucs_status_string(status));
  if (status != UCS_OK) return false;
  set_alarm();
  return true;
}

void UcxTransport::set_alarm() {
  const bool wanted = !deadlines_.empty() || !retired_.empty();
  if (!wanted && !alarm_set_) return;
  itimerspec when{};
  if (wanted) when.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(kLongestStep).count();
  timerfd_settime(alarm_.get(), 0, &when, nullptr);
  alarm_set_ = wanted;
}

void UcxTransport::on_endpoint_failed(void* self, UcxEndpoint& endpoint) {
  static_cast<UcxTransport*>(self)->failed_.push_back(endpoint.peer());
}

bool UcxTransport::handle_failed_endpoints() {
  for (const ProcessId id : std::exchange(failed_, {})) {
    UcxPeer& peer = at(id);
    if (!peer.endpoint || peer.endpoint->failure().ok()) continue;  // it was already on its way out
    const std::unique_ptr<UcxEndpoint> endpoint = std::move(peer.endpoint);
    watch_.forget(id);
    while (!peer.closing.empty() && peer.closing.front()->endpoint == endpoint.get())
      finish_closing(*peer.closing.front());
    if (peer.link && peer.link->endpoint == endpoint.get()) lose(*peer.link, endpoint->failure());
  }
  return true;
}

void UcxTransport::watch_processes() {
  next_watch_ = last_progress_ + kWatchInterval;
  if (watch_.empty()) return;
  watch_.poll([this](ProcessId id) {
    const UcxPeer& peer = at(id);
    if (peer.endpoint) peer.endpoint->fail(Status(Code::kUnavailable, "process " + to_string(id) + " has ended"));
  });
}

bool UcxTransport::handle_losses() {
  for (const Loss& loss : std::exchange(losses_, {}))
    if (UcxLink* link = find_link(loss.peer, loss.epoch)) lose(*link, loss.why);
  return true;
}

bool UcxTransport::expire() {
  bool any = false;
  while (!deadlines_.empty() && deadlines_.front().at <= watched_) {
    const Deadline deadline = deadlines_.front();
    deadlines_.pop_front();
    if (deadline.of == Deadline::Of::kUnproven) {
      if (unproven_.erase(deadline.id) != 0) log_dropped("a hello that was never finished");
      continue;
    }
    UcxLink* link = find_link(deadline.peer, deadline.id);
    if (link == nullptr || (deadline.of == Deadline::Of::kHello && link->confirmed)) continue;
    any = true;
    lose(*link, Status(Code::kTimedOut, "process " + to_string(deadline.peer) + " did not finish the hello within " +
                                            std::to_string(int(seconds(kHelloTimeout))) + " s"));
  }
  return any;
}

void UcxTransport::finish_retired() {
  std::erase_if(retired_, [this](const auto& endpoint) { return endpoint->finish_close(last_progress_); });
}

void UcxTransport::log_dropped(const std::string& what) {
  if (!dropped_.allow(last_progress_)) return;
  const unsigned withheld = dropped_.take_withheld();
  log::warn("dropped {}{}", what, withheld == 0 ? "" : " (and " + std::to_string(withheld) + " more)");
}

}  // namespace Atoll
