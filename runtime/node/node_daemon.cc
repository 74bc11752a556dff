#include "runtime/node/node_daemon.h"

#include <algorithm>

namespace Atoll {

NodeDaemon::NodeDaemon(Options options, Time now, NodeOutbox& out)
    : options_(std::move(options)),
      ledger_(NodeResources{options_.info.total, options_.info.gpu_capacity}),
      jobs_(options_.head.process),
      head_heard_(now) {
  out.learn(options_.head);
  report(now, out);
}

void NodeDaemon::on_message(Time now, ProcessId from, Message message,
                            NodeOutbox& out) {
  if (from == options_.head.process) head_heard_ = now;
  std::visit(
      [&](const auto& fields) {
        if constexpr (requires { this->handle(now, from, fields, out); })
          handle(now, from, fields, out);
        else
          out.log_lines.push_back("ignoring a message that is not for a node daemon from " +
                                  to_string(from));
      },
      message);
  report_if_due(now, out);
}

void NodeDaemon::on_lost(Time now, ProcessId peer, const Status& why,
                         NodeOutbox& out) {
  if (peer == options_.head.process) {
    if (!ending_) ending_ = Ending{true, "the head is gone: " + why.message()};
    return;
  }
  for (const ProcessId job : jobs_.on_lost(peer)) settle_job(now, job, out);
  std::vector<LeaseId> orphaned;
  for (const auto& [id, lease] : leases_)
    if (lease.owner == peer) orphaned.push_back(id);
  for (const LeaseId id : orphaned) drop_lease(now, id, /*keep_worker=*/false, out);
  report_if_due(now, out);
}

void NodeDaemon::on_tick(Time now, NodeOutbox& out) {
  if (now - head_heard_ > kHeadSilence && !ending_)
    ending_ = Ending{true, "the head has been silent for 10 s"};
  if (now - last_report_ >= kHeartbeatInterval) report(now, out);
  for (const ProcessId id : workers_.idle_since_before(now - options_.worker_idle_limit))
    kill_worker(id, out);
  report_if_due(now, out);
}

Time NodeDaemon::next_deadline() const {
  return last_report_ + (usage_changed_ ? kReportInterval : kHeartbeatInterval);
}

// ------------------------------------------------------------------ membership

void NodeDaemon::report(Time now, NodeOutbox& out) {
  NodeUsage usage;
  usage.sequence = ++report_sequence_;
  usage.free = ledger_.free().amounts;
  usage.gpu_free = ledger_.free().gpus;
  usage.workers = static_cast<std::uint32_t>(workers_.size());
  usage.actors = static_cast<std::uint32_t>(actors_.size());
  usage.tasks_leased = leases_granted_;
  usage.heard = std::exchange(heard_, {});
  if (joined_)
    out.send(options_.head.process, Heartbeat{std::move(usage)});
  else
    out.send(options_.head.process, Join{options_.self, options_.info, std::move(usage)});
  last_report_ = now;
  usage_changed_ = false;
}

// The head's reservation has come here: the next report says so.
void NodeDaemon::hear(std::uint64_t reservation) {
  if (reservation == 0) return;
  heard_.push_back(reservation);
  usage_changed_ = true;
}

void NodeDaemon::report_if_due(Time now, NodeOutbox& out) {
  if (usage_changed_ && joined_ && now - last_report_ >= kReportInterval) report(now, out);
}

void NodeDaemon::handle(Time, ProcessId from, const Welcome&, NodeOutbox&) {
  if (from == options_.head.process) joined_ = true;
}

void NodeDaemon::handle(Time, ProcessId, const HeartbeatAck&, NodeOutbox&) {}

void NodeDaemon::handle(Time, ProcessId from, const Expelled& expelled, NodeOutbox&) {
  if (from == options_.head.process && !ending_)
    ending_ = Ending{true, "the head has given this node up: " + expelled.why};
}

void NodeDaemon::handle(Time, ProcessId from, const Stop& stop, NodeOutbox&) {
  if (from == options_.head.process && !ending_) ending_ = Ending{false, stop.why};
}

// ------------------------------------------------------------ jobs and programs

void NodeDaemon::handle(Time now, ProcessId, const EndJob& end, NodeOutbox& out) {
  std::vector<LeaseId> leases;
  for (const auto& [id, lease] : leases_)
    if (lease.seat.job == end.job) leases.push_back(id);
  for (const LeaseId id : leases) drop_lease(now, id, /*keep_worker=*/false, out);
  std::vector<ActorId> actors;
  for (const auto& [id, actor] : actors_)
    if (actor.seat.job == end.job) actors.push_back(id);
  for (const ActorId id : actors)
    end_actor(now, id, error_of(nullptr, ErrorKind::kActorDied, end.why, ""),
              /*restartable=*/false, out);
  for (const ProcessId id : workers_.of_job(end.job)) kill_worker(id, out);
  jobs_.forget(end.job);
}

void NodeDaemon::handle(Time now, ProcessId, const JobReply& reply, NodeOutbox& out) {
  const ProcessId job = reply.info.job;
  if (jobs_.on_reply(job, reply, out)) settle_job(now, job, out);
}

void NodeDaemon::on_program(Time now, ProcessId job, const std::string& program,
                            const std::string& failure, NodeOutbox& out) {
  if (jobs_.on_program(job, program, failure, out)) settle_job(now, job, out);
}

void NodeDaemon::handle(Time now, ProcessId, const ProgramChunk& chunk, NodeOutbox& out) {
  if (jobs_.on_chunk(chunk, out)) settle_job(now, chunk.job, out);
}

// The job can be started here, or never: all that waited for it goes on.
void NodeDaemon::settle_job(Time now, ProcessId job, NodeOutbox& out) {
  const JobTable::Job* settled = jobs_.find(job);
  if (settled == nullptr) return;
  const std::string failure = settled->failure;
  std::vector<LeaseId> failed_leases;
  for (auto& [id, lease] : leases_)
    if (lease.seat.job == job && lease.seat.worker == ProcessId::kNone) {
      if (failure.empty())
        seat(now, lease.seat, id, out);
      else
        failed_leases.push_back(id);
    }
  for (const LeaseId id : failed_leases) reap_lease(now, id, failure, out);
  std::vector<ActorId> failed_actors;
  for (auto& [id, actor] : actors_)
    if (actor.seat.job == job && actor.seat.worker == ProcessId::kNone) {
      if (failure.empty())
        seat(now, actor.seat, id, out);
      else
        failed_actors.push_back(id);
    }
  for (const ActorId id : failed_actors)
    end_actor(now, id, error_of(nullptr, ErrorKind::kActorDied, failure, ""), false, out);
  if (!failure.empty()) jobs_.forget(job);  // a later request asks afresh
}

// ---------------------------------------------------------------------- leases

void NodeDaemon::handle(Time now, ProcessId from, const LeaseRequest& request,
                        NodeOutbox& out) {
  hear(request.reservation);
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    std::optional<Grant> grant = ledger_.acquire(request.shape);
    if (!grant) {
      refused = request.count - i;
      break;
    }
    usage_changed_ = true;
    const LeaseId id{options_.self.process, next_lease_++};
    Lease& lease = leases_[id];
    lease.owner = from;
    lease.request = request.request;
    lease.seat.job = request.job;
    lease.seat.grant = std::move(*grant);
    seat(now, lease.seat, id, out);
  }
  if (refused > 0) out.send(from, LeaseRefused{request.request, refused, ""});
}

