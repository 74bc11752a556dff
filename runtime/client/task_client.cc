#include "runtime/client/task_client.h"

#include <algorithm>

#include "runtime/base/check.h"

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

// ------------------------------------------------------------ queues and pushes

void TaskClient::submit(Time now, TaskSpec spec, ClientOutbox& out) {
  const TaskId id = spec.task;
  objects_.declare(result_of(id));
  Task& task = tasks_[id];
  task.arguments = CallArguments(std::move(spec.arguments), objects_, out);
  task.attempts_left = spec.retries;
  task.spec = std::move(spec);
  make_ready(now, id, out);
}

void TaskClient::make_ready(Time now, TaskId id, ClientOutbox& out) {
  Task& task = tasks_.at(id);
  switch (task.arguments.state(objects_)) {
    case CallArguments::State::kWaiting:
      waiting_.insert(id);
      return;
    case CallArguments::State::kBroken:
      finish(id, nullptr, task.arguments.error(objects_), out);
      return;
    case CallArguments::State::kReady:
      shapes_[task.spec.shape].ready.push_back(id);
      pump(now, task.spec.shape, out);
  }
}

void TaskClient::on_object_settled(Time now, ClientOutbox& out) {
  for (const TaskId id : std::exchange(waiting_, {})) make_ready(now, id, out);
}

std::size_t TaskClient::depth_of(const Shape& shape) const {
  const double fitting = seconds(kPipelineTarget) / std::max(shape.task_seconds, 1e-9);
  return std::clamp<std::size_t>(static_cast<std::size_t>(fitting), 1, kMaxPipeline);
}

void TaskClient::pump(Time now, const WorkerShape& key, ClientOutbox& out) {
  Shape& shape = shapes_[key];
  const std::size_t depth = depth_of(shape);
  for (const LeaseId id : shape.leases) {
    Lease& lease = leases_.at(id);
    while (!shape.ready.empty() && !lease.broken_since && lease.in_flight.size() < depth &&
           (lease.in_flight.empty() || tasks_.at(shape.ready.front()).spec.retries != 0)) {
      push(id, lease, shape.ready.front(), out);
      shape.ready.pop_front();
    }
    if (lease.in_flight.empty() && lease.idle_since == Time()) lease.idle_since = now;
  }
  if (shape.ready.empty())
    withdraw_asks(key, shape, out);
  else
    ask_for_more(key, shape, out);
}

void TaskClient::push(LeaseId, Lease& lease, TaskId id, ClientOutbox& out) {
  const Task& task = tasks_.at(id);
  lease.in_flight.push_back(id);
  lease.idle_since = Time();
  out.send(lease.worker.process, PushTask{id, task.spec.function, task.arguments.encoded(objects_)});
}

// ------------------------------------------------------------- asking for workers

void TaskClient::ask_for_more(const WorkerShape& key, Shape& shape, ClientOutbox& out) {
  const std::size_t wanted = std::min<std::size_t>(shape.ready.size(), kMaxAsked);
  if (wanted <= shape.asked) return;
  const auto count = static_cast<std::uint32_t>(wanted) - shape.asked;
  if (!key.group.is_none()) return ask_group(key, shape, count, out);
  if (home_.is_none() || !key.strategy.is_default())  // only the head knows the nodes
    ask_head(key, count, out);
  else
    ask_daemon(key, home_, count, 0, out);
}

void TaskClient::ask_daemon(const WorkerShape& key, const Contact& daemon, std::uint32_t count,
                            std::uint64_t reservation, ClientOutbox& out) {
  const std::uint64_t id = next_ask_++;
  if (count > 0) {
    asks_[id] = {key, daemon.process, count};
    shapes_[key].asked += count;
  }
  out.learn(daemon);
  out.send(daemon.process, LeaseRequest{id, job_, key.resources, count, reservation, key.group, key.bundle});
}

void TaskClient::ask_head(const WorkerShape& key, std::uint32_t count, ClientOutbox& out) {
  const std::uint64_t id = next_ask_++;
  asks_[id] = {key, head_, count};
  shapes_[key].asked += count;
  out.send(head_, PlaceRequest{id, key.resources, count, key.strategy});
}

// Nothing waits any more: what the head has not placed yet, or waits in a bundle, is not wanted.
void TaskClient::withdraw_asks(const WorkerShape& key, Shape& shape, ClientOutbox& out) {
  if (shape.asked == 0) return;
  std::erase_if(asks_, [&](const auto& entry) {
    if (entry.second.shape != key) return false;
    if (!key.group.is_none())
      out.send(entry.second.target, LeaseCancel{entry.first});
    else if (entry.second.target == head_)
      out.send(head_, PlaceRequest{entry.first, key.resources, 0, {}});
    else
      return false;
    shape.asked -= entry.second.count;
    return true;
  });
}

