// The node daemon's actors: their start, how they end, and who is told.

#include <utility>

#include "runtime/node/node_daemon.h"

namespace Atoll {
namespace {

constexpr std::size_t kEndedActors = 1'000;

}  // namespace

void NodeDaemon::handle(Time now, ProcessId, const StartActor& start, NodeOutbox& out) {
  hear(start.reservation);
  if (is_old(start, out, now)) return;
  if (!start.spec.group.is_none()) return start_in_group(now, start, out);
  std::optional<Grant> grant = full() ? std::nullopt : ledger_.acquire(start.spec.shape);
  if (!grant) {
    out.send(options_.head.process,
             ActorEnded{start.spec.actor, start.incarnation, /*busy=*/true, true,
                        error_of(nullptr, ErrorKind::kActorUnavailable, "no room", "")});
    usage_changed_ = true;  // the head's picture was wrong: correct it
    return;
  }
  add_actor(now, start, {std::move(*grant), std::nullopt}, out);
}

void NodeDaemon::add_actor(Time now, const StartActor& start, Holding holding, NodeOutbox& out) {
  usage_changed_ = true;
  Actor& actor = actors_[start.spec.actor];
  actor.spec = start.spec;
  actor.incarnation = start.incarnation;
  actor.seat.job = start.spec.job;
  actor.seat.holding = std::move(holding);
  seat(now, actor.seat, start.spec.actor, out);
}

// Whether there is nothing to start: the head repeats itself, or this one ended
// already. An incarnation before it is ended here.
bool NodeDaemon::is_old(const StartActor& start, NodeOutbox& out, Time now) {
  for (const auto& [actor, incarnation] : ended_actors_)
    if (actor == start.spec.actor && incarnation >= start.incarnation) return true;
  const auto known = actors_.find(start.spec.actor);
  if (known == actors_.end()) return is_waiting(start);
  const Actor& actor = known->second;
  if (actor.incarnation < start.incarnation) {
    end_actor(now, start.spec.actor, error_of(nullptr, ErrorKind::kActorDied, "it was started anew", actor.spec.class_name),
              /*restartable=*/false, out);
    return false;
  }
  if (actor.incarnation == start.incarnation && actor.started)
    out.send(options_.head.process,
             ActorStarted{start.spec.actor, actor.incarnation, workers_.find(actor.seat.worker)->contact});
  return true;
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

void NodeDaemon::handle(Time now, ProcessId from, const ActorLeaves& leaves, NodeOutbox& out) {
  const auto entry = actors_.find(leaves.actor);
  if (entry == actors_.end() || entry->second.seat.worker != from) return;
  const Worker* worker = workers_.find(from);
  const bool is_failure = !leaves.why.empty() && leaves.status != 0;
  if (is_failure) {
    out.send(options_.head.process, WorkerDied{worker->pid, doing(*worker), leaves.why});
    out.log_lines.push_back("the " + doing(*worker) + " on " + options_.info.name + " ends: " + leaves.why);
  }
  ErrorInfo error = error_of(worker, ErrorKind::kActorDied,
                             leaves.why.empty() ? "it left by its own will, or its last handle is gone" : leaves.why, "");
  error.status = leaves.status;
  end_actor(now, leaves.actor, std::move(error), leaves.restartable, out);
}

void NodeDaemon::handle(Time now, ProcessId, const StopActor& stop, NodeOutbox& out) {
  forget_waiting([&stop](const Waiting& each) { return each.actor && each.actor->spec.actor == stop.actor; });
  const auto entry = actors_.find(stop.actor);
  if (entry == actors_.end() || entry->second.incarnation != stop.incarnation) return;
  end_actor(now, stop.actor, error_of(nullptr, ErrorKind::kActorDied, stop.why, ""),
            /*restartable=*/false, out);
}

// Ends an actor whose worker still runs, or never did.
void NodeDaemon::end_actor(Time now, ActorId id, ErrorInfo error,
                           bool restartable, NodeOutbox& out) {
  const auto entry = actors_.find(id);
  const Actor actor = std::move(entry->second);
  actors_.erase(entry);
  note_ended(id, actor.incarnation);
  kill_worker(now, actor.seat.worker, actor.seat.holding, out);
  if (error.function.empty()) error.function = actor.spec.class_name;
  out.send(options_.head.process,
           ActorEnded{id, actor.incarnation, /*busy=*/false, restartable, std::move(error)});
}

void NodeDaemon::reap_actor(Time now, ActorId id, const Worker& worker,
                            const std::string& cause, NodeOutbox& out) {
  const auto entry = actors_.find(id);
  const Actor actor = std::move(entry->second);
  actors_.erase(entry);
  note_ended(id, actor.incarnation);
  release(now, actor.seat.holding);
  out.send(options_.head.process,
           ActorEnded{id, actor.incarnation, /*busy=*/false, /*restartable=*/true,
                      error_of(&worker, ErrorKind::kActorDied, "its " + end_of(worker, cause),
                               actor.spec.class_name)});
}

void NodeDaemon::note_ended(ActorId id, std::uint32_t incarnation) {
  ended_actors_.emplace_back(id, incarnation);
  if (ended_actors_.size() > kEndedActors) ended_actors_.pop_front();
}

}  // namespace Atoll
