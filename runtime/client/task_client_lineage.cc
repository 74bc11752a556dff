// Tasks whose arguments or results are lost with the memory of a node.

#include <algorithm>

#include "runtime/client/errors.h"
#include "runtime/client/task_client.h"

namespace Atoll {

// ----------------------------------------------------------- arguments that are lost

bool TaskClient::has_arguments(Time now, Task& task, ClientOutbox& out) {
  task.arguments.lose_dead(objects_, out);
  if (task.arguments.state(objects_) == CallArguments::State::kReady) return true;
  task.shape->ready.pop_front();
  make_ready(now, task, out);
  return false;
}

void TaskClient::on_argument_lost(Time now, ProcessId worker, const ArgumentLost& lost, ClientOutbox& out) {
  const auto entry = by_worker_.find(worker);
  if (entry == by_worker_.end()) return;
  Lease& lease = *entry->second;
  Shape& shape = *lease.shape;
  const auto position = std::ranges::find(lease.in_flight, lost.task);
  if (position == lease.in_flight.end()) return;
  if (position == lease.in_flight.begin()) lease.first_since = now;
  lease.in_flight.erase(position);
  Task& task = at(lost.task);
  task.lease = LeaseId();
  if (task.cancelled) {
    retry_or_fail(task, {}, out);
  } else {
    if (const Result<Location> location = decode_location(lost.location); location.ok())
      task.arguments.lose(location->id(), lost.why, objects_, out);
    make_ready(now, task, out);
  }
  offer(now, lease);
  end_forced(now, lease, out);
  pump(now, shape, out);
}

// ------------------------------------------------------------- results that are lost

void TaskClient::remember(const Task& task) {
  const Origin origin = task.cancelled            ? Origin::kCancelled
                        : task.attempts_left != 0 ? Origin::kTask
                        : task.retries == 0       ? Origin::kOnce
                                                  : Origin::kUsedUp;
  objects_.set_origin(result_of(task.id), origin);
  Lineage& lineage = objects_.lineage();
  if (origin != Origin::kTask) return lineage.forget(task.id.sequence);
  Recipe recipe;
  recipe.spec = {task.id,      task.function, task.arguments.for_recipe(objects_), task.shape->key,
                 task.retries, task.depth,    task.parent,                         task.extras};
  recipe.spec.shape.near = ProcessId::kNone;
  recipe.attempts_left = task.attempts_left;
  for (const std::uint64_t forgotten : lineage.keep(std::move(recipe)))
    objects_.set_origin({self_, forgotten}, Origin::kForgotten);
}

void TaskClient::rebuild(Time now, ObjectId object, ClientOutbox& out) {
  const ObjectBook::Object* lost = objects_.find(object);
  if (lost == nullptr || lost->settled || find(task_of(object)) != nullptr) return;
  const Result<Recipe> recipe = objects_.lineage().use(object.sequence);
  Status possible = recipe.status();
  if (recipe.ok())
    for (const CallArgument& argument : recipe->spec.arguments)
      if (argument.is_object() && possible.ok()) possible = objects_.revive(argument.object, argument.owner);
  if (possible.ok()) {
    ++counts_.retried;
    return begin(now, recipe->spec, recipe->attempts_left, out);
  }
  ErrorInfo error = lost_object("the object cannot be made again: " + possible.message());
  objects_.explain(object, error);
  objects_.lineage().forget(object.sequence);
  objects_.settle(object, nullptr, std::move(error), out);
}

}  // namespace Atoll