void TaskClient::answer_ask(std::uint64_t id, std::uint32_t count) {
  const auto entry = asks_.find(id);
  if (entry == asks_.end()) return;
  const std::uint32_t answered = std::min(count, entry->second.count);
  entry->second.count -= answered;
  shapes_[entry->second.shape].asked -= answered;
  if (entry->second.count == 0) asks_.erase(entry);
}

void TaskClient::on_grant(Time now, ProcessId daemon, const LeaseGrant& grant, ClientOutbox& out) {
  const auto ask = asks_.find(grant.request);
  if (ask == asks_.end() || leases_.contains(grant.lease)) {
    if (ask == asks_.end()) out.send(daemon, LeaseReturn{grant.lease});
    return;
  }
  const WorkerShape key = ask->second.shape;
  answer_ask(grant.request, 1);
  if (shapes_[key].ready.empty()) {
    out.send(daemon, LeaseReturn{grant.lease});
    return;
  }
  Lease& lease = leases_[grant.lease];
  lease.shape = key;
  lease.daemon = daemon;
  lease.worker = grant.worker;
  by_worker_[grant.worker.process] = grant.lease;
  shapes_[key].leases.insert(grant.lease);
  out.learn(grant.worker);
  pump(now, key, out);
}

void TaskClient::on_refused(Time now, ProcessId daemon, const LeaseRefused& refused, ClientOutbox& out) {
  const auto ask = asks_.find(refused.request);
  if (ask == asks_.end()) return;
  const WorkerShape key = ask->second.shape;
  const std::uint32_t count = std::min(refused.count, ask->second.count);
  answer_ask(refused.request, count);
  Shape& shape = shapes_[key];
  if (!key.group.is_none() && refused.failure.empty()) return on_refused_in_group(now, daemon, key, refused.never, out);
  if (refused.failure.empty()) {  // busy: the head knows who is not
    const auto unasked = static_cast<std::uint32_t>(
        std::min<std::size_t>(shape.ready.size() - std::min<std::size_t>(shape.ready.size(), shape.asked), count));
    if (unasked > 0) ask_head(key, unasked, out);
    return;
  }
  std::vector<TaskId> tried;  // each once, though a retry goes to the front
  for (; tried.size() < count && !shape.ready.empty(); shape.ready.pop_front()) tried.push_back(shape.ready.front());
  for (const TaskId id : tried) retry_or_fail(id, {{}, refused.failure, "", 0}, out);
  pump(now, key, out);
}

void TaskClient::on_placed(Time, const Placed& placed, ClientOutbox& out) {
  const auto ask = asks_.find(placed.request);
  WorkerShape key;
  std::uint32_t wanted = 0;
  if (ask != asks_.end()) {
    key = ask->second.shape;
    wanted = std::min(placed.count, ask->second.count);
    answer_ask(placed.request, wanted);
  }
  // Also when nothing is wanted any more: the daemon must hear of the reservation.
  ask_daemon(key, placed.daemon, wanted, placed.reservation, out);
}

void TaskClient::on_infeasible(Time, const Infeasible& infeasible, ClientOutbox& out) {
  const auto ask = asks_.find(infeasible.request);
  if (ask == asks_.end()) return;
  const WorkerShape key = ask->second.shape;
  answer_ask(infeasible.request, ask->second.count);
  fail_ready(key, ErrorKind::kInfeasible, infeasible.why, out);
}

void TaskClient::fail_ready(const WorkerShape& key, ErrorKind kind, const std::string& why, ClientOutbox& out) {
  for (const TaskId id : std::exchange(shapes_[key].ready, {}))
    finish(id, nullptr, task_error(kind, tasks_.at(id).spec.function, why), out);
}

// ------------------------------------------------------------------ ends of tasks

bool TaskClient::on_done(Time now, ProcessId worker, const TaskDone& done, ClientOutbox& out) {
  const auto entry = by_worker_.find(worker);
  if (entry == by_worker_.end()) return false;
  Lease& lease = leases_.at(entry->second);
  const auto position = std::find(lease.in_flight.begin(), lease.in_flight.end(), done.task);
  if (position == lease.in_flight.end()) return false;
  lease.in_flight.erase(position);
  const WorkerShape key = lease.shape;
  double& smoothed = shapes_[key].task_seconds;
  smoothed += 0.2 * (static_cast<double>(done.run_ns) * 1e-9 - smoothed);
  Value value = done.error ? nullptr : std::make_shared<const std::string>(done.value);
  finish(done.task, std::move(value), done.error, out);
  pump(now, key, out);
  return true;
}

