#include "runtime/client/actor_client.h"

#include <algorithm>
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

ErrorInfo call_error(ErrorKind kind, std::string message) {
  ErrorInfo error;
  error.kind = kind;
  error.message = std::move(message);
  return error;
}

}  // namespace

ActorClient::Actor& ActorClient::actor_of(ActorId id) {
  Actor& actor = actors_[id];
  actor.id = id;
  return actor;
}

// --------------------------------------------------------------------- creation

void ActorClient::create(ActorSpec spec, std::vector<CallArgument> arguments, bool get_if_exists, ClientOutbox& out) {
  const ActorId id = spec.actor;
  actor_of(id).policy = spec.calls;
  Creation& creation = creations_[id];
  creation.arguments = CallArguments(std::move(arguments), objects_, out);
  creation.get_if_exists = get_if_exists;
  creation.spec = std::move(spec);
  send_creation(id, out);
}

void ActorClient::send_creation(ActorId id, ClientOutbox& out) {
  Creation& creation = creations_.at(id);
  const CallArguments::State state = creation.arguments.state(objects_);
  if (state == CallArguments::State::kWaiting) {
    waiting_[creation.arguments.pending(objects_).front()].push_back(id);
    return;
  }
  Actor& actor = actor_of(id);
  if (state == CallArguments::State::kReady) {
    creation.spec.arguments = creation.arguments.encoded(objects_);
    out.send(head_, CreateActor{creation.spec, self_, creation.get_if_exists});
  } else {
    actor.state = ActorState::kDead;
    actor.error = creation.arguments.error(objects_);
    out.actor_updates.push_back({id, creation.spec.name, actor.state, 0, {}, actor.error.copy(), creation.spec.name_space, {}, {}});
  }
  const bool any_far = std::ranges::any_of(creation.spec.arguments, [](const std::string& each) { return is_location(each); });
  if (any_far || creation.arguments.keep_any()) {
    actor.kept = std::make_unique<CallArguments>(std::move(creation.arguments));
    actor.may_restart = creation.spec.max_restarts != 0;
  }
  else
    creation.arguments.release(objects_, out);
  creations_.erase(id);
  flush(actor, out);
  if (actor.state == ActorState::kDead) remember_dead(id, out);
}

void ActorClient::watch(ActorId id, ClientOutbox& out) {
  if (actors_.contains(id)) return;
  actor_of(id);
  out.send(head_, WatchActor{id, "", ""});
}

// ------------------------------------------------------------------------ calls

void ActorClient::call(Time now, ActorCallSpec spec, ClientOutbox& out) {
  watch(spec.actor, out);
  objects_.declare(result_of(spec.task));
  ++counts_.submitted;
  Actor& actor = actor_of(spec.actor);
  Call& call = *calls_.try_emplace(spec.task.sequence).first;
  call.task = spec.task;
  call.actor = &actor;
  call.method = std::move(spec.method);
  call.arguments = CallArguments(std::move(spec.arguments), objects_, out);
  call.parent = spec.parent;
  call.depth = spec.depth;
  call.retries = spec.retries;
  call.ahead = spec.ahead;
  call.sample = spec.sample;
  call.submitted = now;
  if (call.ahead > 0) call.stream = std::make_unique<StreamProgress>(call.task);
  if (!spec.group.empty()) call.group = std::make_unique<std::string>(std::move(spec.group));
  const std::uint32_t most = actor.policy.most_pending;
  if (actor.pending++ == 0 && actor.id.process != self_.process) actor.counts = objects_.keep(handles_of(actor.id));
  if (most > 0 && actor.pending > most)
    return finish(call, nullptr, call_error(ErrorKind::kTooManyCalls, "this process has " + std::to_string(most) +
                                            " unfinished calls to the actor, which is its limit; wait for some first"), out);
  actor.queue.push_back(call.task.sequence);
  flush(actor, out);
}

void ActorClient::release(Time now, ActorId id) { released_.push_back({now + kReleaseDelay, id}); }

void ActorClient::leave(Time now, ActorId id, ClientOutbox& out) {
  const auto entry = actors_.find(id);
  if (entry == actors_.end() || entry->second.state == ActorState::kDead) return;
  Actor& actor = entry->second;
  Call& call = *calls_.try_emplace(id.sequence).first;
  call.task = {id.process, id.sequence};
  call.actor = &actor;
  call.method = kLeave;
  call.submitted = now;
  call.retries = -1;
  ++actor.pending;
  actor.queue.push_back(id.sequence);
  flush(actor, out);
}

