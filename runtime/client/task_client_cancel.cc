// Tasks that are cancelled, and tasks that come back unbegun.

#include <algorithm>

#include "runtime/client/task_client.h"

namespace Atoll {
namespace {

ErrorInfo cancelled(const std::string& function) {
  ErrorInfo error;
  error.kind = ErrorKind::kCancelled;
  error.function = function;
  error.message = "it was cancelled";
  return error;
}

}  // namespace

bool TaskClient::cancel(Time now, TaskId id, bool force, bool recursive, ClientOutbox& out) {
  Task* task = find(id);
  if (task == nullptr) return false;
  task->cancelled = true;
  Lease* lease = find_lease(task->lease);
  if (lease == nullptr) {
    Shape& shape = *task->shape;
    if (task->missing == 0) ++shape.gone;
    finish(*task, nullptr, cancelled(task->function), out);
    pump(now, shape, out);
    return true;
  }
  task->forced |= force;
  out.send(lease->worker.process, CancelTask{id, recursive});
  end_forced(now, *lease, out);
  return true;
}

std::vector<TaskId> TaskClient::children_of(TaskId parent) const {
  std::vector<TaskId> children;
  tasks_.for_each([&](std::uint64_t, const Task& task) {
    if (task.parent == parent) children.push_back(task.id);
  });
  std::ranges::sort(children);
  return children;
}

// Ends the lease's worker if what it runs is to be ended, whatever it does.
void TaskClient::end_forced(Time now, Lease& lease, ClientOutbox& out) {
  if (lease.in_flight.empty() || !at(lease.in_flight.front()).forced) return;
  const TaskId victim = lease.in_flight.front();
  out.send(lease.daemon, LeaseReturn{lease.id, /*broken=*/true});
  const auto requeue = [&](Task& task) {
    task.lease = LeaseId();
    if (task.id == victim || task.cancelled) return finish(task, nullptr, cancelled(task.function), out);
    task.shape->ready.push_front(task.id);
  };
  take_back(now, lease.id, requeue, out);
}

void TaskClient::on_returned(Time now, ProcessId worker, const TasksReturned& returned, ClientOutbox& out) {
  const auto entry = by_worker_.find(worker);
  if (entry == by_worker_.end()) return;
  Lease& lease = *entry->second;
  Shape& shape = *lease.shape;
  for (auto id = returned.tasks.rbegin(); id != returned.tasks.rend(); ++id) {
    const auto position = std::ranges::find(lease.in_flight, *id);
    if (position == lease.in_flight.end()) continue;
    lease.in_flight.erase(position);
    Task& task = at(*id);
    task.lease = LeaseId();
    if (task.cancelled)
      finish(task, nullptr, cancelled(task.function), out);
    else
      shape.ready.push_front(*id);
  }
  lease.is_held = !lease.in_flight.empty();
  shape.given_back = true;
  offer(now, lease);
  pump(now, shape, out);
}

// TASKS-10: what runs may wait for them in a way that its worker cannot see.
void TaskClient::ask_back_held(Time now, ClientOutbox& out) {
  for (auto& [id, lease] : leases_) {
    if (lease.in_flight.size() < 2 || lease.is_held || lease.broken) continue;
    const Duration held = now - lease.first_since;
    if (held < kHoldLimit) {
      want_tick(lease.first_since + kHoldLimit);
      continue;
    }
    lease.is_held = true;
    lease.shape->task_seconds = std::max(lease.shape->task_seconds, seconds(held));
    out.send(lease.worker.process, ReturnTasks{});
  }
}

}  // namespace Atoll
