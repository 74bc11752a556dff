#include "runtime/node/node_daemon.h"

#include <algorithm>
#include <utility>

#include "runtime/base/words.h"
#include "runtime/wire/node_graph.h"
#include "topology/pick.h"

namespace Atoll {
namespace {

// Whole GPUs by the rules of topology/pick.h, in ring order.
GpuPicker picker_of(const GpuGraph& graph) {
  return [&graph](const std::vector<int>& free, int k) { return pick_gpus(graph, free, k)->order; };
}

}  // namespace

NodeDaemon::NodeDaemon(Options options, Time now, NodeOutbox& out)
    : options_(std::move(options)),
      graph_(graph_of(options_.info)),
      ledger_(NodeResources{options_.info.total, options_.info.gpu_capacity}, picker_of(graph_)),
      bundles_(ledger_, picker_of(graph_)),
      jobs_(options_.head.process),
      objects_(options_.self, options_.object_bytes, options_.info.name, options_.spill),
      timeline_({options_.self.process, options_.info.pid, options_.timeline_rate, options_.clock}),
      last_tick_(now),
      head_heard_(now) {
  if (options_.most_starting == 0)
    options_.most_starting = std::max<std::size_t>(4, 2 * static_cast<std::size_t>(options_.info.total.cpu.to_double()));
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
        else if constexpr (requires { objects_.handle(now, from, fields, out); })
          objects_.handle(now, from, fields, out);
        else if constexpr (requires { timeline_.handle(now, from, fields, out); })
          timeline_.handle(now, from, fields, out);
        else
          out.log_lines.push_back("ignoring a message that is not for a node daemon from " +
                                  to_string(from));
      },
      message);
  timeline_.see(now, out);
  serve_roomier(now, out);
  report_if_due(now, out);
}

void NodeDaemon::on_lost(Time now, ProcessId peer, const Status& why,
                         NodeOutbox& out) {
  if (peer == options_.head.process) {
    if (!ending_) ending_ = Ending{true, "the head is gone: " + why.message()};
    return;
  }
  if (Worker* worker = workers_.find(peer); worker != nullptr && !worker->lost) {
    worker->lost = now;
    worker->lost_why = why.message();
  }
  timeline_.on_lost(peer, out);
  gatherer_.on_lost(peer, out);
  if (!workers_.find(peer)) objects_.on_ended(now, peer, out);  // a worker may go on reading until its process has ended
  for (const ProcessId job : jobs_.on_lost(peer)) settle_job(now, job, out);
  std::vector<LeaseId> orphaned;
  for (const auto& [id, lease] : leases_)
    if (lease.owner == peer) orphaned.push_back(id);
  forget_waiting([peer](const Waiting& each) { return each.owner == peer; });
  for (const LeaseId id : orphaned) drop_lease(now, id, /*keep_worker=*/false, out);
  serve_roomier(now, out);
  report_if_due(now, out);
}

void NodeDaemon::on_tick(Time now, NodeOutbox& out) {
  forgive_pause(now, out);
  if (now - head_heard_ > kHeadSilence && !ending_)
    ending_ = Ending{true, "the head has been silent for 10 s"};
  if (now - last_report_ >= kHeartbeatInterval) report(now, out);
  check_workers(now, out);
  lend_one_more(now, out);
  objects_.on_tick(now, out);
  timeline_.on_tick(now, out);
  gatherer_.on_tick(now, out);
  timeline_.see(now, out);
  report_if_due(now, out);
}

// A stopped process, a suspended job: neither the head nor the workers were late.
void NodeDaemon::forgive_pause(Time now, NodeOutbox& out) {
  const Duration pause = now - last_tick_;
  last_tick_ = now;
  if (pause <= kDaemonPause) return;
  ++counts_.stalls;
  counts_.stall_seconds += seconds(pause);
  head_heard_ = std::min(now, head_heard_ + pause);
  workers_.forgive(pause);
  out.log_lines.push_back("this daemon stood still for " + format_duration(pause));
}

Time NodeDaemon::next_deadline() const {
  // A busy daemon reports from one message to the next, and looks at its workers' health all the same.
  const Time tick = last_tick_ + kHeartbeatInterval;
  const Time report = last_report_ + (usage_changed_ && joined_ ? kReportInterval : kHeartbeatInterval);
  return std::min({tick, report, objects_.next_deadline().value_or(tick), timeline_.next_deadline().value_or(tick),
                   gatherer_.next_deadline().value_or(tick)});
}

// ------------------------------------------------------------------ membership

