#include "runtime/client/task_client.h"

#include <algorithm>

#include "runtime/base/check.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

ErrorInfo task_error(ErrorKind kind, const std::string& function, std::string message) {
  ErrorInfo error;
  error.kind = kind;
  error.function = function;
  error.message = std::move(message);
  return error;
}

}  // namespace

TaskClient::Task& TaskClient::at(TaskId id) {
  Task* task = find(id);
  ATOLL_CHECK(task != nullptr, id);
  return *task;
}

TaskClient::Shape& TaskClient::shape_of(const WorkerShape& key) {
  const auto [entry, is_new] = shapes_.try_emplace(key);
  if (is_new) entry->second.key = key;
  return entry->second;
}

// The workers of a shape are named after its tasks' function while they have one.
void TaskClient::join(Time now, Shape& shape, Task& task, ClientOutbox& out) {
  task.shape = &shape;
  ++shape.tasks;
  if (shape.work == task.function) return;
  const bool may_name = shape.tasks == 1 && (!shape.named || now - *shape.named >= kRenameInterval);
  const std::string work = may_name ? task.function : "";
  if (work == shape.work) return;
  shape.work = work;
  shape.named = now;
  if (shape.leases > 0)
    for (const auto& [id, lease] : leases_)
      if (lease.shape == &shape) out.send(lease.daemon, NameLease{id, work});
  if (shape.asked > 0)
    for (auto& [id, ask] : asks_) ask.is_renamed |= ask.shape == &shape;
}

// ----------------------------------------------------------------------- queues

void TaskClient::submit(Time now, TaskSpec spec, ClientOutbox& out) {
  objects_.declare(result_of(spec.task));
  const std::int32_t retries = spec.retries;
  ++counts_.submitted;
  begin(now, std::move(spec), retries, out);
}

void TaskClient::begin(Time now, TaskSpec spec, std::int32_t attempts_left, ClientOutbox& out) {
  Task& task = *tasks_.try_emplace(spec.task.sequence).first;
  task.id = spec.task;
  task.function = std::move(spec.function);
  task.arguments = CallArguments(std::move(spec.arguments), objects_, out);
  join(now, shape_of(spec.shape), task, out);
  task.parent = spec.parent;
  task.extras = std::move(spec.extras);
  task.retries = spec.retries;
  task.attempts_left = attempts_left;
  task.depth = spec.depth;
  task.ahead = spec.ahead;
  task.sample = spec.sample;
  task.submitted = now;
  if (task.ahead > 0) task.stream = std::make_unique<StreamProgress>(task.id);
  wait_for_arguments(task);
  if (task.missing == 0 || task.arguments.state(objects_) == CallArguments::State::kBroken) make_ready(now, task, out);
}

void TaskClient::wait_for_arguments(Task& task) {
  task.missing = 0;
  for (const ObjectId object : task.arguments.pending(objects_)) {
    waiting_[object].push_back(task.id);
    ++task.missing;
  }
}

void TaskClient::make_ready(Time now, Task& task, ClientOutbox& out) {
  if (objects_.any_lost()) task.arguments.lose_dead(objects_, out);
  const CallArguments::State state = task.arguments.state(objects_);
  if (state == CallArguments::State::kBroken) return finish(task, nullptr, task.arguments.error(objects_), out);
  if (state == CallArguments::State::kWaiting) return wait_for_arguments(task);  // lost meanwhile
  move_to_arguments(now, task, out);
  Shape& shape = *task.shape;
  shape.ready.push_back(task.id);
  pump(now, shape, out);
}

void TaskClient::move_to_arguments(Time now, Task& task, ClientOutbox& out) {
  const WorkerShape& key = task.shape->key;
  if (!key.group.is_none() || !key.strategy.is_default() || home_.is_none()) return;
  const Contact keeper = task.arguments.keeper_of_most(objects_);
  const bool is_away = !keeper.is_none() && keeper.process != home_.process;
  const ProcessId there = is_away ? keeper.process : ProcessId::kNone;
  if (there == key.near) return;
  WorkerShape near = key;
  near.near = there;
  --task.shape->tasks;
  join(now, shape_of(near), task, out);
  if (is_away) task.shape->near = keeper;
}

void TaskClient::on_object_settled(Time now, ObjectId object, ClientOutbox& out) {
  if (waiting_.empty()) return;
  auto waiting = waiting_.extract(object);
  if (waiting.empty()) return;
  const ObjectBook::Object* settled = objects_.find(object);
  if (settled == nullptr) return;  // all who waited were cancelled
  const bool broken = settled->error.has_value();
  for (const TaskId id : waiting.mapped()) {
    Task* task = find(id);
    if (task == nullptr) continue;
    if (--task->missing == 0 || broken) make_ready(now, *task, out);
  }
}

TaskClient::Task* TaskClient::next_ready(Shape& shape) {
  for (; !shape.ready.empty(); shape.ready.pop_front(), --shape.gone)
    if (Task* task = find(shape.ready.front())) return task;
  return nullptr;
}

void TaskClient::pump(Time now, Shape& shape, ClientOutbox& out) {
  Task* next = next_ready(shape);
  for (; next != nullptr; next = next_ready(shape)) {
    if (objects_.any_lost() && !has_arguments(now, *next, out)) continue;
    Lease* lease = find_room(shape, *next);
    if (lease == nullptr) return ask_for_more(shape, out);
    shape.ready.pop_front();
    push(now, *lease, *next, out);
    if (has_room(*lease)) offer(now, *lease);
  }
  withdraw_asks(shape, out);
}