// Finds or starts the worker of a seat; waits if its job is not settled.
void NodeDaemon::seat(Time now, Seat& seat, const Tenant& tenant, NodeOutbox& out) {
  const JobTable::Job& job = jobs_.need(seat.job, out);
  if (job.state != JobTable::State::kReady) return;
  const WorkerKind kind = WorkerKind::of(seat.job, seat.grant);
  if (const std::optional<ProcessId> idle = workers_.take_idle(kind, tenant)) {
    seat.worker = *idle;
    worker_available(now, *idle, out);
    return;
  }
  seat.worker = random_process_id();
  workers_.add(seat.worker, kind, tenant);
  out.starts.push_back({seat.worker, seat.job, job.program, kind.gpus, kind.cpu});
}

void NodeDaemon::handle(Time now, ProcessId from, const WorkerReady& ready,
                        NodeOutbox& out) {
  Worker* worker = workers_.find(from);
  if (worker == nullptr || worker->ready || worker->ending) return;
  worker->ready = true;
  worker->contact = ready.worker;
  worker->contact.process = from;
  worker->pid = ready.pid;
  worker->idle_since = now;
  worker_available(now, from, out);
}

// The worker is up and has a tenant that waited for it, or it was idle.
void NodeDaemon::worker_available(Time, ProcessId id, NodeOutbox& out) {
  const Worker& worker = *workers_.find(id);
  if (const LeaseId* lease_id = std::get_if<LeaseId>(&worker.tenant)) {
    Lease& lease = leases_.at(*lease_id);
    lease.granted = true;
    ++leases_granted_;
    out.send(lease.owner, LeaseGrant{lease.request, *lease_id, worker.contact});
  } else if (const ActorId* actor_id = std::get_if<ActorId>(&worker.tenant)) {
    out.learn(worker.contact);
    out.send(id, InitActor{actors_.at(*actor_id).spec});
  }
}