void NodeDaemon::report(Time now, NodeOutbox& out) {
  NodeUsage usage;
  usage.sequence = ++report_sequence_;
  usage.free = ledger_.free().amounts;
  usage.free.cpu = std::max(usage.free.cpu, Fixed());  // LEDGER-7: the head need not know by how many
  usage.gpu_free = ledger_.free().gpus;
  usage.workers = static_cast<std::uint32_t>(workers_.size());
  usage.actors = static_cast<std::uint32_t>(actors_.size());
  usage.tasks_leased = leases_granted_;
  usage.object_bytes = objects().size();
  usage.object_bytes_used = objects().size() - objects().free();
  usage.objects = objects().copies();
  usage.leases = static_cast<std::uint32_t>(leases_.size());
  for (const auto& [group, waiting] : waiting_) usage.waiting += static_cast<std::uint32_t>(waiting.size());
  usage.objects_waiting = static_cast<std::uint32_t>(objects().waiting());
  usage.object_bytes_reached = objects().reached();
  usage.bytes_fetched = objects_.pulls().bytes_pulled();
  count_use(now, usage);
  usage.bytes_sent = objects_.bytes_sent();
  usage.bytes_on_disk = objects().spills().on_disk();
  usage.bytes_spilled = objects().spills().spilled();
  usage.bytes_restored = objects().spills().restored();
  timeline_.on_usage(now, usage);
  for (Heard& heard : heard_) {
    if (heard.reported == 0) heard.reported = report_sequence_;
    usage.heard.push_back(heard.reservation);
  }
  if (joined_)
    out.send(options_.head.process, Heartbeat{std::move(usage)});
  else
    out.send(options_.head.process, Join{options_.self, options_.info, std::move(usage)});
  last_report_ = now;
  usage_changed_ = false;
}

// A change is reported within kReportInterval, so that what is held from report to report is known well enough.
void NodeDaemon::count_use(Time now, NodeUsage& usage) {
  if (last_report_ != Time()) {
    cpu_seconds_held_ += held_.cpu.to_double() * seconds(now - last_report_);
    gpu_seconds_held_ += held_.gpu.to_double() * seconds(now - last_report_);
  }
  held_.cpu = options_.info.total.cpu - usage.free.cpu;
  held_.gpu = options_.info.total.gpu - usage.free.gpu;
  object_bytes_peak_ = std::max(object_bytes_peak_, usage.object_bytes_used);
  usage.cpu_seconds_held = cpu_seconds_held_;
  usage.gpu_seconds_held = gpu_seconds_held_;
  usage.object_bytes_peak = object_bytes_peak_;
  if (options_.memory_peak) usage.memory_peak = options_.memory_peak();
}

// The head's reservation has come here: the next report says so.
void NodeDaemon::hear(std::uint64_t reservation) {
  if (reservation == 0) return;
  heard_.push_back({reservation});
  usage_changed_ = true;
}

void NodeDaemon::report_if_due(Time now, NodeOutbox& out) {
  if (usage_changed_ && joined_ && now - last_report_ >= kReportInterval) report(now, out);
}

void NodeDaemon::handle(Time, ProcessId from, const Welcome&, NodeOutbox&) {
  if (from == options_.head.process) joined_ = true;
}

void NodeDaemon::handle(Time, ProcessId from, const HeartbeatAck& ack, NodeOutbox&) {
  if (from != options_.head.process) return;
  std::erase_if(heard_, [&ack](const Heard& heard) {
    return heard.reported != 0 && heard.reported <= ack.sequence;
  });
}

void NodeDaemon::handle(Time, ProcessId from, const Expelled& expelled, NodeOutbox&) {
  if (from == options_.head.process && !ending_)
    ending_ = Ending{true, "the head has given this node up: " + expelled.why};
}

void NodeDaemon::handle(Time, ProcessId from, const Stop& stop, NodeOutbox&) {
  if (from == options_.head.process && !ending_) ending_ = Ending{false, stop.why};
}

// ------------------------------------------------------------ jobs and programs

void NodeDaemon::handle(Time now, ProcessId, const EndJob& end, NodeOutbox& out) {
  objects_.on_ended(now, end.job, out);
  std::vector<LeaseId> leases;
  for (const auto& [id, lease] : leases_)
    if (lease.seat.job == end.job) leases.push_back(id);
  for (const LeaseId id : leases) {
    if (leases_.at(id).owner == end.job)  // the driver, which wants to hear nothing more
      drop_lease(now, id, /*keep_worker=*/false, out);
    else
      end_lease(now, id, end.why, out);
  }
  std::vector<ActorId> actors;
  std::set<ProcessId> survivors;  // ACTORS-5
  for (const auto& [id, actor] : actors_) {
    if (actor.seat.job != end.job) continue;
    if (actor.spec.detached)
      survivors.insert(actor.seat.worker);
    else
      actors.push_back(id);
  }
  for (const ActorId id : actors)
    end_actor(now, id, error_of(nullptr, ErrorKind::kActorDied, end.why, ""),
              /*restartable=*/false, out);
  forget_waiting([&end](const Waiting& each) {
    return each.actor ? each.actor->spec.job == end.job && !each.actor->spec.detached : each.lease.job == end.job;
  });
  for (const ProcessId id : workers_.of_job(end.job))
    if (!survivors.contains(id)) kill_worker(now, id, std::nullopt, out);
  if (!survivors.empty()) return;
  jobs_.forget(end.job);
  out.ended_jobs.push_back(end.job);
}

