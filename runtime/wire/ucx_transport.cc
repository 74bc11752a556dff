#include "runtime/wire/ucx_transport.h"

#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/log.h"
#include "runtime/wire/ucx_dead_queue.h"

namespace Atoll {
namespace {

// Steps by which watched_ may grow at most, and how long a process with
// something to wait for sleeps.
constexpr Duration kLongestStep = std::chrono::seconds(1);
// UCX refuses to sleep a few times as a rule; if more, it is naps.
constexpr int kMostRefusals = 100;
// How often a spinning process looks whether others ended; a sleeping one is woken.
constexpr Duration kWatchInterval = std::chrono::milliseconds(5);

}  // namespace

Result<std::unique_ptr<UcxTransport>> UcxTransport::create(ProcessId self, const Secret& secret,
                                                           TransportHandler& handler, const Options& options) {
  Result<std::unique_ptr<UcxWorker>> worker = UcxWorker::create(options.tcp_window);
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
  unproven_.clear();
  retired_.clear();
  for (int i = 0; i < 100 && ucp_worker_progress(worker_->get()) != 0; ++i) {
  }
}

Status UcxTransport::register_handlers() {
  const std::pair<unsigned, ucp_am_recv_callback_t> handlers[] = {
      {kHelloAm, &on_hello_am}, {kDataAm, &on_data_am}, {kControlAm, &on_control_am}, {kBulkAm, &on_bulk_am},
      {kKnockAm, [](void*, const void*, std::size_t, void*, std::size_t, const ucp_am_recv_param_t*) { return UCS_OK; }}};
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

// What the owner asks.

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

std::string UcxTransport::address_of(ProcessId peer) const {
  const auto found = peers_.find(peer);
  return found == peers_.end() ? std::string() : found->second.address;
}

Status UcxTransport::send(ProcessId peer_id, std::string message) {
  if (message.size() > kMaxMessageBytes) [[unlikely]]
    return check_message_size(peer_id, message.size());
  UcxLink* link = link_to(peer_id);
  if (link == nullptr) return unknown_process(peer_id);
  if (may_send(*link)) [[likely]]
    send_data(*link, std::move(message));
  else
    queue(*link, {std::move(message), {}});
  return Status();
}

Status UcxTransport::send_bulk(ProcessId peer_id, std::string message, Bulk bulk) {
  ATOLL_RETURN_IF_ERROR(check_bulk_size(peer_id, message.size(), bulk.bytes.size()));
  UcxLink* link = link_to(peer_id);
  if (link == nullptr) return unknown_process(peer_id);
  if (may_send(*link))
    send_bulk(*link, message, std::move(bulk));
  else
    queue(*link, {std::move(message), std::move(bulk)});
  return Status();
}

// What is sent to the process goes there; none if it is not known.
UcxLink* UcxTransport::link_to(ProcessId peer_id) {
  UcxPeer* peer = find(peer_id);
  if (peer == nullptr) return nullptr;
  if (!peer->link) {
    UcxLink& link = new_link(*peer);
    if (peer->closing.empty()) start_hello(*peer, link);
  }
  return peer->link.get();
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
    if (link.queue.empty()) send_control(link, Control::kGoodbye);
  } else if (link.queue.empty()) {
    finish_closing(link);
  }
}

// Progress.

bool UcxTransport::progress(Time now) {
  ATOLL_CHECK(!in_progress_, self_);
  in_progress_ = true;
  if (last_progress_ != Time()) watched_ += std::clamp(now - last_progress_, Duration(0), kLongestStep);
  last_progress_ = now;

  bool any = ucp_worker_progress(worker_->get()) != 0;
  if (!stalled_.empty()) any |= flush_stalled();
  if (!first_words_.empty()) any |= say_first_words();
  if (now >= next_watch_) watch_processes();
  if (!failed_.empty()) any |= handle_failed_endpoints();
  if (!losses_.empty()) any |= handle_losses();
  if (!lost_.empty()) forget_long_lost();
  if (!deadlines_.empty() && deadlines_.front().at <= watched_) any |= expire();
  if (!retired_.empty()) finish_retired();
  if (!graveyard_.empty()) graveyard_.clear();
  in_progress_ = false;
  if (any) {
    refusals_ = 0;
    nap_ = kShortestNap;
  }
  return any;
}

bool UcxTransport::arm() {
  if (!failed_.empty() || !losses_.empty()) return false;
  const ucs_status_t status = ucp_worker_arm(worker_->get());
  if (status == UCS_OK) {
    set_napping(false);
    set_alarm(longest_sleep());
    return true;
  }
  if (status != UCS_ERR_BUSY && dropped_.allow(last_progress_))
    log::error("arming UCX's event descriptor: {}", ucs_status_string(status));
  if (++refusals_ < kMostRefusals) return false;
  // A process beside us does not empty its queue. UCX cannot wake us when it does: look by the clock.
  set_napping(true);
  set_alarm(nap_);
  nap_ = std::min(2 * nap_, kLongestNap);
  return true;
}

// 0: for ever.
Duration UcxTransport::longest_sleep() const {
  if (!first_words_.empty()) return kLongestNap;
  if (!deadlines_.empty() || !retired_.empty()) return kLongestStep;
  return buffers_.empty() ? Duration(0) : kIdleBufferLimit;
}

void UcxTransport::set_napping(bool napping) {
  if (napping == napping_) return;
  napping_ = napping;
  watch_.listen(worker_->event_fd(), !napping);
}

// Makes event_fd() readable in a while; 0: no more.
void UcxTransport::set_alarm(Duration in) {
  if (in == Duration(0) && alarm_set_ == Duration(0)) return;
  alarm_set_ = in;
  itimerspec when{};
  when.it_value.tv_sec = in / std::chrono::seconds(1);
  when.it_value.tv_nsec = (in % std::chrono::seconds(1)).count();
  timerfd_settime(alarm_.get(), 0, &when, nullptr);
}

void UcxTransport::on_endpoint_failed(void* self, UcxEndpoint& endpoint) {
  static_cast<UcxTransport*>(self)->failed_.push_back(endpoint.peer());
}

bool UcxTransport::handle_failed_endpoints() {
  for (const ProcessId id : std::exchange(failed_, {})) {
    UcxPeer* peer = find(id);
    if (peer == nullptr || !peer->endpoint || peer->endpoint->failure().ok()) continue;  // it was already on its way out
    const UcxEndpoint* endpoint = peer->endpoint.get();
    retire_endpoint(*peer);
    watch_.forget(id);
    while (!peer->closing.empty() && peer->closing.front()->endpoint == endpoint)
      finish_closing(*peer->closing.front());
    if (peer->link && peer->link->endpoint == endpoint) lose(*peer->link, endpoint->failure());
  }
  return true;
}

void UcxTransport::watch_processes() {
  next_watch_ = last_progress_ + kWatchInterval;
  buffers_.trim(last_progress_);
  if (watch_.empty()) return;
  std::set<ProcessId> ended;
  watch_.poll([&ended](ProcessId id) { ended.insert(id); });
  if (!ended.empty()) fail_dead(ended);
}

void UcxTransport::fail_dead(const std::set<ProcessId>& ended) {
  std::vector<UcxEndpoint*> dead;
  for (const ProcessId id : ended)
    if (const UcxPeer* peer = find(id); peer != nullptr && peer->endpoint) dead.push_back(peer->endpoint.get());
  for (const auto& endpoint : retired_)
    if (ended.contains(endpoint->peer())) dead.push_back(endpoint.get());
  std::set<pid_t> pids;
  for (const UcxEndpoint* endpoint : dead)
    if (const auto address = UcxWorker::parse(endpoint->address()); address.ok() && !address->stamp.is_pid_reused())
      pids.insert(static_cast<pid_t>(address->stamp.pid));
  // Who has queues in shared memory speaks over nothing else.
  const bool unread = empty_dead_queues(pids) < static_cast<int>(pids.size());
  for (UcxEndpoint* endpoint : dead)
    endpoint->fail(Status(Code::kUnavailable, "process " + to_string(endpoint->peer()) + " has ended"), unread);
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
  std::erase_if(retired_, [this](const auto& endpoint) {
    if (!endpoint->finish_close(last_progress_)) return false;
    stop_watching(*endpoint);
    return true;
  });
}

void UcxTransport::log_dropped(const std::string& what) {
  if (!dropped_.allow(last_progress_)) return;
  const unsigned withheld = dropped_.take_withheld();
  log::warn("dropped {}{}", what, withheld == 0 ? "" : " (and " + std::to_string(withheld) + " more)");
}

}  // namespace Atoll