void NodeDaemon::handle(Time now, ProcessId from, const LeaseReturn& returned,
                        NodeOutbox& out) {
  const auto lease = leases_.find(returned.lease);
  if (lease == leases_.end() || lease->second.owner != from) return;
  drop_lease(now, returned.lease, /*keep_worker=*/!returned.broken, out);
}

void NodeDaemon::drop_lease(Time now, LeaseId id, bool keep_worker, NodeOutbox& out) {
  const auto entry = leases_.find(id);
  const ProcessId worker_id = entry->second.seat.worker;
  release(now, entry->second.seat.grant);
  leases_.erase(entry);
  Worker* worker = workers_.find(worker_id);
  if (worker == nullptr || worker->ending) return;
  if (keep_worker && worker->ready)
    workers_.make_idle(worker_id, now);
  else
    kill_worker(worker_id, out);
}

void NodeDaemon::reap_lease(Time now, LeaseId id, const std::string& cause,
                            NodeOutbox& out) {
  const Lease& lease = leases_.at(id);
  if (lease.granted)
    out.send(lease.owner, LeaseLost{id, cause});
  else
    out.send(lease.owner, LeaseRefused{lease.request, 1, cause});
  release(now, lease.seat.grant);
  leases_.erase(id);
}

void NodeDaemon::release(Time, const Grant& grant) {
  ledger_.release(grant);
  usage_changed_ = true;
}

// ---------------------------------------------------------------------- actors

void NodeDaemon::handle(Time now, ProcessId, const StartActor& start, NodeOutbox& out) {
  hear(start.reservation);
  const auto known = actors_.find(start.spec.actor);
  if (known != actors_.end()) {
    // Repeated since our answer was lost.
    if (known->second.started)
      out.send(options_.head.process,
               ActorStarted{start.spec.actor, known->second.incarnation,
                            workers_.find(known->second.seat.worker)->contact});
    return;
  }
  std::optional<Grant> grant = ledger_.acquire(start.spec.shape);
  if (!grant) {
    out.send(options_.head.process,
             ActorEnded{start.spec.actor, start.incarnation, /*busy=*/true, true,
                        error_of(nullptr, ErrorKind::kActorUnavailable, "no room", "")});
    usage_changed_ = true;  // the head's picture was wrong: correct it
    return;
  }
  usage_changed_ = true;
  Actor& actor = actors_[start.spec.actor];
  actor.spec = start.spec;
  actor.incarnation = start.incarnation;
  actor.seat.job = start.spec.job;
  actor.seat.grant = std::move(*grant);
  seat(now, actor.seat, start.spec.actor, out);
}

