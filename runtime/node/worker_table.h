#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/node/node_outbox.h"
#include "runtime/scheduler/node_ledger.h"

namespace Atoll {

// Workers of equal kind can stand in for each other: same job, same devices,
// same number of cores (CUDA_VISIBLE_DEVICES and OMP_NUM_THREADS are set before
// user code runs, so they are for the life of the process).
struct WorkerKind {
  ProcessId job = ProcessId::kNone;
  std::vector<int> gpus;  // node-local
  Fixed cpu;

  static WorkerKind of(ProcessId job, const Grant& grant);
  friend auto operator<=>(const WorkerKind&, const WorkerKind&) = default;
};

// Who has a worker: a lease, an actor, or nobody.
using Tenant = std::variant<std::monostate, LeaseId, ActorId>;

struct Worker {
  WorkerKind kind;
  Tenant tenant;
  bool ready = false;  // it has said WorkerReady
  bool ending = false; // killed by us: its exit is no news
  Contact contact;
  std::uint64_t pid = 0;
  Time idle_since{};
};

// The worker processes of a node. WORKERS-1: a worker has at most one tenant;
// WORKERS-2: an idle worker is ready, not ending, and has no tenant.
class WorkerTable {
 public:
  // A worker for `tenant`: an idle one of this kind, else none. The caller
  // starts one then.
  std::optional<ProcessId> take_idle(const WorkerKind& kind, const Tenant& tenant);

  void add(ProcessId id, WorkerKind kind, Tenant tenant);
  Worker* find(ProcessId id);
  // Removes it; its last state is returned.
  std::optional<Worker> remove(ProcessId id);
  void make_idle(ProcessId id, Time now);

  std::size_t size() const { return workers_.size(); }
  // Ready, idle workers that have been so since before `then`.
  std::vector<ProcessId> idle_since_before(Time then) const;
  std::vector<ProcessId> of_job(ProcessId job) const;
  std::vector<ProcessId> all() const;

 private:
  std::map<ProcessId, Worker> workers_;
};

}  // namespace Atoll
