// The node daemon's part of the memory watch: what a worker's end would cost, and who is told.

#include <algorithm>

#include "runtime/node/node_daemon.h"

namespace Atoll {

Loss NodeDaemon::loss_of(const Worker& worker) const {
  if (std::holds_alternative<LeaseId>(worker.tenant)) return worker.last_try ? Loss::kLastTry : Loss::kTasks;
  const ActorId* id = std::get_if<ActorId>(&worker.tenant);
  if (id == nullptr) return Loss::kNothing;
  const Actor& actor = actors_.at(*id);
  // The first incarnation is 1.
  const bool can_restart =
      actor.spec.max_restarts < 0 || actor.incarnation <= static_cast<std::uint32_t>(actor.spec.max_restarts);
  return can_restart ? Loss::kRestart : Loss::kActor;
}

// It came too late if the lease is not there any more: the next task says so itself.
void NodeDaemon::handle(Time, ProcessId from, const WorkerLastTry& news, NodeOutbox&) {
  if (Worker* worker = workers_.find(from)) worker->last_try = news.last_try;
}

Time NodeDaemon::began(const Worker& worker) const {
  const LeaseId* lease = std::get_if<LeaseId>(&worker.tenant);
  return lease == nullptr ? worker.started : std::max(worker.started, leases_.at(*lease).since);
}

void NodeDaemon::on_memory_shortage(Time now, const MemoryShortage& shortage, NodeOutbox& out) {
  // Nobody else while one is on its way out, nor before what it had is seen to be free.
  if (!ended_for_memory_.empty() || shortage.read < memory_freed_ + kMemoryWatchInterval) return;
  std::vector<MemoryHolder> holders;
  for (const WorkerMemory& use : shortage.workers) {
    const Worker* worker = workers_.find(use.worker);
    if (worker == nullptr || worker->queued) continue;
    if (worker->ending || !worker->doom.empty()) return;
    holders.push_back({use.worker, use.bytes, loss_of(*worker), began(*worker)});
  }
  const std::optional<MemoryHolder> chosen = choose_to_end(holders, shortage.limit);
  if (!chosen) return;
  const std::string why = "was ended by the memory watch of node " + options_.info.name +
                          " for lack of memory: " + words_of_shortage(shortage, *chosen);
  ended_for_memory_.insert(chosen->worker);
  ++counts_.ended_for_memory;
  const std::size_t before = out.kills.size();
  if (chosen->loss == Loss::kNothing) {
    out.log_lines.push_back("worker " + end_of(*workers_.find(chosen->worker), why));
    kill_worker(now, chosen->worker, std::nullopt, out);
  } else {
    doom_worker(chosen->worker, why, out);
  }
  // It may take what is left while it is asked.
  for (std::size_t i = before; i < out.kills.size(); ++i) out.kills[i].at_once = true;
}

}  // namespace Atoll
