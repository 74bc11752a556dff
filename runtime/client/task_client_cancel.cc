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
  const auto entry = tasks_.find(id);
  if (entry == tasks_.end()) return false;
  Task& task = entry->second;
  task.cancelled = true;
  if (task.lease.is_none()) {
    if (task.missing == 0) ++shapes_[task.spec.shape].gone;
    const WorkerShape key = task.spec.shape;
    finish(id, nullptr, cancelled(task.spec.function), out);
    pump(now, key, out);
    return true;
  }
  task.forced |= force;
  out.send(leases_.at(task.lease).worker.process, CancelTask{id, recursive});
  end_forced(now, task.lease, out);
  return true;
}

std::vector<TaskId> TaskClient::children_of(TaskId parent) const {
  std::vector<TaskId> children;
  for (const auto& [id, task] : tasks_)
    if (task.spec.parent == parent) children.push_back(id);
  return children;
}

// Ends the lease's worker if what it runs is to be ended, whatever it does.
void TaskClient::end_forced(Time now, LeaseId id, ClientOutbox& out) {
  const Lease& lease = leases_.at(id);
  if (lease.in_flight.empty() || !tasks_.at(lease.in_flight.front()).forced) return;
  const TaskId victim = lease.in_flight.front();
  out.send(lease.daemon, LeaseReturn{id, /*broken=*/true});
  const auto requeue = [&](TaskId each) {
    Task& task = tasks_.at(each);
    task.lease = LeaseId();
    if (each == victim || task.cancelled) return finish(each, nullptr, cancelled(task.spec.function), out);
    shapes_[task.spec.shape].ready.push_front(each);
  };
  take_back(now, id, requeue, out);
}

void TaskClient::on_returned(Time now, ProcessId worker, const TasksReturned& returned, ClientOutbox& out) {
  const auto entry = by_worker_.find(worker);
  if (entry == by_worker_.end()) return;
  Lease& lease = leases_.at(entry->second);
  const WorkerShape key = lease.shape;
  for (auto id = returned.tasks.rbegin(); id != returned.tasks.rend(); ++id) {
    const auto position = std::ranges::find(lease.in_flight, *id);
    if (position == lease.in_flight.end()) continue;
    lease.in_flight.erase(position);
    Task& task = tasks_.at(*id);
    task.lease = LeaseId();
    if (task.cancelled)
      finish(*id, nullptr, cancelled(task.spec.function), out);
    else
      shapes_[key].ready.push_front(*id);
  }
  lease.waits = !lease.in_flight.empty();
  pump(now, key, out);
}

}  // namespace Atoll