// Ends it with its worker; its owner, if there is one still, hears why.
void NodeDaemon::end_lease(Time now, LeaseId id, const std::string& why, NodeOutbox& out) {
  const Lease& lease = leases_.at(id);
  const Worker* worker = workers_.find(lease.seat.worker);
  if (lease.granted)
    out.send(lease.owner, LeaseLost{id, why, options_.info.name, worker == nullptr ? 0 : worker->pid});
  else
    out.send(lease.owner, LeaseRefused{lease.request, 1, "", false});
  drop_lease(now, id, /*keep_worker=*/false, out);
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
  for (const LeaseId id : failed_leases) reap_lease(now, id, failure, 0, out);
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
  if (!request.group.is_none()) return lease_in_group(now, from, request, out);
  std::uint32_t refused = 0;
  for (std::uint32_t i = 0; i < request.count; ++i) {
    std::optional<Grant> grant = full() ? std::nullopt : ledger_.acquire(request.shape);
    if (!grant) {
      refused = request.count - i;
      break;
    }
    add_lease(now, now, from, request, {std::move(*grant), std::nullopt}, out);
  }
  if (refused > 0) out.send(from, LeaseRefused{request.request, refused, "", false});
}

void NodeDaemon::add_lease(Time now, Time asked, ProcessId owner, const LeaseRequest& request, Holding holding,
                           NodeOutbox& out) {
  usage_changed_ = true;
  const LeaseId id{options_.self.process, next_lease_++};
  Lease& lease = leases_[id];
  lease.owner = owner;
  lease.request = request.request;
  lease.work = request.work;
  lease.since = now;
  lease.asked = asked;
  lease.seat.job = request.job;
  lease.seat.holding = std::move(holding);
  seat(now, lease.seat, id, out);
}

// Finds or starts the worker of a seat; waits if its job is not settled.
void NodeDaemon::seat(Time now, Seat& seat, const Tenant& tenant, NodeOutbox& out) {
  const JobTable::Job& job = jobs_.need(seat.job, out);
  if (job.state != JobTable::State::kReady) return;
  const std::optional<BundleId>& bundle = seat.holding.bundle;
  const WorkerKind kind =
      WorkerKind::of(seat.job, seat.holding, bundle ? std::optional(bundles_.place_of(*bundle)) : std::nullopt);
  if (const std::optional<ProcessId> idle = workers_.take_idle(kind, tenant)) {
    seat.worker = *idle;
    workers_.find(seat.worker)->bundle = bundle;
    name_worker(*idle, tenant, out);
    worker_available(now, *idle, out);
    return;
  }
  seat.worker = options_.new_process();
  workers_.add(seat.worker, kind, tenant, now);
  workers_.find(seat.worker)->bundle = bundle;
  name_worker(seat.worker, tenant, out);
  StartWorker start{seat.worker, seat.job, job.program, kind.gpus, kind.cpu};
  if (kind.place) {
    start.group = kind.place->group;
    start.bundle = static_cast<std::int32_t>(kind.place->index);
    start.bundles = kind.place->size;
  }
  to_start_.push_back(std::move(start));
  start_more(now, out);
}

std::string NodeDaemon::name_of(const Tenant& tenant) const {
  if (const LeaseId* lease = std::get_if<LeaseId>(&tenant)) return leases_.at(*lease).work;
  const ActorSpec& spec = actors_.at(std::get<ActorId>(tenant)).spec;
  return spec.name.empty() ? spec.class_name : spec.name;
}

void NodeDaemon::name_worker(ProcessId id, const Tenant& tenant, NodeOutbox& out) {
  Worker& worker = *workers_.find(id);
  const std::string before = std::exchange(worker.name, name_of(tenant));
  const ActorId* actor = std::get_if<ActorId>(&tenant);
  if (worker.queued || (worker.name == before && actor == nullptr)) return;
  out.names.push_back({id, worker.name, actor == nullptr ? ActorId() : *actor});
}

void NodeDaemon::handle(Time, ProcessId from, const NameLease& named, NodeOutbox& out) {
  const auto lease = leases_.find(named.lease);
  if (lease == leases_.end() || lease->second.owner != from) return;
  lease->second.work = named.work;
  if (workers_.find(lease->second.seat.worker) != nullptr) name_worker(lease->second.seat.worker, named.lease, out);
}

