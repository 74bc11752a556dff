// The node daemon's worker processes: how they end, and who is told.

#include <cmath>

#include "runtime/node/node_daemon.h"

namespace Atoll {

void NodeDaemon::kill_worker(Time now, ProcessId id, std::optional<Holding> held, NodeOutbox& out) {
  Worker* worker = workers_.find(id);
  if (worker == nullptr) {
    if (held) release(now, *held);
    return;
  }
  if (worker->ending) return;
  if (worker->queued) {  // there is nothing to end
    std::erase_if(to_start_, [id](const StartWorker& start) { return start.worker == id; });
    workers_.remove(id);
    if (held) release(now, *held);
    return;
  }
  if (worker->doom.empty()) out.kills.push_back({id});
  worker->ending = true;
  worker->tenant = std::monostate();
  worker->held = std::move(held);
}

void NodeDaemon::doom_worker(ProcessId id, std::string why, NodeOutbox& out) {
  Worker* worker = workers_.find(id);
  if (worker == nullptr || worker->ending || !worker->doom.empty()) return;
  worker->doom = std::move(why);
  out.kills.push_back({id});
}

void NodeDaemon::check_workers(Time now, NodeOutbox& out) {
  for (const ProcessId id : workers_.idle_since_before(now - options_.worker_idle_limit)) {
    Worker& worker = *workers_.find(id);
    worker.asked = now;
    worker.question = next_question_++;
    out.learn(worker.contact);
    out.send(id, IsNeeded{worker.question});
  }
  for (const ProcessId id : workers_.not_ready_since(now - options_.worker_start_limit))
    doom_worker(id, "was not ready within " + std::to_string(std::lround(seconds(options_.worker_start_limit))) +
                        " s and was killed", out);
  for (const ProcessId id : workers_.lost_since(now - kLostWorkerGrace))
    doom_worker(id, "was killed since its connection was lost: " + workers_.find(id)->lost_why, out);
}

void NodeDaemon::handle(Time now, ProcessId from, const NeedReply& reply, NodeOutbox& out) {
  const Worker* worker = workers_.find(from);
  const bool is_meant = worker != nullptr && worker->idle() && worker->question == reply.question;
  if (is_meant && !reply.needed) kill_worker(now, from, std::nullopt, out);
}

void NodeDaemon::on_worker_exit(Time now, ProcessId id, const std::string& cause,
                                NodeOutbox& out) {
  const std::optional<Worker> worker = workers_.remove(id);
  if (!worker) return;
  start_ended(now, id, out);
  if (ended_for_memory_.erase(id) > 0) memory_freed_ = now;
  usage_changed_ = true;
  if (worker->held) release(now, *worker->held);
  objects_.on_ended(now, id, out);
  census_.forget(id);
  timeline_.on_lost(id, out);
  gatherer_.on_lost(id, out);
  if (!worker->ending) {
    ++counts_.worker_failures;
    out.send(options_.head.process,
             WorkerDied{worker->pid, doing(*worker), worker->doom.empty() ? cause : worker->doom});
    out.log_lines.push_back("worker " + end_of(*worker, cause) + " (" + doing(*worker) + ")");
    if (const LeaseId* lease = std::get_if<LeaseId>(&worker->tenant))
      reap_lease(now, *lease, end_of(*worker, cause), worker->pid, out);
    else if (const ActorId* actor = std::get_if<ActorId>(&worker->tenant))
      reap_actor(now, *actor, *worker, cause, out);
  }
  timeline_.see(now, out);
  serve_roomier(now, out);
  report_if_due(now, out);
}

// "process 4711 on n2 killed by signal 9".
std::string NodeDaemon::end_of(const Worker& worker, const std::string& cause) const {
  const std::string who = worker.ready ? "process " + std::to_string(worker.pid) : "new process";
  const std::string what = worker.doom.empty() ? cause + (worker.ready ? "" : " before it was ready") : worker.doom;
  return who + " on " + options_.info.name + " " + what;
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
