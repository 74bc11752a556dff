// What a node daemon says to who reads its metrics (runtime/metrics/).

#include <algorithm>

#include "runtime/node/node_daemon.h"

namespace Atoll {
namespace {

void add_parts(MetricsPage& page, Metric metric, double total, double free, const char* free_word) {
  page.add(metric, std::max(0.0, total - free), {{"state", "held"}});
  page.add(metric, free, {{"state", free_word}});
}

void add_objects(MetricsPage& page, const NodeObjects& objects) {
  const ObjectStore& store = objects.store();
  page.add(Metric::kObjects, store.copies());
  page.add(Metric::kObjectsWaiting, store.waiting());
  page.add(Metric::kObjectMemoryUsed, store.size() - store.free());
  page.add(Metric::kObjectMemoryLimit, store.size());
  page.add(Metric::kObjectMemoryReached, store.reached());
  page.add(Metric::kObjectsEvicted, store.evicted());
  page.add(Metric::kObjectBytesEvicted, store.evicted_bytes());
  page.add(Metric::kObjectBytesSpilled, store.spills().spilled());
  page.add(Metric::kObjectBytesRestored, store.spills().restored());
  page.add(Metric::kSpillFiles, store.spills().files());
  page.add(Metric::kSpillDisk, store.spills().on_disk());
  page.add(Metric::kTransfersReceived, objects.pulls().pulled());
  page.add(Metric::kTransferBytesReceived, objects.pulls().bytes_pulled());
}

}  // namespace

void NodeDaemon::count_tasks(Time now, NodeOutbox& out) {
  std::vector<ProcessId> owners;
  for (const auto& [id, worker] : workers_.all()) {
    if (!worker.usable()) continue;
    out.learn(worker.contact);
    owners.push_back(id);
  }
  census_.ask(now, owners, out);
}

void NodeDaemon::handle(Time, ProcessId from, const TaskCounts& counts, NodeOutbox&) { census_.take(from, counts); }

PeerClass NodeDaemon::class_of(ProcessId peer) const {
  if (peer == options_.head.process) return PeerClass::kHead;
  if (workers_.all().contains(peer)) return PeerClass::kWorker;
  return jobs_.find(peer) != nullptr ? PeerClass::kDriver : PeerClass::kOther;
}

void NodeDaemon::add_metrics(MetricsPage& page) const {
  census_.add_to(page);
  std::map<std::string, std::size_t> workers;
  for (const char* state : {"queued", "starting", "idle", "working", "waiting", "ending", "unreachable"}) workers[state] = 0;
  for (const auto& [id, worker] : workers_.all()) ++workers[worker.state()];
  for (const auto& [state, count] : workers) page.add(Metric::kWorkers, count, {{"state", state}});
  page.add(Metric::kWorkerStarts, counts_.worker_starts);
  page.add(Metric::kWorkerFailures, counts_.worker_failures);
  page.add(Metric::kWorkersEndedForMemory, counts_.ended_for_memory);
  std::size_t granted = 0, waiting = 0;
  for (const auto& [id, lease] : leases_) granted += lease.granted;
  for (const auto& [group, tenants] : waiting_)
    waiting += static_cast<std::size_t>(std::ranges::count_if(tenants, [](const Waiting& each) { return !each.actor; }));
  page.add(Metric::kLeases, granted, {{"state", "granted"}});
  page.add(Metric::kLeases, leases_.size() - granted, {{"state", "starting"}});
  page.add(Metric::kLeases, waiting, {{"state", "waiting"}});
  page.add(Metric::kLeaseLatency, counts_.lease_latency);
  page.add(Metric::kNodeActors, actors_.size());
  const Resources& total = options_.info.total;
  const Resources& free = ledger_.free().amounts;
  add_parts(page, Metric::kCpus, total.cpu.to_double(), std::max(0.0, free.cpu.to_double()), "free");
  add_parts(page, Metric::kGpus, total.gpu.to_double(), free.gpu.to_double(), "idle");
  add_parts(page, Metric::kMemory, static_cast<double>(total.memory), static_cast<double>(free.memory), "free");
  add_objects(page, objects_);
  page.add(Metric::kTransfersSent, counts_.pieces_sent);
  page.add(Metric::kTransferBytesSent, counts_.bytes_sent);
  page.add(Metric::kLoopStalls, counts_.stalls);
  page.add(Metric::kLoopStallSeconds, counts_.stall_seconds);
}

}  // namespace Atoll
