// Waiting for what a Ref or an actor handle refers to (include/atoll/ref.h): outside of tasks, and in them, where who
// waits lends its CPUs and may be cancelled.

#include <algorithm>

#include <atoll/error.h>
#include <atoll/ref.h>

#include "runtime/client/api_objects.h"
#include "runtime/client/api_support.h"
#include "runtime/client/api_waits.h"
#include "runtime/client/errors.h"
#include "runtime/client/process.h"
#include "runtime/client/timeline_marks.h"
#include "runtime/client/work_queue.h"

namespace Atoll::internal {
namespace {

using Settled = ObjectTable::Settled;

constexpr auto kHasValue = [](const auto& result) { return result.has_value(); };

std::vector<ObjectId> known_ids(ClientRuntime& runtime, const HandleList& objects) {
  std::vector<ObjectId> ids;
  ids.reserve(objects.size());
  for (const Handle* object : objects) {
    ensure_known(runtime, *object);
    ids.push_back(id_of<ObjectId>((*object)->key()));
  }
  return ids;
}

}  // namespace

WaitScope::WaitScope() {
  throw_if_cancelled();
  RunningTask* task = running_task();
  if (task == nullptr || task->queue == nullptr) return;
  waits_ = true;
  task->queue->begin_wait(*task);
}

WaitScope::~WaitScope() {
  if (waits_) running_task()->queue->end_wait(*running_task());
}

Bytes get_object(const Handle& object, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  ensure_known(runtime, object);
  const ObjectId id = id_of<ObjectId>(object->key());
  const WaitMark mark(runtime, TimelineKind::kGet, "get", id);
  const std::optional<Settled> settled =
      wait_in_task(deadline, [&](Deadline until) { return runtime.table().wait(id, until); }, kHasValue);
  if (!settled) throw TimeoutError("the object is not ready, and the time allowed has passed");
  if (settled->error) throw_error(*settled->error);
  return bytes_of(runtime, id, settled->value, deadline);
}

std::vector<Bytes> get_objects(const HandleList& objects, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const std::vector<ObjectId> ids = known_ids(runtime, objects);
  const WaitMark mark(runtime, TimelineKind::kGet, "get all", ids.empty() ? ObjectId() : ids.back(), ids.size());
  std::optional<std::vector<Settled>> all =
      wait_in_task(deadline, [&](Deadline until) { return runtime.table().wait_all(ids, until); }, kHasValue);
  if (!all) throw TimeoutError("not all of the objects are ready, and the time allowed has passed");
  std::vector<Bytes> values;
  values.reserve(all->size());
  for (const Settled& each : *all)
    if (each.error) throw_error(*each.error);
  std::vector<std::size_t> lost;  // made again at one time, not one after the other
  for (std::size_t i = 0; i < ids.size(); ++i) {
    std::optional<Bytes> bytes = bytes_unless_lost(runtime, ids[i], (*all)[i].value, deadline);
    values.push_back(bytes ? std::move(*bytes) : Bytes());
    if (!bytes) lost.push_back(i);
  }
  for (const std::size_t i : lost) values[i] = bytes_of(runtime, ids[i], (*all)[i].value, deadline);
  return values;
}

std::vector<bool> wait_for_objects(const HandleList& objects, std::size_t count, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const std::vector<ObjectId> ids = known_ids(runtime, objects);
  const WaitMark mark(runtime, TimelineKind::kWait, "wait", ids.empty() ? ObjectId() : ids.front(), ids.size());
  return wait_in_task(
      deadline, [&](Deadline until) { return runtime.table().wait_any(ids, count, until); },
      [count](const std::vector<bool>& ready) {
        return static_cast<std::size_t>(std::ranges::count(ready, true)) >= std::min(count, ready.size());
      });
}

namespace {

constexpr auto kHeadAnswers = std::chrono::seconds(10);

ActorId watch(ClientRuntime& runtime, Key actor) {
  if (actor == Key()) throw Error("an empty handle refers to no actor or command");
  const ActorId id = id_of<ActorId>(actor);
  runtime.post([id](Time, ClientCore& core, ClientOutbox& out) { core.watch_actor(id, out); });
  return id;
}

}  // namespace

void wait_for_actor(Key actor, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const ObjectTable::ActorQuestion question(runtime.table(), id_of<ActorId>(actor));
  const ActorId id = watch(runtime, actor);
  const std::optional<ActorUpdate> update =
      wait_in_task(deadline, [&](Deadline until) { return runtime.table().wait_actor(id, until); }, kHasValue);
  if (!update) throw TimeoutError("the actor is not up, and the time allowed has passed");
  if (update->state == ActorState::kDead) throw_error(update->error.value_or(ErrorInfo{}));
}

int wait_for_exit(Key actor, Deadline deadline) {
  ClientRuntime& runtime = current_runtime();
  const ObjectTable::ActorQuestion question(runtime.table(), id_of<ActorId>(actor));
  const ActorId id = watch(runtime, actor);
  const std::optional<ActorUpdate> update =
      wait_in_task(deadline, [&](Deadline until) { return runtime.table().wait_actor_dead(id, until); }, kHasValue);
  if (!update) throw TimeoutError("the command has not ended, and the time allowed has passed");
  const ErrorInfo error = update->error.value_or(ErrorInfo{});
  if (!error.status) throw_error(error);
  return *error.status;
}

int state_of_actor(Key actor) {
  ClientRuntime& runtime = current_runtime();
  const ObjectTable::ActorQuestion question(runtime.table(), id_of<ActorId>(actor));
  const ActorId id = watch(runtime, actor);
  const Deadline deadline = std::chrono::steady_clock::now() + kHeadAnswers;
  const std::optional<ActorUpdate> update =
      wait_in_task(deadline, [&](Deadline until) { return runtime.table().wait_actor_news(id, until); }, kHasValue);
  if (!update) throw ClusterLostError("the cluster's head did not answer within 10 s");
  return static_cast<int>(update->state);
}

}  // namespace Atoll::internal
