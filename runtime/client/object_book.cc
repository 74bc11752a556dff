#include "runtime/client/object_book.h"

#include "runtime/base/check.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

ErrorInfo lost(std::string message) {
  ErrorInfo error;
  error.kind = ErrorKind::kObjectLost;
  error.message = std::move(message);
  return error;
}

}  // namespace

const ObjectBook::Object* ObjectBook::find(ObjectId id) const {
  if (id.process == self_) return own_.find(id.sequence);
  const auto entry = borrowed_.find(id);
  return entry == borrowed_.end() ? nullptr : &entry->second;
}

std::pair<ObjectBook::Object*, bool> ObjectBook::add(ObjectId id) {
  if (id.process == self_) return own_.try_emplace(id.sequence);
  const auto [entry, is_new] = borrowed_.try_emplace(id);
  return {&entry->second, is_new};
}

template <typename Each>
void ObjectBook::for_each(Each each) {
  own_.for_each([&](std::uint64_t sequence, Object& object) { each(ObjectId{self_, sequence}, object); });
  for (auto& [id, object] : borrowed_) each(id, object);
}

void ObjectBook::declare(ObjectId id) {
  ATOLL_CHECK(id.process == self_, id);
  const bool is_new = add(id).second;
  ATOLL_CHECK(is_new, id);
}

void ObjectBook::put(ObjectId id, Value value, ClientOutbox& out) {
  declare(id);
  settle(id, std::move(value), std::nullopt, out);
}

void ObjectBook::borrow(ObjectId id, const Contact& owner, ClientOutbox& out) {
  const auto [object, is_new] = add(id);
  if (!is_new) {
    object->dropped = false;
    if (object->settled) out.completions.push_back({id, object->value, object->error});
    return;
  }
  if (id.process == self_)  // it was dropped here while its ref was on its way
    return settle(id, nullptr, lost("the object " + to_string(id) + " was dropped by its owner"), out);
  object->shared().owner = owner;
  if (const auto dead = dead_nodes_.find(owner.node); dead != dead_nodes_.end())
    return settle(id, nullptr, lost("the owner of the object is gone: " + dead->second), out);
  out.learn(owner);
  out.send(owner.process, FetchObject{id});
}

void ObjectBook::settle(ObjectId id, Value value, Failure error, ClientOutbox& out) {
  Object* object = find_object(id);
  const bool is_late = object == nullptr || object->settled;
  if (id.process == self_ && value != nullptr && is_location(*value)) is_late ? drop_copy(value, out) : own_copy(id, value, out);
  if (is_late) return;
  object->settled = true;
  object->value = std::move(value);
  object->error = std::move(error);
  if (object->sharing != nullptr)
    for (const ProcessId fetcher : std::exchange(object->sharing->fetchers, {})) out.send(fetcher, reply_of(id, *object));
  out.completions.push_back({id, object->value, object->error, object->again});
  if (object->again) losses_.erase(id);
  forget_if_unused(id, *object, out);
}

// From now on its location says whose it is.
void ObjectBook::own_copy(ObjectId id, Value& value, ClientOutbox& out) const {
  Result<Location> location = decode_location(*value);
  if (!location.ok()) return;
  out.learn(location->keeper);
  out.send(location->keeper.process, OwnCopies{{location->copy}});
  if (location->object == id) return;
  location->object = id;
  location->owner = contact_;
  value = std::make_shared<const std::string>(encode_location(*location));
}

void ObjectBook::drop_copy(const Value& value, ClientOutbox& out) {
  const Result<Location> location = decode_location(*value);
  if (!location.ok()) return;
  out.learn(location->keeper);
  out.dropped_copies.push_back({location->keeper.process, location->copy});
  out.send(location->keeper.process, DropCopies{{location->copy}});
}

void ObjectBook::on_orphaned(ProcessId keeper, const CopyOrphaned& orphaned, ClientOutbox& out) const {
  const Object* object = find(orphaned.object);
  const bool has_value = object != nullptr && object->value != nullptr && is_location(*object->value);
  const Result<Location> location = has_value ? decode_location(*object->value) : Status(Code::kNotFound, "none");
  if (location.ok() && location->keeper.process == keeper && location->copy == orphaned.copy)
    out.send(keeper, OwnCopies{{orphaned.copy}});
  else
    out.send(keeper, DropCopies{{orphaned.copy}});
}

void ObjectBook::drop(ObjectId id, ClientOutbox& out) {
  Object* object = find_object(id);
  if (object == nullptr) return;
  object->dropped = true;
  forget_if_unused(id, *object, out);
}

void ObjectBook::pin(ObjectId id) {
  Object* object = find_object(id);
  ATOLL_CHECK(object != nullptr, id);
  ++object->pins;
}

void ObjectBook::unpin(ObjectId id, ClientOutbox& out) {
  Object* object = find_object(id);
  ATOLL_CHECK(object != nullptr && object->pins > 0, id);
  --object->pins;
  forget_if_unused(id, *object, out);
}

void ObjectBook::forget_if_unused(ObjectId id, const Object& object, ClientOutbox& out) {
  if (!object.settled || !object.dropped || object.pins > 0) return;
  if (id.process != self_) {
    borrowed_.erase(id);
    return;
  }
  if (object.value != nullptr && is_location(*object.value)) {
    drop_copy(object.value, out);
    lineage_.release(id.sequence);
  }
  own_.erase(id.sequence);
}

void ObjectBook::on_fetch(ProcessId from, ObjectId id, ClientOutbox& out) {
  lose_if_dead(id, out);
  Object* object = find_object(id);
  if (object == nullptr) {
    ObjectReady gone{id, "", lost("the object " + to_string(id) + " was dropped by its owner")};
    return out.send(from, std::move(gone));
  }
  if (object->settled)
    out.send(from, reply_of(id, *object));
  else
    object->shared().fetchers.push_back(from);
}

void ObjectBook::on_ready(const ObjectReady& ready, ClientOutbox& out) {
  Value value = ready.error ? nullptr : std::make_shared<const std::string>(ready.value);
  settle(ready.object, std::move(value), ready.error, out);
}

void ObjectBook::on_lost(ProcessId peer, const std::string& why, ClientOutbox& out) {
  std::vector<ObjectId> gone;
  for_each([&](ObjectId id, Object& object) {
    if (object.sharing == nullptr) return;
    std::erase(object.sharing->fetchers, peer);
    if (!object.settled && object.sharing->owner.process == peer) gone.push_back(id);
  });
  for (const ObjectId id : gone)
    settle(id, nullptr, lost("the owner of the object, process " + to_string(peer) + ", is gone: " + why), out);
}

void ObjectBook::on_node_died(const NodeDied& died, ClientOutbox& out) {
  dead_keepers_[died.daemon] = dead_nodes_[died.node] = died.why;
  any_lost_ = true;
  std::vector<ObjectId> gone;
  for (const auto& [id, object] : borrowed_)
    if (!object.settled && object.sharing->owner.node == died.node) gone.push_back(id);
  for (const ObjectId id : gone) settle(id, nullptr, lost("the owner of the object is gone: " + died.why), out);
}

void ObjectBook::fail_all(const ErrorInfo& error, ClientOutbox& out) {
  const Failure failure(error);
  std::vector<ObjectId> pending;
  for_each([&](ObjectId id, const Object& object) {
    if (!object.settled) pending.push_back(id);
  });
  for (const ObjectId id : pending) settle(id, nullptr, failure, out);
}

ObjectReady ObjectBook::reply_of(ObjectId id, const Object& object) {
  return {id, object.value ? *object.value : "", object.error.copy()};
}

}  // namespace Atoll
