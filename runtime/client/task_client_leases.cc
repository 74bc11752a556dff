// The workers that tasks are pushed to, for their owner: asking for them, choosing among them, losing them.

#include <algorithm>
#include <cmath>

#include "runtime/client/task_client.h"

namespace Atoll {

// ------------------------------------------------------------ choosing among them

TaskClient::Lease* TaskClient::find_lease(LeaseId id) {
  const auto entry = leases_.find(id);
  return entry == leases_.end() ? nullptr : &entry->second;
}

std::size_t TaskClient::depth_of(const Shape& shape) {
  const double fitting = seconds(kPipelineTarget) / std::max(shape.task_seconds, 1e-9);
  return std::clamp<std::size_t>(static_cast<std::size_t>(fitting), 1, kMaxPipeline);
}

bool TaskClient::has_room(const Lease& lease) const {
  return !lease.broken && !lease.is_held && lease.in_flight.size() < depth_of(*lease.shape);
}

// The one that worked last: its worker may still be spinning.
TaskClient::Lease* TaskClient::take_idle(Shape& shape) {
  while (!shape.idle.empty()) {
    Lease* lease = find_lease(shape.idle.back());
    shape.idle.pop_back();
    if (lease != nullptr && lease->idle_since != Time() && !lease->broken) return lease;
  }
  return nullptr;
}

TaskClient::Lease* TaskClient::find_room(Shape& shape, const Task& task) {
  if (Lease* idle = take_idle(shape)) return idle;
  if (task.retries == 0) return nullptr;  // TASKS-4
  while (!shape.open.empty()) {
    Lease* lease = find_lease(shape.open.front());
    shape.open.pop_front();
    if (lease == nullptr) continue;
    lease->is_open = false;
    if (has_room(*lease)) return lease;
  }
  return nullptr;
}

void TaskClient::offer(Time now, Lease& lease) {
  if (lease.broken) return;
  if (lease.in_flight.empty()) {
    if (lease.idle_since != Time()) return;
    lease.idle_since = now;
    lease.shape->idle.push_back(lease.id);
    want_tick(now + kLeaseLinger);
  } else if (!lease.is_open && has_room(lease)) {
    lease.is_open = true;
    lease.shape->open.push_back(lease.id);
  }
}

void TaskClient::give_back(Lease& lease, ClientOutbox& out) {
  out.send(lease.daemon, LeaseReturn{lease.id});
  forget_lease(lease);
}

void TaskClient::return_idle(Time now, Shape& shape, ClientOutbox& out) {
  while (!shape.idle.empty()) {
    Lease* lease = find_lease(shape.idle.front());
    if (lease != nullptr && lease->idle_since != Time()) {
      if (now - lease->idle_since < kLeaseLinger) return want_tick(lease->idle_since + kLeaseLinger);
      if (!lease->broken) give_back(*lease, out);
    }
    shape.idle.pop_front();
  }
}

// ------------------------------------------------------------------ asking for them

// TASKS-14. In a group each task asks: which of its nodes has room nobody else will say.
std::size_t TaskClient::workers_for(const Shape& shape) {
  const std::size_t most = std::min<std::size_t>(shape.waiting(), kMaxAsked);
  if (!shape.key.group.is_none() || shape.given_back) return most;
  const double each = shape.task_seconds / seconds(kWorthAWorker);
  return std::clamp<std::size_t>(static_cast<std::size_t>(std::ceil(static_cast<double>(shape.waiting()) * each)), 1, most);
}

void TaskClient::ask_for_more(Shape& shape, ClientOutbox& out) {
  const std::size_t wanted = workers_for(shape);
  if (wanted <= shape.asked) return;
  const auto count = static_cast<std::uint32_t>(wanted) - shape.asked;
  if (!shape.key.group.is_none()) return ask_group(shape, count, out);
  if (home_.is_none() || !shape.key.strategy.is_default())  // only the head knows the nodes
    ask_head(shape, count, out);
  else
    ask_daemon(shape, shape.near.is_none() ? home_ : shape.near, count, 0, out);
}

void TaskClient::ask_daemon(Shape& shape, const Contact& daemon, std::uint32_t count, std::uint64_t reservation,
                            ClientOutbox& out) {
  const std::uint64_t id = next_ask_++;
  if (count > 0) {
    asks_[id] = {&shape, daemon.process, count};
    shape.asked += count;
  }
  out.learn(daemon);
  const WorkerShape& key = shape.key;
  out.send(daemon.process, LeaseRequest{id, job_, key.resources, count, reservation, key.group, key.bundle, shape.work});
}

void TaskClient::ask_head(Shape& shape, std::uint32_t count, ClientOutbox& out) {
  const std::uint64_t id = next_ask_++;
  asks_[id] = {&shape, head_, count};
  shape.asked += count;
  out.send(head_, PlaceRequest{id, shape.key.resources, count, shape.key.strategy});
}

// Nothing waits any more: what the head has not placed yet, or waits in a bundle, is not wanted.
void TaskClient::withdraw_asks(Shape& shape, ClientOutbox& out) {
  if (shape.asked == 0) return;
  std::erase_if(asks_, [&](const auto& entry) {
    if (entry.second.shape != &shape) return false;
    if (!shape.key.group.is_none())
      out.send(entry.second.target, LeaseCancel{entry.first});
    else if (entry.second.target == head_)
      out.send(head_, PlaceRequest{entry.first, shape.key.resources, 0, {}});
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
  entry->second.shape->asked -= answered;
  if (entry->second.count == 0) asks_.erase(entry);
}

void TaskClient::on_grant(Time now, ProcessId daemon, const LeaseGrant& grant, ClientOutbox& out) {
  const auto ask = asks_.find(grant.request);
  if (ask == asks_.end() || leases_.contains(grant.lease)) {
    if (ask == asks_.end()) out.send(daemon, LeaseReturn{grant.lease});
    return;
  }
  Shape& shape = *ask->second.shape;
  const bool is_renamed = ask->second.is_renamed;
  answer_ask(grant.request, 1);
  if (next_ready(shape) == nullptr) {
    out.send(daemon, LeaseReturn{grant.lease});
    return;
  }
  Lease& lease = leases_[grant.lease];
  lease.id = grant.lease;
  lease.shape = &shape;
  lease.daemon = daemon;
  lease.worker = grant.worker;
  by_worker_[grant.worker.process] = &lease;
  ++shape.leases;
  if (is_renamed) out.send(daemon, NameLease{grant.lease, shape.work});
  out.learn(grant.worker);
  offer(now, lease);
  pump(now, shape, out);
}

void TaskClient::on_refused(Time now, ProcessId daemon, const LeaseRefused& refused, ClientOutbox& out) {
  const auto ask = asks_.find(refused.request);
  if (ask == asks_.end()) return;
  Shape& shape = *ask->second.shape;
  const std::uint32_t count = std::min(refused.count, ask->second.count);
  answer_ask(refused.request, count);
  if (!shape.key.group.is_none() && refused.failure.empty())
    return on_refused_in_group(now, daemon, shape, refused.never, out);
  if (refused.failure.empty()) {  // busy: the head knows who is not
    const std::size_t waiting = shape.waiting();
    const auto unasked = static_cast<std::uint32_t>(
        std::min<std::size_t>(waiting - std::min<std::size_t>(waiting, shape.asked), count));
    if (unasked > 0) ask_head(shape, unasked, out);
    return;
  }
  std::vector<TaskId> tried;  // each once, though a retry goes to the front
  for (; tried.size() < count && next_ready(shape) != nullptr; shape.ready.pop_front())
    tried.push_back(shape.ready.front());
  for (const TaskId id : tried) retry_or_fail(at(id), {{}, refused.failure, "", 0}, out);
  pump(now, shape, out);
}

void TaskClient::on_placed(Time, const Placed& placed, ClientOutbox& out) {
  const auto ask = asks_.find(placed.request);
  if (ask == asks_.end()) {  // it is not wanted any more, but the daemon must hear of the reservation
    out.learn(placed.daemon);
    return out.send(placed.daemon.process, LeaseRequest{next_ask_++, job_, {}, 0, placed.reservation, {}, -1});
  }
  Shape& shape = *ask->second.shape;
  const std::uint32_t wanted = std::min(placed.count, ask->second.count);
  answer_ask(placed.request, wanted);
  ask_daemon(shape, placed.daemon, wanted, placed.reservation, out);
}

void TaskClient::on_infeasible(Time, const Infeasible& infeasible, ClientOutbox& out) {
  const auto ask = asks_.find(infeasible.request);
  if (ask == asks_.end()) return;
  Shape& shape = *ask->second.shape;
  answer_ask(infeasible.request, ask->second.count);
  fail_ready(shape, ErrorKind::kInfeasible, infeasible.why, out);
}

// ---------------------------------------------------------------------- losing them

void TaskClient::on_lease_lost(Time now, const LeaseLost& lost, ClientOutbox& out) { lose_lease(now, lost, out); }

void TaskClient::lose_lease(Time now, const LeaseLost& loss, ClientOutbox& out) {
  // Any of them may have begun: the word that those before it ended may be lost.
  take_back(now, loss.lease, [&](Task& task) { retry_or_fail(task, loss, out); }, out);
}

void TaskClient::forget_lease(Lease& lease) {
  --lease.shape->leases;
  by_worker_.erase(lease.worker.process);
  broken_.erase(lease.id);
  leases_.erase(LeaseId(lease.id));
}

void TaskClient::take_back(Time now, LeaseId id, const std::function<void(Task&)>& each, ClientOutbox& out) {
  Lease* lease = find_lease(id);
  if (lease == nullptr) return;
  Shape& shape = *lease->shape;
  const std::deque<TaskId> in_flight = std::move(lease->in_flight);
  forget_lease(*lease);
  for (auto task = in_flight.rbegin(); task != in_flight.rend(); ++task) each(at(*task));
  // One of them may end its workers: nothing is pushed behind it for a while.
  shape.task_seconds = 1;
  want_tick(now + kLeaseLinger);
  pump(now, shape, out);
}

void TaskClient::on_lost(Time now, ProcessId peer, const std::string& why, ClientOutbox& out) {
  if (const auto worker = by_worker_.find(peer); worker != by_worker_.end()) {
    Lease& lease = *worker->second;
    lease.broken = true;  // its daemon will say why
    broken_.emplace(lease.id, now);
    want_tick(now + kBrokenLeaseLimit);
    return;
  }
  if (peer == home_.process) home_ = Contact();
  for (auto& [key, shape] : shapes_)
    if (shape.near.process == peer) shape.near = Contact();
  std::vector<LeaseId> gone;
  for (const auto& [id, lease] : leases_)
    if (lease.daemon == peer) gone.push_back(id);
  std::ranges::sort(gone);
  for (const LeaseId id : gone) lose_lease(now, {id, "the daemon of its node is gone: " + why, "", 0}, out);
  std::vector<std::uint64_t> unanswered;
  for (const auto& [id, ask] : asks_)
    if (ask.target == peer) unanswered.push_back(id);
  for (const std::uint64_t id : unanswered) {
    const auto ask = asks_.find(id);
    if (ask == asks_.end()) continue;  // withdrawn meanwhile
    Shape& shape = *ask->second.shape;
    answer_ask(id, ask->second.count);
    if (!shape.key.group.is_none()) avoid_for_a_while(now, shape, peer);
    pump(now, shape, out);
  }
}

}  // namespace Atoll
