#include "runtime/client/object_table.h"

#include <utility>

#include "runtime/base/check.h"
#include "runtime/client/running_task.h"

namespace Atoll {

// Waits, with `lock` given up meanwhile, until `done`, which is called under the lock. Returns whether it is.
template <typename Done>
bool ObjectTable::wait_until(std::unique_lock<std::mutex>& lock, Deadline deadline, Done done) {
  if (done()) return true;
  lock.unlock();
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  const RunningTask* task = running_task();
  turns_.wait(
      [&] {
        const std::lock_guard held(mutex_);
        return done() || (task != nullptr && task->cancelled);
      },
      until);
  lock.lock();
  return done();
}

bool ObjectTable::expect(ObjectId id) {
  const std::lock_guard lock(mutex_);
  return objects_[id].handles++ == 0;
}

bool ObjectTable::forget(ObjectId id) {
  const std::lock_guard lock(mutex_);
  const auto entry = objects_.find(id);
  if (entry == objects_.end() || --entry->second.handles > 0) return false;
  objects_.erase(entry);
  return true;
}

void ObjectTable::settle(const Completion& completion) {
  std::unique_ptr<Interest> interest;
  {
    const std::lock_guard lock(mutex_);
    const auto entry = objects_.find(completion.object);
    if (entry == objects_.end() || entry->second.settled) return;  // nobody refers to it any more, or it was put
    entry->second.settled = Settled{completion.value, completion.error};
    if (entry->second.interest == nullptr) return;
    interest = std::move(entry->second.interest);
    for (Waiter* waiter : interest->waiters) {
      if (waiter->missing == 0) continue;
      waiter->missing = waiter->ends_with_error && completion.error ? 0 : waiter->missing - 1;
    }
  }
  for (Callback& callback : interest->callbacks) callbacks_.post(std::move(callback));
}

void ObjectTable::wait_for(std::unique_lock<std::mutex>& lock, const std::vector<ObjectId>& ids, std::size_t count,
                           bool ends_with_error, Deadline deadline) {
  Waiter waiter;
  waiter.missing = count;
  waiter.ends_with_error = ends_with_error;
  for (const ObjectId id : ids) {
    const auto entry = objects_.find(id);
    ATOLL_CHECK(entry != objects_.end(), id);
    if (!entry->second.settled) continue;
    if (ends_with_error && entry->second.settled->error) return;
    if (waiter.missing > 0) --waiter.missing;
  }
  if (waiter.missing == 0 || (deadline && *deadline <= std::chrono::steady_clock::now())) return;
  for (const ObjectId id : ids)
    if (Object& object = objects_.at(id); !object.settled) object.interested().waiters.push_back(&waiter);
  lock.unlock();
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  const RunningTask* task = running_task();
  turns_.wait([&] { return waiter.missing == 0 || (task != nullptr && task->cancelled); }, until);
  lock.lock();
  for (const ObjectId id : ids)
    if (Object& object = objects_.at(id); object.interest != nullptr) std::erase(object.interest->waiters, &waiter);
}

std::optional<ObjectTable::Settled> ObjectTable::wait(ObjectId id, Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, {id}, 1, false, deadline);
  return objects_.at(id).settled;
}

std::vector<bool> ObjectTable::wait_any(const std::vector<ObjectId>& ids, std::size_t count, Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, ids, count, false, deadline);
  std::vector<bool> ready(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ready[i] = objects_.at(ids[i]).settled.has_value();
  return ready;
}

std::optional<std::vector<ObjectTable::Settled>> ObjectTable::wait_all(const std::vector<ObjectId>& ids,
                                                                       Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, ids, ids.size(), true, deadline);
  std::vector<Settled> all(ids.size());
  bool complete = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const std::optional<Settled>& settled = objects_.at(ids[i]).settled;
    if (!settled) complete = false;
    if (settled && settled->error) {
      std::vector<Settled> failed(ids.size());
      failed[i] = *settled;
      return failed;
    }
    if (settled) all[i] = *settled;
  }
  if (!complete) return std::nullopt;
  return all;
}

bool ObjectTable::is_settled(ObjectId id) const {
  const std::lock_guard lock(mutex_);
  const auto entry = objects_.find(id);
  return entry != objects_.end() && entry->second.settled;
}

void ObjectTable::when_settled(ObjectId id, Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    const auto entry = objects_.find(id);
    ATOLL_CHECK(entry != objects_.end(), id);
    if (!entry->second.settled) {
      entry->second.interested().callbacks.push_back(std::move(callback));
      return;
    }
  }
  callbacks_.post(std::move(callback));
}

void ObjectTable::close() {
  std::vector<Callback> left;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [id, object] : objects_)
      if (object.interest != nullptr)
        for (Callback& callback : std::exchange(object.interest->callbacks, {})) left.push_back(std::move(callback));
  }
  for (Callback& callback : left) callbacks_.post(std::move(callback));
  callbacks_.stop();
}

void ObjectTable::expect_actor(ActorId id) {
  const std::lock_guard lock(mutex_);
  actors_.try_emplace(id).first->second.actor = id;
}

void ObjectTable::update_actor(const ActorUpdate& update) {
  const std::lock_guard lock(mutex_);
  actors_[update.actor] = update;
  if (!update.name.empty()) names_[update.name] = update;
}

void ObjectTable::name_is_unknown(const std::string& name) {
  const std::lock_guard lock(mutex_);
  names_[name] = ActorUpdate();
}

std::optional<ActorUpdate> ObjectTable::wait_actor(ActorId id, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto decided = [&] {
    const ActorState state = actors_[id].state;
    return state == ActorState::kAlive || state == ActorState::kDead;
  };
  if (!wait_until(lock, deadline, decided)) return std::nullopt;
  return actors_.at(id);
}

std::optional<ActorUpdate> ObjectTable::wait_name(const std::string& name, Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!wait_until(lock, deadline, [&] { return names_.contains(name); })) return std::nullopt;
  ActorUpdate answer = names_.at(name);
  names_.erase(name);
  return answer;
}

void ObjectTable::update_group(const GroupUpdate& update) {
  const std::lock_guard lock(mutex_);
  if (!update.name.empty()) group_names_[update.name] = update;
  const auto asked = groups_.find(update.group);
  if (asked == groups_.end()) return;  // nobody waits
  ++asked->second.updates;
  asked->second.last = update;
}

void ObjectTable::group_name_is_unknown(const std::string& name) {
  const std::lock_guard lock(mutex_);
  group_names_[name] = GroupUpdate();
}

std::optional<GroupUpdate> ObjectTable::next_group_update(GroupId id, const std::function<void()>& ask,
                                                          Deadline deadline) {
  std::unique_lock lock(mutex_);
  GroupQuestion& question = groups_[id];
  ++question.waiters;
  const std::uint64_t seen = question.updates;
  lock.unlock();
  ask();
  lock.lock();
  std::optional<GroupUpdate> answer;
  if (wait_until(lock, deadline, [&] { return question.updates > seen; })) answer = question.last;
  if (--question.waiters == 0) groups_.erase(id);
  return answer;
}

std::optional<GroupUpdate> ObjectTable::wait_group_name(const std::string& name, Deadline deadline) {
  std::unique_lock lock(mutex_);
  if (!wait_until(lock, deadline, [&] { return group_names_.contains(name); })) return std::nullopt;
  GroupUpdate answer = group_names_.at(name);
  group_names_.erase(name);
  return answer;
}

}  // namespace Atoll
