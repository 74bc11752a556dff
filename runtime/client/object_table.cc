#include "runtime/client/object_table.h"

#include <algorithm>

#include "runtime/base/check.h"

namespace Atoll {

// Waits, with `lock` given up meanwhile, until `done`, which is called under the lock. Returns whether it is.
template <typename Done>
bool ObjectTable::wait_until(std::unique_lock<std::mutex>& lock, Deadline deadline, Done done) {
  if (done()) return true;
  lock.unlock();
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  turns_.wait(
      [&] {
        const std::lock_guard held(mutex_);
        return done();
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
  const std::lock_guard lock(mutex_);
  const auto entry = objects_.find(completion.object);
  if (entry == objects_.end()) return;  // nobody refers to it any more
  entry->second.settled = Settled{completion.value, completion.error};
}

std::optional<ObjectTable::Settled> ObjectTable::wait(ObjectId id, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto entry = objects_.find(id);
  ATOLL_CHECK(entry != objects_.end(), id);
  // References into the map stay valid while other objects come and go.
  Object& object = entry->second;
  wait_until(lock, deadline, [&] { return object.settled.has_value(); });
  return object.settled;
}

std::vector<bool> ObjectTable::wait_any(const std::vector<ObjectId>& ids, std::size_t count, Deadline deadline) {
  std::unique_lock lock(mutex_);
  std::vector<bool> ready(ids.size());
  wait_until(lock, deadline, [&] {
    for (std::size_t i = 0; i < ids.size(); ++i) ready[i] = objects_.at(ids[i]).settled.has_value();
    return static_cast<std::size_t>(std::count(ready.begin(), ready.end(), true)) >= count;
  });
  return ready;
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
