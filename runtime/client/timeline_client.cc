#include "runtime/client/timeline_client.h"

#include <algorithm>
#include <utility>

#include "runtime/client/connect.h"
#include "runtime/timeline/clock_identity.h"

namespace Atoll {
namespace {

constexpr std::size_t kClockQuestions = 8;

GetClock clock_question() { return {now().time_since_epoch().count(), /*records=*/false}; }

}  // namespace

Result<std::unique_ptr<TimelineClient>> TimelineClient::open(const Session& session, Duration timeout) {
  std::unique_ptr<TimelineClient> client(new TimelineClient(session.head));
  client->clock_ = clock_identity();
  Result<std::unique_ptr<ClientRuntime>> runtime = join(session, *client);
  if (!runtime.ok()) return runtime.status();
  client->runtime_ = std::move(*runtime);
  client->say(session.head.process, GetPeers{});
  std::unique_lock lock(client->mutex_);
  if (!client->arrived_.wait_for(lock, timeout, [&client] { return client->peers_ || client->lost_; }))
    return Status(Code::kTimedOut, "the cluster's head does not answer");
  if (!client->peers_) return client->lost_->prefixed("the cluster's head cannot be reached");
  lock.unlock();
  return client;
}

TimelineClient::~TimelineClient() { runtime_.reset(); }

void TimelineClient::say(ProcessId to, Message message) {
  runtime_->post([to, message = std::move(message)](Time, ClientCore&, ClientOutbox& out) { out.send(to, message); });
}

std::vector<TraceNode> TimelineClient::find_nodes(Duration patience) {
  std::vector<Contact> contacts;
  std::unique_lock lock(mutex_);
  for (const PeerNode& node : peers_->nodes)
    if (node.alive) contacts.push_back(node.daemon);
  for (const Contact& daemon : contacts) daemons_[daemon.process] = {};
  lock.unlock();
  runtime_->post([contacts](Time, ClientCore&, ClientOutbox& out) {
    for (const Contact& daemon : contacts) {
      out.learn(daemon);
      out.send(daemon.process, clock_question());
    }
  });
  lock.lock();
  arrived_.wait_for(lock, patience, [this] {
    return std::ranges::all_of(daemons_, [](const auto& each) {
      return each.second.is_lost || each.second.clock.size() >= kClockQuestions;
    });
  });
  std::vector<TraceNode> nodes;
  for (std::uint32_t rank = 0; const PeerNode& peer : peers_->nodes) {
    const TraceNode node{rank++, peer.name, peer.daemon.process, {}};
    const auto daemon = daemons_.find(node.daemon);
    if (daemon == daemons_.end()) continue;
    if (daemon->second.clock.empty()) {
      missing_.push_back("the daemon of node " + node.name);
      continue;
    }
    nodes.push_back(node);
    if (clock_ == 0 || daemon->second.identity != clock_) nodes.back().clock = estimate_offset(daemon->second.clock);
  }
  return nodes;
}

std::optional<TimelinePart> TimelineClient::wait_for_part(ProcessId process, Duration patience) {
  std::unique_lock lock(mutex_);
  Daemon& daemon = daemons_[process];
  arrived_.wait_for(lock, patience, [&daemon] { return daemon.part || daemon.is_lost; });
  return std::exchange(daemon.part, std::nullopt);
}

void TimelineClient::collect(const std::vector<TraceNode>& nodes, Duration patience, const Each& each) {
  for (const TraceNode& node : nodes) say(node.daemon, GetTimeline{0, /*flush=*/true});  // all at one time
  for (const TraceNode& node : nodes) {
    for (bool is_end = false; !is_end;) {
      const std::optional<TimelinePart> part = wait_for_part(node.daemon, patience);
      if (!part) {
        missing_.push_back("the daemon of node " + node.name);
        break;
      }
      is_end = part->is_end;
      if (!is_end) say(node.daemon, GetTimeline{part->last, /*flush=*/false});  // it comes while these are written
      for (const TimelineChunk& chunk : part->chunks) each(node, chunk);
      rate_ = part->rate;
      if (!is_end) continue;
      dropped_ += part->dropped;
      if (part->silent > 0) missing_.push_back(std::to_string(part->silent) + " processes on node " + node.name);
    }
  }
}

void TimelineClient::on_other_message(ProcessId from, Message message) {
  const std::lock_guard lock(mutex_);
  if (auto* peers = std::get_if<Peers>(&message); peers != nullptr && from == head_.process) peers_ = std::move(*peers);
  if (const auto daemon = daemons_.find(from); daemon != daemons_.end()) {
    if (const auto* clock = std::get_if<ClockReply>(&message)) {
      daemon->second.clock.push_back({clock->sent_ns, clock->at_ns, now().time_since_epoch().count()});
      daemon->second.identity = clock->clock;
      if (daemon->second.clock.size() < kClockQuestions) say(from, clock_question());
    }
    if (auto* part = std::get_if<TimelinePart>(&message)) daemon->second.part = std::move(*part);
  }
  arrived_.notify_all();
}

void TimelineClient::on_peer_lost(ProcessId peer, const Status& why) {
  const std::lock_guard lock(mutex_);
  if (peer == head_.process) lost_ = why;
  if (const auto daemon = daemons_.find(peer); daemon != daemons_.end()) daemon->second.is_lost = true;
  arrived_.notify_all();
}

}  // namespace Atoll
