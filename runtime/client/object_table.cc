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

ObjectTable::Object* ObjectTable::find(ObjectId id) {
  if (recent_.second == nullptr || recent_.first != id.process) {
    const auto maker = objects_.find(id.process);
    if (maker == objects_.end()) return nullptr;
    recent_ = {id.process, &maker->second};
  }
  return recent_.second->find(id.sequence);
}

ObjectTable::Object& ObjectTable::at(ObjectId id) {
  Object* object = find(id);
  ATOLL_CHECK(object != nullptr, id);
  return *object;
}

bool ObjectTable::expect(ObjectId id) {
  const std::lock_guard lock(mutex_);
  return objects_[id.process].try_emplace(id.sequence).first->handles++ == 0;
}

bool ObjectTable::forget(ObjectId id) {
  Settled freed;  // at the end, without the lock
  const std::lock_guard lock(mutex_);
  Object* object = find(id);
  if (object == nullptr || --object->handles > 0) return false;
  freed = std::move(object->outcome);
  const auto maker = objects_.find(id.process);
  maker->second.erase(id.sequence);
  if (!maker->second.empty()) return true;
  objects_.erase(maker);
  recent_ = {};
  return true;
}

void ObjectTable::settle(const Completion& completion) {
  std::unique_ptr<Interest> interest;
  {
    const std::lock_guard lock(mutex_);
    Object* object = find(completion.object);
    if (object == nullptr) return;                         // nobody refers to it any more
    if (object->settled && !completion.again) return;      // it was put
    object->settled = true;
    object->outcome = {completion.value, completion.error};
    if (object->interest == nullptr) return;
    interest = std::move(object->interest);
    for (Waiter* waiter : interest->waiters) {
      if (waiter->missing == 0) continue;
      waiter->missing = waiter->ends_with_error && completion.error ? 0 : waiter->missing - 1;
    }
  }
  for (Callback& callback : interest->callbacks) call(std::move(callback));
}

void ObjectTable::wait_for(std::unique_lock<std::mutex>& lock, std::span<const ObjectId> ids, std::size_t count,
                           bool ends_with_error, Deadline deadline) {
  Waiter waiter;
  waiter.missing = count;
  waiter.ends_with_error = ends_with_error;
  for (const ObjectId id : ids) {
    const Object& object = at(id);
    if (!object.settled) continue;
    if (ends_with_error && object.outcome.error) return;
    if (waiter.missing > 0) --waiter.missing;
  }
  if (waiter.missing == 0 || (deadline && *deadline <= std::chrono::steady_clock::now())) return;
  for (const ObjectId id : ids)
    if (Object& object = at(id); !object.settled) object.interested().waiters.push_back(&waiter);
  lock.unlock();
  std::optional<Time> until;
  if (deadline) until = Time(deadline->time_since_epoch());
  const RunningTask* task = running_task();
  turns_.wait([&] { return waiter.missing == 0 || (task != nullptr && task->cancelled); }, until);
  lock.lock();
  if (waiter.missing == 0 && count == ids.size() && !ends_with_error) return;  // none of them has it any more
  for (const ObjectId id : ids)
    if (Object& object = at(id); object.interest != nullptr) std::erase(object.interest->waiters, &waiter);
}

std::optional<ObjectTable::Settled> ObjectTable::wait(ObjectId id, Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, {&id, 1}, 1, false, deadline);
  const Object& object = at(id);
  return object.settled ? std::optional(object.outcome) : std::nullopt;
}

std::optional<ObjectTable::Settled> ObjectTable::wait_again(ObjectId id, const Value& lost, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto is_other = [&] {
    const Object& object = at(id);
    return object.settled && object.outcome.value != lost;
  };
  return wait_until(lock, deadline, is_other) ? std::optional(at(id).outcome) : std::nullopt;
}

std::vector<bool> ObjectTable::wait_any(const std::vector<ObjectId>& ids, std::size_t count, Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, ids, count, false, deadline);
  std::vector<bool> ready(ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i) ready[i] = at(ids[i]).settled;
  return ready;
}

std::optional<std::vector<ObjectTable::Settled>> ObjectTable::wait_all(const std::vector<ObjectId>& ids,
                                                                       Deadline deadline) {
  std::unique_lock lock(mutex_);
  wait_for(lock, ids, ids.size(), true, deadline);
  std::vector<Settled> all(ids.size());
  bool complete = true;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const Object& object = at(ids[i]);
    if (!object.settled) complete = false;
    if (object.settled && object.outcome.error) {
      std::vector<Settled> failed(ids.size());
      failed[i] = object.outcome;
      return failed;
    }
    all[i] = object.outcome;
  }
  if (!complete) return std::nullopt;
  return all;
}

bool ObjectTable::is_settled(ObjectId id) const {
  const std::lock_guard lock(mutex_);
  const Object* object = find(id);
  return object != nullptr && object->settled;
}