void NodeDaemon::handle(Time now, ProcessId from, const InitActorDone& done,
                        NodeOutbox& out) {
  const auto entry = actors_.find(done.actor);
  if (entry == actors_.end() || entry->second.seat.worker != from) return;
  if (done.error) {
    end_actor(now, done.actor, *done.error, /*restartable=*/false, out);
    return;
  }
  entry->second.started = true;
  out.send(options_.head.process,
           ActorStarted{done.actor, entry->second.incarnation, workers_.find(from)->contact});
}

void NodeDaemon::handle(Time now, ProcessId, const StopActor& stop, NodeOutbox& out) {
  const auto entry = actors_.find(stop.actor);
  if (entry == actors_.end() || entry->second.incarnation != stop.incarnation) return;
  end_actor(now, stop.actor, error_of(nullptr, ErrorKind::kActorDied, stop.why, ""),
            /*restartable=*/false, out);
}

// Ends an actor whose worker still runs, or never did.
void NodeDaemon::end_actor(Time now, ActorId id, const ErrorInfo& error,
                           bool restartable, NodeOutbox& out) {
  const auto entry = actors_.find(id);
  const Actor actor = std::move(entry->second);
  actors_.erase(entry);
  release(now, actor.seat.grant);
  kill_worker(actor.seat.worker, out);
  out.send(options_.head.process,
           ActorEnded{id, actor.incarnation, /*busy=*/false, restartable, error});
}

void NodeDaemon::reap_actor(Time now, ActorId id, const Worker& worker,
                            const std::string& cause, NodeOutbox& out) {
  const auto entry = actors_.find(id);
  const Actor actor = std::move(entry->second);
  actors_.erase(entry);
  release(now, actor.seat.grant);
  out.send(options_.head.process,
           ActorEnded{id, actor.incarnation, /*busy=*/false, /*restartable=*/true,
                      error_of(&worker, ErrorKind::kActorDied,
                               "its process " + std::to_string(worker.pid) + " on " +
                                   options_.info.name + " " + cause,
                               actor.spec.class_name)});
}

// --------------------------------------------------------------------- workers

void NodeDaemon::kill_worker(ProcessId id, NodeOutbox& out) {
  Worker* worker = workers_.find(id);
  if (worker == nullptr || worker->ending) return;
  worker->ending = true;
  worker->tenant = std::monostate();
  out.kills.push_back({id});
}

void NodeDaemon::on_worker_exit(Time now, ProcessId id, const std::string& cause,
                                NodeOutbox& out) {
  const std::optional<Worker> worker = workers_.remove(id);
  if (!worker) return;
  usage_changed_ = true;
  if (!worker->ending) {
    out.send(options_.head.process, WorkerDied{worker->pid, doing(*worker), cause});
    out.log_lines.push_back("worker " + std::to_string(worker->pid) + " (" +
                            doing(*worker) + ") " + cause);
    if (const LeaseId* lease = std::get_if<LeaseId>(&worker->tenant))
      reap_lease(now, *lease, "process " + std::to_string(worker->pid) + " on " +
                                  options_.info.name + " " + cause, out);
    else if (const ActorId* actor = std::get_if<ActorId>(&worker->tenant))
      reap_actor(now, *actor, *worker, cause, out);
  }
  report_if_due(now, out);
}

std::string NodeDaemon::doing(const Worker& worker) const {
  if (std::holds_alternative<LeaseId>(worker.tenant)) return "leased for tasks";
  if (const ActorId* actor = std::get_if<ActorId>(&worker.tenant))
    return "actor " + actors_.at(*actor).spec.class_name;
  return "idle";
}

ErrorInfo NodeDaemon::error_of(const Worker* worker, ErrorKind kind,
                               std::string message, std::string function) const {
  ErrorInfo error;
  error.kind = kind;
  error.message = std::move(message);
  error.function = std::move(function);
  error.node = options_.info.name;
  error.pid = worker == nullptr ? 0 : worker->pid;
  return error;
}

}  // namespace Atoll