void TaskClient::finish(TaskId id, Value value, std::optional<ErrorInfo> error, ClientOutbox& out) {
  const auto task = tasks_.find(id);
  task->second.arguments.release(objects_);
  tasks_.erase(task);
  objects_.settle(result_of(id), std::move(value), std::move(error), out);
}

void TaskClient::retry_or_fail(TaskId id, const LeaseLost& loss, ClientOutbox& out) {
  Task& task = tasks_.at(id);
  if (task.attempts_left == 0) {
    ErrorInfo error = task_error(ErrorKind::kWorkerDied, task.spec.function, loss.cause);
    error.node = loss.node;
    error.pid = loss.pid;
    if (task.spec.retries > 0)
      error.message += "; it was tried " + std::to_string(task.spec.retries + 1) + " times";
    return finish(id, nullptr, std::move(error), out);
  }
  if (task.attempts_left > 0) --task.attempts_left;
  shapes_[task.spec.shape].ready.push_front(id);
}

void TaskClient::on_lease_lost(Time now, const LeaseLost& lost, ClientOutbox& out) {
  lose_lease(now, lost, out);
}

void TaskClient::lose_lease(Time now, const LeaseLost& loss, ClientOutbox& out) {
  const auto entry = leases_.find(loss.lease);
  if (entry == leases_.end()) return;
  const Lease lease = std::move(entry->second);
  leases_.erase(entry);
  by_worker_.erase(lease.worker.process);
  shapes_[lease.shape].leases.erase(loss.lease);
  // Any of them may have begun: the word that those before it ended may be lost.
  for (auto task = lease.in_flight.rbegin(); task != lease.in_flight.rend(); ++task)
    retry_or_fail(*task, loss, out);
  // One of them may end its workers: nothing is pushed behind it for a while.
  shapes_[lease.shape].task_seconds = 1;
  pump(now, lease.shape, out);
}

void TaskClient::on_lost(Time now, ProcessId peer, const std::string& why, ClientOutbox& out) {
  if (const auto worker = by_worker_.find(peer); worker != by_worker_.end()) {
    leases_.at(worker->second).broken_since = now;  // its daemon will say why
    return;
  }
  if (peer == home_.process) home_ = Contact();
  std::vector<LeaseId> gone;
  for (const auto& [id, lease] : leases_)
    if (lease.daemon == peer) gone.push_back(id);
  for (const LeaseId id : gone) lose_lease(now, {id, "the daemon of its node is gone: " + why, "", 0}, out);
  std::vector<std::uint64_t> unanswered;
  for (const auto& [id, ask] : asks_)
    if (ask.target == peer) unanswered.push_back(id);
  for (const std::uint64_t id : unanswered) {
    const WorkerShape key = asks_.at(id).shape;
    answer_ask(id, asks_.at(id).count);
    if (!key.group.is_none()) avoid_for_a_while(now, key, peer);
    pump(now, key, out);
  }
}

// ----------------------------------------------------------------------- deadlines

void TaskClient::on_tick(Time now, ClientOutbox& out) {
  std::vector<LeaseId> idle, broken;
  for (const auto& [id, lease] : leases_) {
    if (lease.broken_since && now - *lease.broken_since >= kBrokenLeaseLimit)
      broken.push_back(id);
    else if (lease.in_flight.empty() && !lease.broken_since && now - lease.idle_since >= kLeaseLinger)
      idle.push_back(id);
  }
  for (const LeaseId id : idle) {
    const Lease& lease = leases_.at(id);
    out.send(lease.daemon, LeaseReturn{id});
    shapes_[lease.shape].leases.erase(id);
    by_worker_.erase(lease.worker.process);
    leases_.erase(id);
  }
  if (ask_again_ && now >= *ask_again_) ask_groups_again(now, out);
  for (const LeaseId id : broken) {
    out.send(leases_.at(id).daemon, LeaseReturn{id, /*broken=*/true});
    lose_lease(now, {id, "its worker is out of reach", "", 0}, out);
  }
}

std::optional<Time> TaskClient::next_deadline() const {
  std::optional<Time> next;
  const auto consider = [&next](Time time) {
    if (!next || time < *next) next = time;
  };
  if (ask_again_) consider(*ask_again_);
  for (const auto& [id, lease] : leases_) {
    if (lease.broken_since)
      consider(*lease.broken_since + kBrokenLeaseLimit);
    else if (lease.in_flight.empty())
      consider(lease.idle_since + kLeaseLinger);
  }
  return next;
}

}  // namespace Atoll
