#include "runtime/client/object_book.h"

#include "runtime/base/check.h"

namespace Atoll {
namespace {

ErrorInfo lost(std::string message) {
  ErrorInfo error;
  error.kind = ErrorKind::kObjectLost;
  error.message = std::move(message);
  return error;
}

}  // namespace

void ObjectBook::declare(ObjectId id) {
  ATOLL_CHECK(id.process == self_, id);
  const bool is_new = objects_.try_emplace(id).second;
  ATOLL_CHECK(is_new, id);
}

void ObjectBook::put(ObjectId id, Value value, ClientOutbox& out) {
  declare(id);
  settle(id, std::move(value), std::nullopt, out);
}

void ObjectBook::borrow(ObjectId id, const Contact& owner, ClientOutbox& out) {
  const auto [entry, is_new] = objects_.try_emplace(id);
  if (!is_new) {
    Object& known = entry->second;
    known.dropped = false;
    if (known.settled) out.completions.push_back({id, known.value, known.error});
    return;
  }
  if (id.process == self_)  // it was dropped here while its ref was on its way
    return settle(id, nullptr, lost("the object " + to_string(id) + " was dropped by its owner"), out);
  entry->second.owner = owner;
  out.learn(owner);
  out.send(owner.process, FetchObject{id});
}

void ObjectBook::settle(ObjectId id, Value value, std::optional<ErrorInfo> error, ClientOutbox& out) {
  const auto entry = objects_.find(id);
  if (entry == objects_.end() || entry->second.settled) return;
  Object& object = entry->second;
  object.settled = true;
  object.value = std::move(value);
  object.error = std::move(error);
  for (const ProcessId fetcher : object.fetchers) out.send(fetcher, reply_of(id, object));
  object.fetchers.clear();
  out.completions.push_back({id, object.value, object.error});
  forget_if_unused(id);
}

void ObjectBook::drop(ObjectId id) {
  const auto entry = objects_.find(id);
  if (entry == objects_.end()) return;
  entry->second.dropped = true;
  forget_if_unused(id);
}

void ObjectBook::pin(ObjectId id) {
  const auto entry = objects_.find(id);
  ATOLL_CHECK(entry != objects_.end(), id);
  ++entry->second.pins;
}

void ObjectBook::unpin(ObjectId id) {
  const auto entry = objects_.find(id);
  ATOLL_CHECK(entry != objects_.end() && entry->second.pins > 0, id);
  --entry->second.pins;
  forget_if_unused(id);
}

void ObjectBook::forget_if_unused(ObjectId id) {
  const auto entry = objects_.find(id);
  const Object& object = entry->second;
  if (object.settled && object.dropped && object.pins == 0) objects_.erase(entry);
}

void ObjectBook::on_fetch(ProcessId from, ObjectId id, ClientOutbox& out) {
  const auto entry = objects_.find(id);
  if (entry == objects_.end()) {
    ObjectReady gone{id, "", lost("the object " + to_string(id) + " was dropped by its owner")};
    return out.send(from, std::move(gone));
  }
  if (entry->second.settled)
    out.send(from, reply_of(id, entry->second));
  else
    entry->second.fetchers.push_back(from);
}

void ObjectBook::on_ready(const ObjectReady& ready, ClientOutbox& out) {
  Value value = ready.error ? nullptr : std::make_shared<const std::string>(ready.value);
  settle(ready.object, std::move(value), ready.error, out);
}

void ObjectBook::on_lost(ProcessId peer, const std::string& why, ClientOutbox& out) {
  std::vector<ObjectId> gone;
  for (auto& [id, object] : objects_) {
    std::erase(object.fetchers, peer);
    if (!object.settled && object.owner.process == peer) gone.push_back(id);
  }
  for (const ObjectId id : gone)
    settle(id, nullptr, lost("the owner of the object, process " + to_string(peer) + ", is gone: " + why), out);
}

void ObjectBook::on_node_died(NodeId node, const std::string& why, ClientOutbox& out) {
  std::vector<ObjectId> gone;
  for (const auto& [id, object] : objects_)
    if (!object.settled && !object.owner.is_none() && object.owner.node == node) gone.push_back(id);
  for (const ObjectId id : gone) settle(id, nullptr, lost("the owner of the object is gone: " + why), out);
}

void ObjectBook::fail_all(const ErrorInfo& error, ClientOutbox& out) {
  std::vector<ObjectId> pending;
  for (const auto& [id, object] : objects_)
    if (!object.settled) pending.push_back(id);
  for (const ObjectId id : pending) settle(id, nullptr, error, out);
}

const ObjectBook::Object* ObjectBook::find(ObjectId id) const {
  const auto entry = objects_.find(id);
  return entry == objects_.end() ? nullptr : &entry->second;
}

ObjectReady ObjectBook::reply_of(ObjectId id, const Object& object) {
  return {id, object.value ? *object.value : "", object.error};
}

}  // namespace Atoll
