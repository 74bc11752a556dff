#include "runtime/node/worker_table.h"

#include "runtime/base/check.h"

namespace Atoll {

WorkerKind WorkerKind::of(ProcessId job, const Holding& holding, std::optional<GroupPlace> place) {
  WorkerKind kind;
  kind.job = job;
  kind.cpu = holding.grant.amounts.cpu;
  kind.place = std::move(place);
  for (const Grant::Share& share : holding.grant.gpus) kind.gpus.push_back(share.gpu);
  return kind;
}

const char* Worker::state() const {
  if (queued) return "queued";
  if (ending || !doom.empty()) return "ending";
  if (!ready) return "starting";
  if (lost) return "unreachable";
  if (idle()) return "idle";
  return blocked ? "waiting" : "working";
}

std::optional<ProcessId> WorkerTable::take_idle(const WorkerKind& kind,
                                                const Tenant& tenant) {
  for (auto& [id, worker] : workers_) {
    if (!worker.idle() || worker.kind != kind) continue;
    worker.tenant = tenant;
    return id;
  }
  return std::nullopt;
}

void WorkerTable::add(ProcessId id, WorkerKind kind, Tenant tenant, Time now) {
  Worker worker;
  worker.kind = std::move(kind);
  worker.tenant = tenant;
  worker.started = now;
  const bool is_new = workers_.emplace(id, std::move(worker)).second;
  ATOLL_CHECK(is_new, id);
}

Worker* WorkerTable::find(ProcessId id) {
  const auto entry = workers_.find(id);
  return entry == workers_.end() ? nullptr : &entry->second;
}

std::optional<Worker> WorkerTable::remove(ProcessId id) {
  const auto entry = workers_.find(id);
  if (entry == workers_.end()) return std::nullopt;
  Worker worker = std::move(entry->second);
  workers_.erase(entry);
  return worker;
}

void WorkerTable::make_idle(ProcessId id, Time now) {
  Worker* worker = find(id);
  ATOLL_CHECK(worker != nullptr, id);
  worker->tenant = std::monostate();
  worker->blocked = false;
  worker->idle_since = now;
  worker->question = 0;
}

std::vector<ProcessId> WorkerTable::idle_since_before(Time then) const {
  std::vector<ProcessId> found;
  for (const auto& [id, worker] : workers_)
    if (worker.idle() && worker.idle_since < then && (worker.question == 0 || worker.asked < then)) found.push_back(id);
  return found;
}

std::vector<ProcessId> WorkerTable::of_job(ProcessId job) const {
  std::vector<ProcessId> found;
  for (const auto& [id, worker] : workers_)
    if (worker.kind.job == job) found.push_back(id);
  return found;
}

std::vector<ProcessId> WorkerTable::idle_in(const BundleId& bundle) const {
  std::vector<ProcessId> found;
  for (const auto& [id, worker] : workers_)
    if (worker.idle() && worker.bundle == bundle) found.push_back(id);
  return found;
}

std::vector<ProcessId> WorkerTable::not_ready_since(Time then) const {
  std::vector<ProcessId> found;
  for (const auto& [id, worker] : workers_)
    if (!worker.ready && !worker.queued && worker.started < then) found.push_back(id);
  return found;
}

std::vector<ProcessId> WorkerTable::lost_since(Time then) const {
  std::vector<ProcessId> found;
  for (const auto& [id, worker] : workers_)
    if (worker.lost && *worker.lost < then) found.push_back(id);
  return found;
}

void WorkerTable::forgive(Duration pause) {
  for (auto& [id, worker] : workers_) worker.started += pause;
}

}  // namespace Atoll
