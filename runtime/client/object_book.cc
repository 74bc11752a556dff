#include "runtime/client/object_book.h"

#include "runtime/base/check.h"
#include "runtime/client/errors.h"
#include "runtime/wire/location.h"

namespace Atoll {
namespace {

ErrorInfo dropped(ObjectId id) { return lost_object("the object " + to_string(id) + " was dropped by its owner"); }

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

std::pair<ObjectBook::Object*, bool> ObjectBook::add(ObjectId id, const Contact& owner) {
  const auto added = add(id);
  if (!added.second || id.process == self_) return added;
  added.first->shared().owner = owner;
  borrows_.found(id, owner);
  return added;
}

void ObjectBook::declare(ObjectId id) {
  ATOLL_CHECK(id.process == self_, id);
  const auto [object, is_new] = add(id);
  ATOLL_CHECK(is_new, id);
  object->handles = 1;
}

void ObjectBook::put(ObjectId id, Value value, ClientOutbox& out, const std::vector<InsideRef>& inside) {
  declare(id);
  contain(id, inside, out);
  settle(id, std::move(value), std::nullopt, out);
}

void ObjectBook::declare_handles(ActorId actor) {
  declare(handles_of(actor));
  Object& object = *find_object(handles_of(actor));
  object.settled = true;
  object.origin = Origin::kActor;
}

void ObjectBook::adopt(ObjectId id, const Contact& owner, ClientOutbox& out) {
  const auto [object, is_new] = add(id, owner);
  ++object->handles;
  if (is_new && id.process == self_)  // it was dropped here while its ref was on its way
    settle(id, nullptr, dropped(id), out);
}

void ObjectBook::fetch(ObjectId id, const Contact& owner, ClientOutbox& out) {
  Object& object = *add(id, owner).first;
  if (object.settled) return out.completions.push_back({id, object.value, object.error});
  if (id.process == self_ || std::exchange(object.sharing->asked, true)) return;
  if (const auto dead = dead_nodes_.find(owner.node); dead != dead_nodes_.end())
    return settle(id, nullptr, lost_object("the owner of the object is gone: " + dead->second), out);
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
  --object->handles;
  forget_if_unused(id, *object, out);
}

void ObjectBook::pin(ObjectId id, const Contact& owner, ClientOutbox& out) {
  const auto [object, is_new] = add(id, owner);
  ++object->pins;
  if (is_new && id.process == self_)
    settle(id, nullptr, dropped(id), out);
  else if (!object->settled)
    fetch(id, owner, out);
}

void ObjectBook::unpin(ObjectId id, ClientOutbox& out) {
  Object* object = find_object(id);
  ATOLL_CHECK(object != nullptr && object->pins > 0, id);
  --object->pins;
  forget_if_unused(id, *object, out);
}

bool ObjectBook::keep(ObjectId id) {
  Object* object = find_object(id);
  if (object != nullptr) ++object->pins;
  return object != nullptr;
}

bool ObjectBook::is_unused(ObjectId id, const Object& object) const {
  if (object.handles > 0 || object.pins > 0) return false;
  if (id.process != self_) return true;
  return object.settled && (object.sharing == nullptr || object.sharing->borrowers == 0);
}

// With what it kept, and what that kept: there may be long chains.
void ObjectBook::forget(ObjectId id, ClientOutbox& out) {
  std::vector<ObjectId> unpinned;
  forget_one(id, unpinned, out);
  while (!unpinned.empty()) {
    const ObjectId next = unpinned.back();
    unpinned.pop_back();
    Object* object = find_object(next);
    ATOLL_CHECK(object != nullptr && object->pins > 0, next);
    --object->pins;
    if (is_unused(next, *object)) forget_one(next, unpinned, out);
  }
}

void ObjectBook::forget_one(ObjectId id, std::vector<ObjectId>& was_inside, ClientOutbox& out) {
  if (id.process != self_) {
    borrowed_.erase(id);
    return borrows_.gave_up(id, out);
  }
  const Object& object = *find(id);
  if (object.sharing != nullptr)
    for (const InsideRef& ref : object.sharing->inside) was_inside.push_back(ref.object);
  if (object.value != nullptr && is_location(*object.value)) {
    drop_copy(object.value, out);
    lineage_.release(id.sequence);
  }
  if (object.origin == Origin::kActor) unhandled_.push_back(actor_of(id));
  own_.erase(id.sequence);
}

// ------------------------------------------------------------- references inside

std::vector<InsideRef> ObjectBook::hold(const std::vector<InsideRef>& refs, ClientOutbox&) {
  std::vector<InsideRef> held;
  for (const InsideRef& ref : refs) {
    Object* object = ref.object.process == self_ ? find_object(ref.object) : add(ref.object, ref.owner).first;
    if (object == nullptr) continue;
    ++object->pins;
    held.push_back(ref);
  }
  return held;
}

void ObjectBook::release(const std::vector<InsideRef>& held, ClientOutbox& out) {
  for (const InsideRef& ref : held) unpin(ref.object, out);
}

bool ObjectBook::contain(ObjectId outer, const std::vector<InsideRef>& inside, ClientOutbox& out) {
  if (inside.empty()) return true;
  Object* object = find_object(outer);
  if (outer.process != self_ || object == nullptr || object->settled) return false;
  object->shared().inside = hold(inside, out);
  return true;
}

void ObjectBook::uncontain(ObjectId outer, ClientOutbox& out) {
  Object* object = find_object(outer);
  if (outer.process != self_ || object == nullptr || object->settled || object->sharing == nullptr) return;
  release(std::exchange(object->sharing->inside, {}), out);
}

std::vector<InsideRef> ObjectBook::inside_of(ObjectId id) const {
  const Object* object = find(id);
  return object == nullptr || object->sharing == nullptr ? std::vector<InsideRef>() : object->sharing->inside;
}

// --------------------------------------------------------------------- borrowers

void ObjectBook::lend(ProcessId borrower, NodeId node, const std::vector<ObjectId>& objects) {
  for (const ObjectId id : objects) {
    Object* object = id.process == self_ ? find_object(id) : nullptr;
    if (object != nullptr && borrowers_.add(borrower, node, id)) ++object->shared().borrowers;
  }
}

void ObjectBook::take_back(ProcessId borrower, const std::vector<ObjectId>& objects, ClientOutbox& out) {
  for (const ObjectId id : objects) {
    if (!borrowers_.remove(borrower, id)) continue;
    Object& object = *find_object(id);
    --object.sharing->borrowers;
    forget_if_unused(id, object, out);
  }
}

void ObjectBook::keep_lent(ProcessId borrower, const std::vector<ObjectId>& but, ClientOutbox& out) {
  const std::set<ObjectId> kept(but.begin(), but.end());
  std::vector<ObjectId> returned = borrowers_.objects_of(borrower);
  std::erase_if(returned, [&kept](ObjectId id) { return kept.contains(id); });
  take_back(borrower, returned, out);
}

// ------------------------------------------------------------- what others ask

void ObjectBook::on_fetch(ProcessId from, ObjectId id, ClientOutbox& out) {
  lose_if_dead(id, out);
  Object* object = find_object(id);
  if (object == nullptr) {
    ObjectReady gone{id, "", dropped(id), {}};
    return out.send(from, std::move(gone));
  }
  if (object->settled)
    out.send(from, reply_of(id, *object));
  else
    object->shared().fetchers.push_back(from);
}

void ObjectBook::on_ready(const ObjectReady& ready, ClientOutbox& out) {
  Value value = ready.error ? nullptr : std::make_shared<const std::string>(ready.value);
  Object* object = ready.object.process == self_ ? nullptr : find_object(ready.object);
  if (object == nullptr) return;  // nobody here wants it any more
  object->sharing->inside = ready.inside;
  settle(ready.object, std::move(value), ready.error, out);
}

void ObjectBook::on_lost(ProcessId peer, const std::string& why, ClientOutbox& out) {
  std::vector<ObjectId> gone;
  for_each([&](ObjectId id, Object& object) {
    if (object.sharing == nullptr) return;
    std::erase(object.sharing->fetchers, peer);
    if (!object.settled && object.sharing->asked && object.sharing->owner.process == peer) gone.push_back(id);
  });
  for (const ObjectId id : gone)
    settle(id, nullptr, lost_object("the owner of the object, process " + to_string(peer) + ", is gone: " + why), out);
}

void ObjectBook::on_node_died(const NodeDied& died, ClientOutbox& out) {
  dead_keepers_[died.daemon] = dead_nodes_[died.node] = died.why;
  any_lost_ = true;
  std::vector<ObjectId> gone;
  for (const auto& [id, object] : borrowed_)
    if (!object.settled && object.sharing->owner.node == died.node) gone.push_back(id);
  for (const ObjectId id : gone) settle(id, nullptr, lost_object("the owner of the object is gone: " + died.why), out);
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
  return {id, object.value ? *object.value : "", object.error.copy(),
          object.sharing != nullptr ? object.sharing->inside : std::vector<InsideRef>()};
}

}  // namespace Atoll
