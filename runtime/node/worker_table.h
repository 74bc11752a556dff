#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "runtime/base/clock.h"
#include "runtime/node/bundle_table.h"
#include "runtime/node/node_outbox.h"

namespace Atoll {

// Workers of equal kind can stand in for each other: same job, same devices,
// same number of cores, same place in a group (CUDA_VISIBLE_DEVICES,
// OMP_NUM_THREADS and the rank are set before user code runs, so they are for
// the life of the process).
struct WorkerKind {
  ProcessId job = ProcessId::kNone;
  std::vector<int> gpus;  // node-local
  Fixed cpu;
  std::optional<GroupPlace> place;  // in none without it

  static WorkerKind of(ProcessId job, const Holding& holding, std::optional<GroupPlace> place);
  friend auto operator<=>(const WorkerKind&, const WorkerKind&) = default;
};

// Who has a worker: a lease, an actor, or nobody.
using Tenant = std::variant<std::monostate, LeaseId, ActorId>;

struct Worker {
  WorkerKind kind;
  Tenant tenant;
  std::optional<BundleId> bundle;  // of its tenant, or of the last one as long as the bundle is there
  bool queued = true;  // its start waits for its turn: there is no process yet
  bool ready = false;  // it has said WorkerReady
  bool ending = false; // killed by us, nobody's: its exit is no news
  std::string doom;    // killed by us under its tenant, which hears these words when it has ended
  std::optional<Holding> held;  // of its last tenant, until its process has ended
  Contact contact;
  std::uint64_t pid = 0;
  std::string name;  // what it works as, or did last, as its output says
  Time started{};
  Time idle_since{};
  std::uint64_t question = 0;  // whether it is needed, since it is idle; 0: it was not asked
  Time asked{};
  bool blocked = false;      // its task waits for others: so it said
  bool last_try = false;     // its task is not run again: so it said, of this task or one before
  std::optional<Time> lost;  // its connection, since when
  std::string lost_why;

  bool usable() const { return ready && !ending && doom.empty() && !lost; }
  bool idle() const { return usable() && std::holds_alternative<std::monostate>(tenant); }
  // For people.
  const char* state() const;
};

// The worker processes of a node. WORKERS-1: a worker has at most one tenant;
// WORKERS-2: an idle worker is ready, not being killed, reachable, and has no
// tenant.
class WorkerTable {
 public:
  // A worker for `tenant`: an idle one of this kind, else none. The caller
  // starts one then.
  std::optional<ProcessId> take_idle(const WorkerKind& kind, const Tenant& tenant);

  void add(ProcessId id, WorkerKind kind, Tenant tenant, Time now);
  Worker* find(ProcessId id);
  // Removes it; its last state is returned.
  std::optional<Worker> remove(ProcessId id);
  void make_idle(ProcessId id, Time now);

  std::size_t size() const { return workers_.size(); }
  const std::map<ProcessId, Worker>& all() const { return workers_; }
  // Ready, idle workers that have been so, and were not asked whether they are needed, since before `then`.
  std::vector<ProcessId> idle_since_before(Time then) const;
  std::vector<ProcessId> of_job(ProcessId job) const;
  std::vector<ProcessId> idle_in(const BundleId& bundle) const;
  // Workers that were started before `then` and are not ready.
  std::vector<ProcessId> not_ready_since(Time then) const;
  // Workers whose connection was lost before `then`.
  std::vector<ProcessId> lost_since(Time then) const;
  // Nothing ran for `pause`: nobody is late for it.
  void forgive(Duration pause);

 private:
  std::map<ProcessId, Worker> workers_;
};

}  // namespace Atoll