// Sends from the front of the queue what can be sent.
void ActorClient::flush(Actor& actor, ClientOutbox& out) {
  const bool is_dead = actor.state == ActorState::kDead;
  const bool takes_calls = actor.state == ActorState::kAlive && !actor.unreachable_since;
  while (!actor.queue.empty()) {
    Call* call = calls_.find(actor.queue.front());
    if (call == nullptr) {  // it was cancelled
      actor.queue.pop_front();
      continue;
    }
    if (objects_.any_lost()) call->arguments.lose_dead(objects_, out);
    const CallArguments::State state = call->arguments.state(objects_);
    if (is_dead || state == CallArguments::State::kBroken) {
      actor.queue.pop_front();
      finish(*call, nullptr, is_dead ? actor.error : Failure(call->arguments.error(objects_)), out);
      continue;
    }
    if (state == CallArguments::State::kWaiting) {
      waiting_[call->arguments.pending(objects_).front()].push_back(actor.id);
      return;
    }
    if (!takes_calls || actor.under_way >= kMostUnderWay) return;
    if (actor.under_way > 0 && is_last(*call)) return;
    actor.queue.pop_front();
    send(actor, *call, out);
  }
}

void ActorClient::send(Actor& actor, Call& call, ClientOutbox& out) {
  call.sent = true;
  ++actor.under_way;
  actor.sent.push_back(call.task.sequence);
  const ProcessId worker = actor.worker.process;
  out.send(worker, CallActor{call.task, actor.id, call.method, call.arguments.encoded(objects_), call.depth, call.ahead,
                             call.group == nullptr ? std::string() : *call.group, call.sample});
  if (call.stream != nullptr && call.stream->was_read()) out.send(worker, call.stream->read);
}

bool ActorClient::may_retry(const Call& call) const {
  const std::int32_t limit = call.retries.value_or(call.actor->policy.retries);
  return !call.cancelled && (limit < 0 || call.retried < limit);
}

bool ActorClient::on_done(ProcessId worker, const TaskDone& done, ClientOutbox& out) {
  Call* call = find(done.task);
  if (call == nullptr || !call->sent || call->actor->worker.process != worker) return false;
  Actor& actor = *call->actor;
  if (call->sample == 0 && is_long(done)) out.long_tasks.push_back({call->task, call->method, call->submitted});
  if (done.error && done.error->kind == ErrorKind::kTaskFailed && actor.policy.retries_errors && may_retry(*call)) {
    ++call->retried;
    ++counts_.retried;
    call->sent = false;
    --actor.under_way;
    std::erase(actor.sent, done.task.sequence);
    actor.queue.push_front(done.task.sequence);
  } else {
    Value value = done.error ? nullptr : std::make_shared<const std::string>(done.value);
    finish(*call, std::move(value), done.error, out);
  }
  while (!actor.sent.empty() && !calls_.contains(actor.sent.front())) actor.sent.pop_front();
  // Behind a long call many short ones may have come and gone.
  if (actor.sent.size() > 2 * kMostUnderWay)
    std::erase_if(actor.sent, [this](std::uint64_t sequence) { return !calls_.contains(sequence); });
  flush(actor, out);
  return true;
}

void ActorClient::finish(Call& call, Value value, Failure error, ClientOutbox& out) {
  if (error && error->function.empty()) {
    ErrorInfo named = *error;
    named.function = call.method;
    error = std::move(named);
  }
  Actor& actor = *call.actor;
  if (call.sent) --actor.under_way;
  if (--actor.pending == 0 && std::exchange(actor.counts, false)) objects_.unpin(handles_of(actor.id), out);
  call.arguments.release(objects_, out);
  ++(error ? counts_.failed : counts_.finished);
  const TaskId task = call.task;
  if (value != nullptr && is_location(*value)) objects_.set_origin(result_of(task), Origin::kCall);
  calls_.erase(task.sequence);
  objects_.settle(result_of(task), std::move(value), std::move(error), out);
}

bool ActorClient::cancel(TaskId id, bool recursive, ClientOutbox& out) {
  Call* call = find(id);
  if (call == nullptr) return false;
  Actor& actor = *call->actor;
  call->cancelled = true;
  if (call->sent)
    out.send(actor.worker.process, CancelTask{id, recursive});
  else
    finish(*call, nullptr, call_error(ErrorKind::kCancelled, "it was cancelled before it was sent"), out);
  flush(actor, out);
  return true;
}

bool ActorClient::on_item(ProcessId worker, const StreamItem& item, ClientOutbox& out) {
  const Call* call = find(item.task);
  if (call == nullptr) return false;
  const bool is_its = call->sent && call->actor->worker.process == worker;
  if (is_its && call->stream != nullptr) call->stream->take(item, out);
  return true;
}

bool ActorClient::stream_read(const StreamRead& read, ClientOutbox& out) {
  const Call* call = find(read.task);
  if (call == nullptr) return false;
  if (call->stream == nullptr) return true;
  call->stream->read = read;
  if (call->sent) out.send(call->actor->worker.process, read);
  if (read.closed) cancel(read.task, /*recursive=*/true, out);
  return true;
}

