#include "runtime/control/head.h"

#include "runtime/base/check.h"
#include "runtime/base/words.h"

namespace Atoll {
namespace {

constexpr std::size_t kMaxDeaths = 100;

NodeReport report_of(const NodeUsage& usage) {
  NodeReport report;
  report.sequence = usage.sequence;
  report.free = {usage.free, usage.gpu_free};
  report.heard = usage.heard;
  return report;
}

}  // namespace

Head::Head(Options options, Time now)
    : options_(std::move(options)),
      started_(now),
      last_tick_(now),
      nodes_(options_.expected_nodes, now),
      groups_(view_, nodes_),
      actors_(view_, nodes_, groups_) {}

void Head::on_message(Time now, ProcessId from, Message message, Outbox& out) {
  if (const std::optional<NodeId> node = nodes_.find(from)) nodes_.heard(*node, now);
  std::visit(
      [&](const auto& fields) {
        if constexpr (requires { this->handle(now, from, fields, out); })
          handle(now, from, fields, out);
        else
          log_lines_.push_back("ignoring a message that is not for a head from " + to_string(from));
      },
      message);
}

void Head::on_lost(Time now, ProcessId peer, const Status& why, Outbox& out) {
  if (const std::optional<NodeId> node = nodes_.find(peer))
    return node_dead(now, *node, "its daemon is gone: " + why.message(), out);
  waiting_clients_.erase(peer);
  clients_.erase(peer);
  if (drivers_.contains(peer)) end_job(now, peer, "its driver is gone: " + why.message(), out);
  demand_.forget(peer, view_);
  actors_.on_client_lost(now, peer, why.message(), out);
  groups_.on_client_lost(peer, why.message(), out);
  serve(now, out);
}

void Head::on_tick(Time now, Outbox& out) {
  forgive_pause(now);
  demand_.expire(now, view_);
  const Duration patience = nodes_.patience(now, options_.node_silence);
  for (const NodeId id : nodes_.silent(now, patience))
    node_dead(now, id, "it has been silent for " + format_duration(patience), out);
  actors_.on_tick(now, out);
  serve(now, out);
}

void Head::forgive_pause(Time now) {
  const Duration pause = now - last_tick_;
  last_tick_ = now;
  if (pause <= kHeadPause) return;
  ++counts_.stalls;
  counts_.stall_seconds += seconds(pause);
  nodes_.forgive(pause, now);
  log_lines_.push_back("the head stood still for " + format_duration(pause) + "; its nodes may be silent for that much longer");
}

void Head::stop(const std::string& why, Outbox& out) {
  for (const auto& [id, node] : nodes_.all())
    if (node.state == NodeState::kAlive) out.send(node.daemon.process, Stop{why});
}

// ------------------------------------------------------------------ membership

void Head::handle(Time now, ProcessId from, const Join& join, Outbox& out) {
  const NodeTable::JoinResult result =
      join.daemon.process == from ? nodes_.join(join, now) : NodeTable::JoinResult::kRefused;
  const NodeId id = join.daemon.node;
  if (result == NodeTable::JoinResult::kNew) {
    out.learn(join.daemon);
    NodePlace place = graphs_.place_of(join.info);
    nodes_.forget_wires(id);  // the view has them
    const auto switches = options_.topology.find(join.info.name);
    if (place.switches.empty() && switches != options_.topology.end()) place.switches = switches->second;
    const Status added =
        view_.add_node(id, join.info.name, {join.info.total, join.info.gpu_capacity}, std::move(place));
    if (!added.ok()) {
      nodes_.mark_dead(id, added.message(), now);
      return out.send(from, Expelled{added.message()});
    }
  }
  if (result == NodeTable::JoinResult::kRefused)
    return out.send(from, Expelled{"rank " + print_values(id) + " is taken, out of range, or was declared dead"});
  take_usage(id, join.usage);
  out.send(from, Welcome{options_.cluster, options_.expected_nodes});
  if (!ready_ && nodes_.complete()) {
    ready_ = true;
    for (const auto& [client, request] : std::exchange(waiting_clients_, {}))
      attach(now, client, request, out);
  }
  serve(now, out);
}

void Head::handle(Time now, ProcessId from, const Heartbeat& heartbeat, Outbox& out) {
  const std::optional<NodeId> id = nodes_.find(from);
  if (!id) return out.send(from, Expelled{"it was declared dead, or never joined"});
  take_usage(*id, heartbeat.usage);
  out.send(from, HeartbeatAck{heartbeat.usage.sequence});
  serve(now, out);
}

void Head::take_usage(NodeId id, const NodeUsage& usage) {
  nodes_.get(id)->usage = usage;
  demand_.heard(usage.heard);
  const Status status = view_.report(id, report_of(usage));
  if (!status.ok()) log_lines_.push_back("node " + nodes_.get(id)->info.name + ": " + status.message());
}

void Head::node_dead(Time now, NodeId id, const std::string& cause, Outbox& out) {
  const std::string name = nodes_.get(id)->info.name;
  const ProcessId daemon = nodes_.get(id)->daemon.process;
  nodes_.mark_dead(id, cause, now);
  view_.remove_node(id);
  demand_.forget_node(id);
  ++counts_.node_deaths;
  note_death(now, "node " + name, cause);
  out.send(daemon, Expelled{cause});
  const NodeDied died{id, daemon, "node " + name + " died: " + cause};
  for (const ProcessId client : clients_) out.send(client, died);
  for (const auto& [other, node] : nodes_.all())
    if (node.state == NodeState::kAlive) out.send(node.daemon.process, died);
  groups_.on_node_dead(id, cause, out);
  actors_.on_node_dead(now, id, cause, out);
  serve(now, out);
}

// -------------------------------------------------------------- clients and jobs

void Head::handle(Time now, ProcessId from, const Attach& request, Outbox& out) {
  if (request.client.process != from)
    return out.send(from, AttachRefused{"the contact in the request is not the sender's"});
  if (ready_)
    attach(now, from, request, out);
  else
    waiting_clients_[from] = request;
}

void Head::attach(Time now, ProcessId client, const Attach& request, Outbox& out) {
  const std::optional<NodeId> home = nodes_.home_for(request.host);
  if (!home) return out.send(client, AttachRefused{"every node of the cluster has died"});
  const NodeTable::Node& node = *nodes_.get(*home);
  out.learn(request.client);
  if (request.kind != ClientKind::kTool) clients_.insert(client);
  if (request.kind == ClientKind::kDriver) {
    Driver& driver = drivers_[client];
    driver.info = request.job;
    driver.info.job = client;
    driver.info.driver = request.client;
    driver.host = request.host;
    driver.pid = request.pid;
    driver.attached = now;
  }
  out.send(client, Attached{options_.cluster, node.daemon, nodes_.alive()});
}

void Head::handle(Time now, ProcessId from, const Detach& detach, Outbox& out) {
  if (detach.job != from || !drivers_.contains(from)) return;
  ended_work_.add(detach.totals);
  end_job(now, from, "its driver has ended", out);
}

void Head::end_job(Time now, ProcessId job, const std::string& why, Outbox& out) {
  auto driver = drivers_.extract(job);
  census_.forget(job);
  if (!driver.empty() && actors_.has_detached(job)) survived_.insert(std::move(driver));
  demand_.forget(job, view_);
  actors_.end_job(now, job, why, out);
  groups_.end_job(job, why, out);
  for (const auto& [id, node] : nodes_.all())
    if (node.state == NodeState::kAlive) out.send(node.daemon.process, EndJob{job, why});
}

void Head::handle(Time, ProcessId from, const GetJob& request, Outbox& out) {
  std::erase_if(survived_, [this](const auto& entry) { return !actors_.has_detached(entry.first); });
  auto driver = drivers_.find(request.job);
  if (driver == drivers_.end()) driver = survived_.find(request.job);
  JobReply reply;
  reply.found = driver != drivers_.end() && driver != survived_.end();
  if (reply.found) reply.info = driver->second.info;
  reply.info.job = request.job;
  out.send(from, std::move(reply));
}

// ---------------------------------------------------------- placement and actors

void Head::handle(Time now, ProcessId from, const PlaceRequest& request, Outbox& out) {
  demand_.put(from, request);
  serve(now, out);
}

void Head::serve(Time now, Outbox& out) {
  groups_.serve(now, out);
  actors_.serve(now, out);
  if (!demand_.empty()) demand_.serve(now, view_, nodes_, out);
}

void Head::handle(Time now, ProcessId from, const CreateActor& request, Outbox& out) {
  if (request.creator.process != from) return;
  out.learn(request.creator);
  actors_.create(now, request, out);
}

void Head::handle(Time now, ProcessId from, const WatchActor& request, Outbox& out) {
  actors_.watch(now, from, request, clients_.contains(request.actor.process), out);
}

void Head::handle(Time now, ProcessId, const KillActor& request, Outbox& out) {
  actors_.kill(now, request.actor, "it was killed by its user", request.restart, out);
}

void Head::handle(Time, ProcessId from, const CreateGroup& request, Outbox& out) {
  if (request.creator.process != from) return;
  out.learn(request.creator);
  groups_.create(request, out);
}

void Head::handle(Time, ProcessId from, const WatchGroup& request, Outbox& out) { groups_.watch(from, request, out); }

void Head::handle(Time now, ProcessId, const RemoveGroup& request, Outbox& out) {
  groups_.remove(request.group, "it was removed by its user", out);
  serve(now, out);
}

void Head::handle(Time now, ProcessId from, const BundlesReserved& reserved, Outbox& out) {
  groups_.on_reserved(now, from, reserved, out);
  actors_.serve(now, out);
}

void Head::handle(Time now, ProcessId from, const ActorStarted& started, Outbox& out) {
  actors_.on_started(now, from, started, out);
}

void Head::handle(Time now, ProcessId, const ActorEnded& ended, Outbox& out) {
  actors_.on_ended(now, ended, out);
}

// ----------------------------------------------------------------------- sight

void Head::handle(Time now, ProcessId from, const WorkerDied& died, Outbox&) {
  const std::optional<NodeId> node = nodes_.find(from);
  if (!node) return;
  ++counts_.worker_deaths;
  note_death(now, "worker " + std::to_string(died.pid) + " on " + nodes_.get(*node)->info.name,
             died.cause + " (" + died.doing + ")");
}

void Head::note_death(Time now, std::string what, std::string cause) {
  log_lines_.push_back(what + " died: " + cause);
  deaths_.push_back({now, std::move(what), std::move(cause)});
  if (deaths_.size() > kMaxDeaths) deaths_.pop_front();
}

void Head::handle(Time now, ProcessId from, const GetStatus&, Outbox& out) {
  out.send(from, status(now));
}

StatusReport Head::status(Time now) const {
  StatusReport report;
  report.cluster = options_.cluster;
  report.head = options_.self;
  report.head_node = options_.host;
  report.head_pid = options_.pid;
  report.uptime = seconds(now - started_);
  report.expected_nodes = options_.expected_nodes;
  report.drivers = static_cast<std::uint32_t>(drivers_.size());
  report.pending_leases = demand_.pending();
  for (const auto& [id, node] : nodes_.all())
    report.nodes.push_back({id, node.state, node.info, node.usage, seconds(now - node.changed), node.cause});
  for (const auto& [id, actor] : actors_.all())
    report.actors.push_back({id, actor.spec.name, actor.spec.class_name, actor.state, actor.node,
                             actor.incarnation, actor.error ? actor.error->message : ""});
  report.groups = groups_.status();
  for (const Death& death : deaths_)
    report.deaths.push_back({seconds(now - death.when), death.what, death.cause});
  report.totals = totals(now);
  return report;
}

// A node that died counts until then.
ClusterTotals Head::totals(Time now) const {
  ClusterTotals totals;
  totals.work = ended_work_;
  totals.actors = actors_.counts().created;
  totals.actor_restarts = actors_.counts().restarts;
  totals.workers_died = counts_.worker_deaths;
  for (const auto& [id, node] : nodes_.all()) {
    if (node.state == NodeState::kJoining) continue;
    const bool is_dead = node.state == NodeState::kDead;
    totals.nodes_died += is_dead ? 1 : 0;
    const double lived = seconds((is_dead ? node.changed : now) - node.joined);
    totals.cpu_seconds += node.info.total.cpu.to_double() * lived;
    totals.gpu_seconds += node.info.total.gpu.to_double() * lived;
    totals.cpu_seconds_held += node.usage.cpu_seconds_held;
    totals.gpu_seconds_held += node.usage.gpu_seconds_held;
    totals.memory_peak = std::max(totals.memory_peak, node.usage.memory_peak);
    totals.object_memory_peak = std::max(totals.object_memory_peak, node.usage.object_bytes_peak);
  }
  return totals;
}

}  // namespace Atoll