void TaskClient::push(Time now, Lease& lease, Task& task, ClientOutbox& out) {
  if (lease.in_flight.empty()) {
    lease.first_since = now;
    lease.is_held = false;
  }
  lease.in_flight.push_back(task.id);
  waits_.add(now - task.submitted);
  if (lease.in_flight.size() == 2) want_tick(lease.first_since + kHoldLimit);
  lease.idle_since = Time();
  task.lease = lease.id;
  const ProcessId worker = lease.worker.process;
  out.send(worker, PushTask{task.id, task.function, task.arguments.encoded(objects_), task.depth, task.ahead,
                             task.attempts_left == 0, task.sample});
  if (task.stream != nullptr && task.stream->was_read()) out.send(worker, task.stream->read);
}

// ------------------------------------------------------------------ ends of tasks

bool TaskClient::on_done(Time now, ProcessId worker, const TaskDone& done, ClientOutbox& out) {
  const auto entry = by_worker_.find(worker);
  if (entry == by_worker_.end()) return false;
  Lease& lease = *entry->second;
  const auto position = std::find(lease.in_flight.begin(), lease.in_flight.end(), done.task);
  if (position == lease.in_flight.end()) return false;
  if (position == lease.in_flight.begin()) lease.first_since = now;
  lease.in_flight.erase(position);
  Shape& shape = *lease.shape;
  shape.given_back = false;
  shape.task_seconds += 0.2 * (static_cast<double>(done.run_ns) * 1e-9 - shape.task_seconds);
  Task& task = at(done.task);
  if (task.sample == 0 && is_long(done)) out.long_tasks.push_back({task.id, task.function, task.submitted});
  if (done.error && may_retry(task, *done.error)) {
    if (task.attempts_left > 0) --task.attempts_left;
    ++counts_.retried;
    task.lease = LeaseId();
    shape.ready.push_back(done.task);
  } else {
    Value value = done.error ? nullptr : std::make_shared<const std::string>(done.value);
    finish(task, std::move(value), done.error, out);
  }
  offer(now, lease);
  end_forced(now, lease, out);
  pump(now, shape, out);
  return true;
}

bool TaskClient::may_retry(const Task& task, const ErrorInfo& error) const {
  const TaskExtras* extras = task.extras.get();
  if (extras == nullptr || !extras->retries_errors || task.cancelled || task.attempts_left == 0) return false;
  if (error.kind != ErrorKind::kTaskFailed) return false;
  return extras->retried.empty() || std::ranges::any_of(extras->retried, [&error](const std::string& type) {
           return type == error.type || std::ranges::find(error.bases, type) != error.bases.end();
         });
}

void TaskClient::finish(Task& task, Value value, std::optional<ErrorInfo> error, ClientOutbox& out) {
  if (error && task.extras != nullptr && !task.extras->name.empty())
    error->function = task.function + " '" + task.extras->name + "'";
  if (error) objects_.explain(result_of(task.id), *error);
  if (value != nullptr && is_location(*value))
    remember(task);
  else if (objects_.any_lost())
    objects_.lineage().forget(task.id.sequence);
  task.arguments.release(objects_, out);
  --task.shape->tasks;
  ++(error ? counts_.failed : counts_.finished);
  const TaskId id = task.id;
  tasks_.erase(id.sequence);
  objects_.settle(result_of(id), std::move(value), std::move(error), out);
}

void TaskClient::fail_ready(Shape& shape, ErrorKind kind, const std::string& why, ClientOutbox& out) {
  shape.gone = 0;
  for (const TaskId id : std::exchange(shape.ready, {}))
    if (Task* task = find(id)) finish(*task, nullptr, task_error(kind, task->function, why), out);
}

void TaskClient::retry_or_fail(Task& task, const LeaseLost& loss, ClientOutbox& out) {
  task.lease = LeaseId();
  if (task.cancelled)
    return finish(task, nullptr, task_error(ErrorKind::kCancelled, task.function, "it was cancelled"), out);
  if (task.attempts_left == 0) {
    ErrorInfo error = task_error(ErrorKind::kWorkerDied, task.function, loss.cause);
    error.node = loss.node;
    error.pid = loss.pid;
    if (task.retries > 0) error.message += "; it was tried " + std::to_string(task.retries + 1) + " times";
    return finish(task, nullptr, std::move(error), out);
  }
  if (task.attempts_left > 0) --task.attempts_left;
  ++counts_.retried;
  task.shape->ready.push_front(task.id);
}

// ----------------------------------------------------------------------- deadlines

void TaskClient::want_tick(Time then) {
  if (!tick_ || then < *tick_) tick_ = then;
}

void TaskClient::on_tick(Time now, ClientOutbox& out) {
  tick_.reset();
  for (auto entry = shapes_.begin(); entry != shapes_.end();) {
    Shape& shape = entry->second;
    return_idle(now, shape, out);
    const bool is_unused = shape.tasks == 0 && shape.leases == 0 && shape.asked == 0;
    entry = is_unused ? shapes_.erase(entry) : std::next(entry);
  }
  ask_back_held(now, out);
  if (ask_again_ && now >= *ask_again_) ask_groups_again(now, out);
  std::vector<LeaseId> given_up;
  for (const auto& [id, since] : broken_) {
    if (now - since >= kBrokenLeaseLimit)
      given_up.push_back(id);
    else
      want_tick(since + kBrokenLeaseLimit);
  }
  for (const LeaseId id : given_up) {
    out.send(leases_.at(id).daemon, LeaseReturn{id, /*broken=*/true});
    lose_lease(now, {id, "its worker is out of reach", "", 0}, out);
  }
}

std::optional<Time> TaskClient::next_deadline() const {
  if (tick_ && ask_again_) return std::min(*tick_, *ask_again_);
  return tick_ ? tick_ : ask_again_;
}

}  // namespace Atoll