void ObjectTable::call(Callback callback) {
  if (callback.in_place)
    callback.call();
  else
    callbacks_.post(std::move(callback));
}

void ObjectTable::when_settled(ObjectId id, Callback callback) {
  {
    const std::lock_guard lock(mutex_);
    Object& object = at(id);
    if (!object.settled) {
      object.interested().callbacks.push_back(std::move(callback));
      return;
    }
  }
  call(std::move(callback));
}

void ObjectTable::close() {
  std::vector<Callback> left;
  {
    const std::lock_guard lock(mutex_);
    for (auto& [maker, objects] : objects_)
      objects.for_each([&left](std::uint64_t, Object& object) {
        if (object.interest == nullptr) return;
        for (Callback& callback : std::exchange(object.interest->callbacks, {})) left.push_back(std::move(callback));
      });
  }
  for (Callback& callback : left) call(std::move(callback));
  callbacks_.stop();
}

void ObjectTable::expect_actor(ActorId id) {
  const std::lock_guard lock(mutex_);
  actors_.try_emplace(id).first->second.actor = id;
}

void ObjectTable::update_actor(const ActorUpdate& update) {
  const std::lock_guard lock(mutex_);
  actors_[update.actor] = update;
  if (const auto questions = questions_.find(update.actor); questions != questions_.end())
    questions->second.is_forgotten = false;
  if (const auto asked = names_.find({update.name_space, update.name}); asked != names_.end())
    asked->second.answer = update;
  if (!update.instead_of.is_none()) instead_[update.instead_of] = update.actor;
}

void ObjectTable::forget_actor(ActorId id) {
  const std::lock_guard lock(mutex_);
  if (const auto questions = questions_.find(id); questions != questions_.end())
    questions->second.is_forgotten = true;
  else
    actors_.erase(id);
}

ObjectTable::ActorQuestion::ActorQuestion(ObjectTable& table, ActorId id) : table_(table), id_(id) {
  const std::lock_guard lock(table_.mutex_);
  ++table_.questions_[id].open;
}

ObjectTable::ActorQuestion::~ActorQuestion() {
  const std::lock_guard lock(table_.mutex_);
  const auto questions = table_.questions_.find(id_);
  if (--questions->second.open > 0) return;
  if (questions->second.is_forgotten) table_.actors_.erase(id_);
  table_.questions_.erase(questions);
}

void ObjectTable::name_is_unknown(const NoSuchActor& name) {
  const std::lock_guard lock(mutex_);
  if (const auto asked = names_.find({name.name_space, name.name}); asked != names_.end())
    asked->second.answer.emplace();
}

void ObjectTable::ask_name(const std::string& name, const std::string& name_space) {
  const std::lock_guard lock(mutex_);
  ++names_[{name_space, name}].waiters;
}

std::optional<ActorId> ObjectTable::wait_created(ActorId asked, Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto answered = [&] { return instead_.contains(asked) || actors_.contains(asked); };
  if (!wait_until(lock, deadline, answered)) return std::nullopt;
  const auto other = instead_.extract(asked);
  if (other.empty()) return asked;
  actors_.erase(asked);
  return other.mapped();
}

std::optional<ActorUpdate> ObjectTable::wait_actor(ActorId id, Deadline deadline) {
  return wait_actor_state(id, deadline,
                          [](ActorState state) { return state == ActorState::kAlive || state == ActorState::kDead; });
}

std::optional<ActorUpdate> ObjectTable::wait_actor_news(ActorId id, Deadline deadline) {
  return wait_actor_state(id, deadline, [](ActorState) { return true; });
}

std::optional<ActorUpdate> ObjectTable::wait_actor_dead(ActorId id, Deadline deadline) {
  return wait_actor_state(id, deadline, [](ActorState state) { return state == ActorState::kDead; });
}

std::optional<ActorUpdate> ObjectTable::wait_actor_state(ActorId id, Deadline deadline, bool (*decided)(ActorState)) {
  std::unique_lock lock(mutex_);
  const auto is_decided = [&] {
    const auto actor = actors_.find(id);
    return actor != actors_.end() && decided(actor->second.state);
  };
  if (!wait_until(lock, deadline, is_decided)) return std::nullopt;
  return actors_.at(id);
}

std::optional<ActorUpdate> ObjectTable::wait_name(const std::string& name, const std::string& name_space,
                                                  Deadline deadline) {
  std::unique_lock lock(mutex_);
  const auto question = names_.find({name_space, name});
  ATOLL_CHECK(question != names_.end(), name);
  wait_until(lock, deadline, [&] { return question->second.answer.has_value(); });
  std::optional<ActorUpdate> answer = question->second.answer;
  if (--question->second.waiters == 0) names_.erase(question);
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
