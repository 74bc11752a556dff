#include "runtime/client/actor_client.h"

#include <algorithm>

namespace Atoll {

void ActorClient::create(ActorSpec spec, std::vector<CallArgument> arguments, ClientOutbox& out) {
  const ActorId id = spec.actor;
  actors_.try_emplace(id);
  Creation& creation = creations_[id];
  creation.arguments = CallArguments(std::move(arguments), objects_, out);
  creation.spec = std::move(spec);
  send_creation(id, out);
}

void ActorClient::send_creation(ActorId id, ClientOutbox& out) {
  Creation& creation = creations_.at(id);
  const CallArguments::State state = creation.arguments.state(objects_);
  if (state == CallArguments::State::kWaiting) return;
  if (state == CallArguments::State::kReady) {
    creation.spec.arguments = creation.arguments.encoded(objects_);
    out.send(head_, CreateActor{creation.spec, self_});
  } else {
    Actor& actor = actors_.at(id);
    actor.state = ActorState::kDead;
    actor.error = creation.arguments.error(objects_);
    out.actor_updates.push_back({id, creation.spec.name, actor.state, 0, {}, actor.error});
  }
  creation.arguments.release(objects_);
  creations_.erase(id);
  flush(id, actors_.at(id), out);
}

void ActorClient::watch(ActorId id, ClientOutbox& out) {
  if (actors_.try_emplace(id).second) out.send(head_, WatchActor{id, ""});
}

void ActorClient::call(ActorCallSpec spec, ClientOutbox& out) {
  const ActorId id = spec.actor;
  watch(id, out);
  objects_.declare(result_of(spec.task));
  Call call;
  call.arguments = CallArguments(std::move(spec.arguments), objects_, out);
  call.spec = std::move(spec);
  Actor& actor = actors_.at(id);
  actor.queue.push_back(std::move(call));
  flush(id, actor, out);
}

// Sends from the front of the queue what can be sent.
void ActorClient::flush(ActorId id, Actor& actor, ClientOutbox& out) {
  while (!actor.queue.empty()) {
    Call& call = actor.queue.front();
    const CallArguments::State state = call.arguments.state(objects_);
    if (actor.state == ActorState::kDead) {
      finish(call, nullptr, actor.error, out);
    } else if (state == CallArguments::State::kBroken) {
      finish(call, nullptr, call.arguments.error(objects_), out);
    } else if (state == CallArguments::State::kWaiting || actor.state != ActorState::kAlive ||
               actor.unreachable_since) {
      return;
    } else {
      const TaskId task = call.spec.task;
      out.send(actor.worker.process,
               CallActor{task, id, call.spec.method, call.arguments.encoded(objects_), call.spec.depth});
      by_task_[task] = id;
      actor.sent.emplace(task, std::move(call));
    }
    actor.queue.pop_front();
  }
}

bool ActorClient::cancel(TaskId id, bool recursive, ClientOutbox& out) {
  if (const auto sent = by_task_.find(id); sent != by_task_.end()) {
    out.send(actors_.at(sent->second).worker.process, CancelTask{id, recursive});
    return true;
  }
  for (auto& [actor_id, actor] : actors_) {
    const auto queued = std::ranges::find(actor.queue, id, [](const Call& call) { return call.spec.task; });
    if (queued == actor.queue.end()) continue;
    Call call = std::move(*queued);
    actor.queue.erase(queued);
    ErrorInfo error;
    error.kind = ErrorKind::kCancelled;
    error.message = "it was cancelled before it was sent";
    finish(call, nullptr, std::move(error), out);
    flush(actor_id, actor, out);
    return true;
  }
  return false;
}

std::vector<TaskId> ActorClient::children_of(TaskId parent) const {
  std::vector<TaskId> children;
  for (const auto& [id, actor] : actors_) {
    for (const Call& call : actor.queue)
      if (call.spec.parent == parent) children.push_back(call.spec.task);
    for (const auto& [task, call] : actor.sent)
      if (call.spec.parent == parent) children.push_back(task);
  }
  return children;
}

void ActorClient::on_update(Time, const ActorUpdate& update, ClientOutbox& out) {
  const auto [entry, is_new] = actors_.try_emplace(update.actor);
  Actor& actor = entry->second;
  const bool stale = update.incarnation < actor.incarnation || actor.state == ActorState::kDead;
  out.actor_updates.push_back(update);
  if (stale) return;
  const bool ended = update.incarnation > actor.incarnation || update.state != ActorState::kAlive;
  if (ended && !actor.sent.empty()) {
    ErrorInfo error = update.error.value_or(ErrorInfo{});
    if (update.state != ActorState::kDead) error.kind = ErrorKind::kActorUnavailable;
    fail_sent(actor, error, out);
  }
  if (ended) actor.unreachable_since.reset();
  actor.state = update.state;
  actor.incarnation = update.incarnation;
  actor.error = update.error;
  actor.worker = update.worker;
  if (update.state == ActorState::kAlive) out.learn(update.worker);
  flush(update.actor, actor, out);
}

bool ActorClient::on_done(const TaskDone& done, ClientOutbox& out) {
  const auto task = by_task_.find(done.task);
  if (task == by_task_.end()) return false;
  Actor& actor = actors_.at(task->second);
  const auto call = actor.sent.find(done.task);
  Value value = done.error ? nullptr : std::make_shared<const std::string>(done.value);
  Call finished = std::move(call->second);
  actor.sent.erase(call);
  by_task_.erase(task);
  finish(finished, std::move(value), done.error, out);
  return true;
}

void ActorClient::finish(Call& call, Value value, std::optional<ErrorInfo> error, ClientOutbox& out) {
  if (error && error->function.empty()) error->function = call.spec.method;
  call.arguments.release(objects_);
  objects_.settle(result_of(call.spec.task), std::move(value), std::move(error), out);
}

void ActorClient::fail_sent(Actor& actor, const ErrorInfo& error, ClientOutbox& out) {
  for (auto& [task, call] : std::exchange(actor.sent, {})) {
    by_task_.erase(task);
    finish(call, nullptr, error, out);
  }
}

void ActorClient::on_object_settled(ClientOutbox& out) {
  std::vector<ActorId> held;
  for (const auto& [id, creation] : creations_) held.push_back(id);
  for (const ActorId id : held) send_creation(id, out);
  for (auto& [id, actor] : actors_) flush(id, actor, out);
}

void ActorClient::on_lost(Time now, ProcessId peer, const std::string&, ClientOutbox&) {
  for (auto& [id, actor] : actors_)
    if (actor.state == ActorState::kAlive && actor.worker.process == peer && !actor.unreachable_since)
      actor.unreachable_since = now;
}

void ActorClient::on_tick(Time now, ClientOutbox& out) {
  for (auto& [id, actor] : actors_) {
    if (!actor.unreachable_since || now - *actor.unreachable_since < kActorVerdictLimit) continue;
    // The head says it lives: only our connection broke. What was sent is in doubt.
    ErrorInfo error;
    error.kind = ErrorKind::kActorUnavailable;
    error.message = "the connection to the actor broke, and whether the call ran is not known";
    actor.unreachable_since.reset();
    fail_sent(actor, error, out);
    flush(id, actor, out);
  }
}

std::optional<Time> ActorClient::next_deadline() const {
  std::optional<Time> next;
  for (const auto& [id, actor] : actors_)
    if (actor.unreachable_since && (!next || *actor.unreachable_since + kActorVerdictLimit < *next))
      next = *actor.unreachable_since + kActorVerdictLimit;
  return next;
}

}  // namespace Atoll