void NodeDaemon::start_more(Time now, NodeOutbox& out) {
  for (; !to_start_.empty() && starting_.size() < options_.most_starting; to_start_.pop_front()) {
    Worker& worker = *workers_.find(to_start_.front().worker);
    worker.queued = false;
    worker.started = now;
    starting_.insert(to_start_.front().worker);
    to_start_.front().name = worker.name;
    if (const ActorId* actor = std::get_if<ActorId>(&worker.tenant)) to_start_.front().actor = *actor;
    ++counts_.worker_starts;
    out.starts.push_back(std::move(to_start_.front()));
  }
}

void NodeDaemon::start_ended(Time now, ProcessId worker, NodeOutbox& out) {
  if (starting_.erase(worker) > 0) start_more(now, out);
}

void NodeDaemon::handle(Time now, ProcessId from, const WorkerReady& ready,
                        NodeOutbox& out) {
  Worker* worker = workers_.find(from);
  if (worker == nullptr || worker->ready || worker->ending || !worker->doom.empty()) return;
  if (const Status build = check_build(*worker, ready); !build.ok())
    return doom_worker(from, build.message(), out);
  worker->ready = true;
  start_ended(now, from, out);
  worker->contact = ready.worker;
  worker->contact.process = from;
  worker->pid = ready.pid;
  worker->idle_since = now;
  timeline_.on_started(now, from, worker->started);
  worker_available(now, from, out);
}

// A worker that says another build than its job would not know its functions.
Status NodeDaemon::check_build(const Worker& worker, const WorkerReady& ready) const {
  const JobTable::Job* job = jobs_.find(worker.kind.job);
  if (job == nullptr || job->info.build_id.empty() || ready.build_id.empty()) return Status();
  if (job->info.build_id == ready.build_id) return Status();
  return Status(Code::kInvalidArgument, "runs build " + ready.build_id + " of " + job->info.path + ", its driver build " +
                                            job->info.build_id + "; start the driver again");
}

// The worker is up and has a tenant that waited for it, or it was idle.
void NodeDaemon::worker_available(Time now, ProcessId id, NodeOutbox& out) {
  const Worker& worker = *workers_.find(id);
  if (const LeaseId* lease_id = std::get_if<LeaseId>(&worker.tenant)) {
    Lease& lease = leases_.at(*lease_id);
    lease.granted = true;
    lease.granted_at = now;
    ++leases_granted_;
    counts_.lease_latency.observe(now - lease.asked);
    out.send(lease.owner, LeaseGrant{lease.request, *lease_id, worker.contact});
  } else if (const ActorId* actor_id = std::get_if<ActorId>(&worker.tenant)) {
    out.learn(worker.contact);
    const Actor& actor = actors_.at(*actor_id);
    out.send(id, InitActor{actor.spec, actor.incarnation});
  }
}

void NodeDaemon::handle(Time now, ProcessId from, const LeaseReturn& returned,
                        NodeOutbox& out) {
  const auto lease = leases_.find(returned.lease);
  if (lease == leases_.end() || lease->second.owner != from) return;
  drop_lease(now, returned.lease, /*keep_worker=*/!returned.broken, out);
}

void NodeDaemon::drop_lease(Time now, LeaseId id, bool keep_worker, NodeOutbox& out) {
  forget_lending(id);
  const auto entry = leases_.find(id);
  note_lease_end(now, entry->second, id);
  const Seat seat = std::move(entry->second.seat);
  leases_.erase(entry);
  const Worker* worker = workers_.find(seat.worker);
  if (worker == nullptr || !keep_worker || !worker->usable()) return kill_worker(now, seat.worker, seat.holding, out);
  release(now, seat.holding);
  workers_.make_idle(seat.worker, now);
}

void NodeDaemon::reap_lease(Time now, LeaseId id, const std::string& cause,
                            std::uint64_t pid, NodeOutbox& out) {
  forget_lending(id);
  const Lease& lease = leases_.at(id);
  if (lease.granted)
    out.send(lease.owner, LeaseLost{id, cause, options_.info.name, pid});
  else
    out.send(lease.owner, LeaseRefused{lease.request, 1, cause, false});
  note_lease_end(now, lease, id);
  release(now, lease.seat.holding);
  leases_.erase(id);
}

void NodeDaemon::note_lease_end(Time now, const Lease& lease, LeaseId id) {
  if (lease.granted) timeline_.on_leased(now, id, lease.seat.worker, lease.owner, lease.granted_at);
}

void NodeDaemon::release(Time, const Holding& holding) {
  bundles_.release(holding);
  if (holding.bundle && waiting_.contains(holding.bundle->group)) roomier_.push_back(holding.bundle->group);
  usage_changed_ = true;
}

}  // namespace Atoll
