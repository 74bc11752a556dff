// What the head says to who reads its metrics (runtime/metrics/).

#include "runtime/control/head.h"
#include "runtime/state/words.h"

namespace Atoll {

void Head::count_tasks(Time now, Outbox& out) {
  std::vector<ProcessId> owners;
  for (const auto& [job, driver] : drivers_) owners.push_back(job);
  census_.ask(now, owners, out);
}

void Head::handle(Time, ProcessId from, const TaskCounts& counts, Outbox&) { census_.take(from, counts); }

PeerClass Head::class_of(ProcessId peer) const {
  if (nodes_.find(peer)) return PeerClass::kDaemon;
  if (drivers_.contains(peer)) return PeerClass::kDriver;
  return clients_.contains(peer) ? PeerClass::kWorker : PeerClass::kOther;
}

void Head::add_metrics(MetricsPage& page) const {
  census_.add_to(page);
  page.add(Metric::kReady, ready_ ? 1 : 0);
  std::map<NodeState, std::size_t> nodes = {{NodeState::kJoining, 0}, {NodeState::kAlive, 0}, {NodeState::kDead, 0}};
  for (const auto& [id, node] : nodes_.all()) ++nodes[node.state];
  for (const auto& [state, count] : nodes) page.add(Metric::kNodes, count, {{"state", to_string(state)}});
  page.add(Metric::kDrivers, drivers_.size());
  std::map<ActorState, std::size_t> actors;
  for (const ActorState state : {ActorState::kPending, ActorState::kStarting, ActorState::kAlive, ActorState::kRestarting})
    actors[state] = 0;
  for (const auto& [id, actor] : actors_.all())
    if (actor.state != ActorState::kDead) ++actors[actor.state];
  for (const auto& [state, count] : actors) page.add(Metric::kActors, count, {{"state", to_string(state)}});
  page.add(Metric::kActorsCreated, actors_.counts().created);
  page.add(Metric::kActorsDied, actors_.counts().died);
  page.add(Metric::kActorRestarts, actors_.counts().restarts);
  std::map<GroupState, std::size_t> groups = groups_.by_state();
  for (const GroupState state : {GroupState::kPending, GroupState::kCreated, GroupState::kRescheduling, GroupState::kInfeasible})
    page.add(Metric::kGroups, groups[state], {{"state", to_string(state)}});
  page.add(Metric::kGroupsCreated, groups_.created());
  page.add(Metric::kRequestsWaiting, demand_.pending());
  page.add(Metric::kNodeDeaths, counts_.node_deaths);
  page.add(Metric::kWorkerDeaths, counts_.worker_deaths);
  page.add(Metric::kLoopStalls, counts_.stalls);
  page.add(Metric::kLoopStallSeconds, counts_.stall_seconds);
}

}  // namespace Atoll
