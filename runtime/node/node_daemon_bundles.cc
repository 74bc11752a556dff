// The node daemon's part in placement groups: bundles, and who works in them.

#include <algorithm>
#include <set>

#include "runtime/node/node_daemon.h"

namespace Atoll {

// ---------------------------------------------------------------------- bundles

void NodeDaemon::handle(Time now, ProcessId from, const ReserveBundles& request, NodeOutbox& out) {
  if (from != options_.head.process) return;
  hear(request.reservation);
  usage_changed_ = true;
  const Status status = bundles_.reserve(request);
  BundlesReserved reply{request.group, request.version, status.message(), {}};
  if (status.ok()) {
    for (const BundleAsk& ask : request.bundles) reply.bundles.push_back(record_of({request.group, ask.index}));
    serve_group(now, request.group, out);
  }
  out.send(from, std::move(reply));
}

BundleRecord NodeDaemon::record_of(const BundleId& bundle) const {
  BundleRecord record;
  record.index = bundle.index;
  record.node = options_.self.node;
  record.node_name = options_.info.name;
  std::set<std::int32_t> numa;
  for (const GpuShare& share : bundles_.grant_of(bundle).gpus) {
    const auto place = static_cast<std::size_t>(share.gpu);
    const GpuRecord gpu = place < options_.info.gpus.size() ? options_.info.gpus[place] : GpuRecord{share.gpu, "", "", -1, {}};
    record.gpus.push_back({gpu.index, gpu.uuid, share.part, graph_.island(share.gpu)});
    if (gpu.numa >= 0) numa.insert(gpu.numa);
    for (const std::string& nic : gpu.nics)
      if (std::ranges::find(record.nics, nic) == record.nics.end()) record.nics.push_back(nic);
  }
  record.numa.assign(numa.begin(), numa.end());
  for (const NumaRecord& node : options_.info.numa)
    if (numa.contains(node.index)) record.cpus.insert(record.cpus.end(), node.cpus.begin(), node.cpus.end());
  return record;
}

void NodeDaemon::handle(Time now, ProcessId from, const FreeBundles& request, NodeOutbox& out) {
  if (from != options_.head.process) return;
  usage_changed_ = true;
  for (const BundleId& bundle : bundles_.free(request.group, request.version))
    empty_bundle(now, bundle, request.why, request.moved, out);
  const auto waiting = waiting_.find(request.group);
  if (waiting == waiting_.end()) return;
  std::deque<Waiting> stay;
  for (Waiting& each : waiting->second) {
    if (bundles_.can_ever_fit(request.group, each.bundle(), each.shape()))
      stay.push_back(std::move(each));
    else
      refuse_waiting(each, request.why, request.moved, out);
  }
  waiting->second = std::move(stay);
  if (waiting->second.empty()) waiting_.erase(waiting);
}

// Ends whoever works in a bundle that goes. NODE-12
void NodeDaemon::empty_bundle(Time now, const BundleId& bundle, const std::string& why, bool moved, NodeOutbox& out) {
  std::vector<LeaseId> leases;
  for (const auto& [id, lease] : leases_)
    if (lease.seat.holding.bundle == bundle) leases.push_back(id);
  for (const LeaseId id : leases) end_lease(now, id, why, out);
  std::vector<ActorId> actors;
  for (const auto& [id, actor] : actors_)
    if (actor.seat.holding.bundle == bundle) actors.push_back(id);
  for (const ActorId id : actors)
    end_actor(now, id, error_of(nullptr, ErrorKind::kActorDied, why, ""), /*restartable=*/moved, out);
  for (const ProcessId id : workers_.idle_in(bundle)) {
    Worker& worker = *workers_.find(id);
    if (worker.kind.gpus.empty() && worker.kind.place->group.empty())
      worker.bundle.reset();
    else
      kill_worker(now, id, std::nullopt, out);
  }
}

// ------------------------------------------------------------ leases and actors in them

void NodeDaemon::lease_in_group(Time now, ProcessId owner, const LeaseRequest& request, NodeOutbox& out) {
  if (request.count == 0) return;
  // A bundle that has gone is no refusal for good: the client will hear where it is now.
  if (!bundles_.has(request.group, request.bundle))
    return out.send(owner, LeaseRefused{request.request, request.count, "", false});
  if (!bundles_.can_ever_fit(request.group, request.bundle, request.shape))
    return out.send(owner, LeaseRefused{request.request, request.count, "", true});
  std::deque<Waiting>& waiting = waiting_[request.group];
  for (std::uint32_t i = 0; i < std::min(request.count, kMaxWaitingLeases); ++i) {
    Waiting& each = waiting.emplace_back();
    each.owner = owner;
    each.lease = request;
    each.lease.count = 1;
    each.since = now;
  }
  if (request.count > kMaxWaitingLeases)
    out.send(owner, LeaseRefused{request.request, request.count - kMaxWaitingLeases, "", false});
  serve_group(now, request.group, out);
}

void NodeDaemon::start_in_group(Time now, const StartActor& start, NodeOutbox& out) {
  Waiting each;
  each.actor = start;
  if (!bundles_.can_ever_fit(start.spec.group, start.spec.bundle, start.spec.shape))
    return refuse_waiting(each, "its bundle is not here any more", /*restartable=*/true, out);
  waiting_[start.spec.group].push_back(each);
  serve_group(now, start.spec.group, out);
}

bool NodeDaemon::is_waiting(const StartActor& start) const {
  const auto waiting = waiting_.find(start.spec.group);
  return waiting != waiting_.end() && std::ranges::any_of(waiting->second, [&start](const Waiting& each) {
    return each.actor && each.actor->spec.actor == start.spec.actor && each.actor->incarnation == start.incarnation;
  });
}

void NodeDaemon::handle(Time, ProcessId from, const LeaseCancel& cancel, NodeOutbox&) {
  forget_waiting([&](const Waiting& each) {
    return !each.actor && each.owner == from && each.lease.request == cancel.request;
  });
}

void NodeDaemon::forget_waiting(const std::function<bool(const Waiting&)>& which) {
  for (auto& [group, waiting] : waiting_) std::erase_if(waiting, which);
  std::erase_if(waiting_, [](const auto& entry) { return entry.second.empty(); });
}

void NodeDaemon::serve_group(Time now, GroupId group, NodeOutbox& out) {
  const auto entry = waiting_.find(group);
  if (entry == waiting_.end()) return;
  std::deque<Waiting> waiting = std::move(entry->second), stay;
  waiting_.erase(entry);
  std::set<std::pair<std::int32_t, Resources>> unfit;  // asked in this pass without success
  for (Waiting& each : waiting) {
    const bool hopeless = full() || unfit.contains({each.bundle(), each.shape()});
    std::optional<Holding> holding =
        hopeless ? std::nullopt : bundles_.acquire(group, each.bundle(), each.shape());
    if (!holding) {
      unfit.emplace(each.bundle(), each.shape());
      stay.push_back(std::move(each));
    } else if (each.actor) {
      add_actor(now, *each.actor, std::move(*holding), out);
    } else {
      add_lease(now, each.since, each.owner, each.lease, std::move(*holding), out);
    }
  }
  if (!stay.empty()) waiting_.emplace(group, std::move(stay));
}

// Room was given back: those that wait for it are served once the event is over.
void NodeDaemon::serve_roomier(Time now, NodeOutbox& out) {
  for (const GroupId group : std::exchange(roomier_, {})) serve_group(now, group, out);
}

void NodeDaemon::refuse_waiting(const Waiting& waiting, const std::string& why, bool restartable, NodeOutbox& out) {
  if (!waiting.actor) return out.send(waiting.owner, LeaseRefused{waiting.lease.request, 1, "", false});
  const StartActor& start = *waiting.actor;
  note_ended(start.spec.actor, start.incarnation);
  out.send(options_.head.process,
           ActorEnded{start.spec.actor, start.incarnation, /*busy=*/restartable, restartable,
                      error_of(nullptr, ErrorKind::kActorDied, why, start.spec.class_name)});
}

}  // namespace Atoll