std::vector<TaskId> ActorClient::children_of(TaskId parent) const {
  std::vector<TaskId> children;
  calls_.for_each([&](std::uint64_t, const Call& call) {
    if (call.parent == parent) children.push_back(call.task);
  });
  std::ranges::sort(children);
  return children;
}

void ActorClient::on_object_settled(ObjectId object, ClientOutbox& out) {
  if (waiting_.empty()) return;
  auto waiting = waiting_.extract(object);
  if (waiting.empty()) return;
  for (const ActorId id : waiting.mapped()) {
    if (creations_.contains(id)) send_creation(id, out);
    if (const auto actor = actors_.find(id); actor != actors_.end()) flush(actor->second, out);
  }
}

// ------------------------------------------------------------- the actor's states

void ActorClient::on_update(Time, const ActorUpdate& update, ClientOutbox& out) {
  out.actor_updates.push_back(update);
  if (const auto asked = actors_.find(update.instead_of); asked != actors_.end()) {  // it never was; nobody has called it
    release_kept(asked->second, out);
    actors_.erase(asked);
  }
  Actor& actor = actor_of(update.actor);
  if (update.incarnation < actor.incarnation || actor.state == ActorState::kDead) return;  // old news
  actor.policy = update.calls;
  const bool ended = update.incarnation > actor.incarnation || update.state != ActorState::kAlive;
  if (ended) {
    unreachable_.erase(actor.id);
    actor.unreachable_since.reset();
  }
  by_worker_.erase(actor.worker.process);
  actor.state = update.state;
  actor.incarnation = update.incarnation;
  actor.error = update.error;
  if (ended && !actor.sent.empty()) {
    ErrorInfo error = update.error.value_or(ErrorInfo{});
    if (update.state != ActorState::kDead) error.kind = ErrorKind::kActorUnavailable;
    take_back(actor, error, out);
  }
  actor.worker = update.worker;
  if (update.state == ActorState::kAlive) {
    by_worker_[update.worker.process] = actor.id;
    out.learn(update.worker);
    if (!actor.may_restart) release_kept(actor, out);
  }
  flush(actor, out);
  if (actor.state == ActorState::kDead) remember_dead(actor.id, out);
}

void ActorClient::release_kept(Actor& actor, ClientOutbox& out) {
  if (const auto kept = std::exchange(actor.kept, nullptr)) kept->release(objects_, out);
}

void ActorClient::remember_dead(ActorId id, ClientOutbox& out) {
  release_kept(actors_.at(id), out);
  dead_.push_back(id);
  if (dead_.size() <= kRememberedDead) return;
  actors_.erase(dead_.front());
  out.forgotten_actors.push_back(dead_.front());
  dead_.pop_front();
}

void ActorClient::take_back(Actor& actor, const ErrorInfo& error, ClientOutbox& out) {
  const Failure failure(error);
  std::deque<std::uint64_t> again;
  for (const std::uint64_t sequence : std::exchange(actor.sent, {})) {
    Call* call = calls_.find(sequence);
    if (call == nullptr) continue;
    if (actor.state == ActorState::kDead || !may_retry(*call)) {
      finish(*call, nullptr, failure, out);
      continue;
    }
    ++call->retried;
    ++counts_.retried;
    call->sent = false;
    --actor.under_way;
    again.push_back(sequence);
  }
  actor.queue.insert(actor.queue.begin(), again.begin(), again.end());
}

void ActorClient::on_lost(Time now, ProcessId peer, const std::string&, ClientOutbox&) {
  const auto entry = by_worker_.find(peer);
  if (entry == by_worker_.end()) return;
  Actor& actor = actor_of(entry->second);
  if (actor.unreachable_since) return;
  actor.unreachable_since = now;
  unreachable_[actor.id] = now;
}

void ActorClient::on_tick(Time now, ClientOutbox& out) {
  for (; !released_.empty() && released_.front().due <= now; released_.pop_front()) leave(now, released_.front().actor, out);
  std::vector<ActorId> undecided;
  for (const auto& [id, since] : unreachable_)
    if (now - since >= kActorVerdictLimit) undecided.push_back(id);
  for (const ActorId id : undecided) {
    // The head says it lives: only our connection broke. What was sent is in doubt.
    Actor& actor = actor_of(id);
    unreachable_.erase(id);
    actor.unreachable_since.reset();
    take_back(actor,
              call_error(ErrorKind::kActorUnavailable,
                         "the connection to the actor broke, and whether the call ran is not known"),
              out);
    flush(actor, out);
  }
}

std::optional<Time> ActorClient::next_deadline() const {
  std::optional<Time> next;
  if (!released_.empty()) next = released_.front().due;
  for (const auto& [id, since] : unreachable_)
    if (!next || since + kActorVerdictLimit < *next) next = since + kActorVerdictLimit;
  return next;
}

}  // namespace Atoll
