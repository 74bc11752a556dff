// Objects whose value was a copy in some node's memory that is lost.

#include "runtime/client/errors.h"
#include "runtime/client/object_book.h"

namespace Atoll {
namespace {

const char* words_of(Origin origin) {
  switch (origin) {
    case Origin::kCall: return "it is the result of an actor's call, which is not run again; ask the actor again";
    case Origin::kOnce: return "its task may run only once; give it retries() to have lost results made again";
    case Origin::kUsedUp: return "its task has run as often as its retries() allow";
    case Origin::kCancelled: return "its task was cancelled, and is not run again";
    case Origin::kTask:
    case Origin::kForgotten:
      return "how it was made is forgotten, since this process has made so many; submit its task again";
    case Origin::kPut:
    case Origin::kActor: break;
  }
  return "it was put, and no task makes it again; put it again, or return it from a task";
}

bool is_that(const Value& value, const CopyId& copy) {
  if (value == nullptr || !is_location(*value)) return false;
  const Result<Location> location = decode_location(*value);
  return location.ok() && location->id() == copy;
}

}  // namespace

void ObjectBook::lose(ObjectId id, const CopyId& copy, const std::string& why, ClientOutbox& out) {
  Object* object = find_object(id);
  if (object == nullptr || !object->settled || !is_that(object->value, copy)) return;
  any_lost_ = true;
  const Value value = std::exchange(object->value, nullptr);
  object->settled = false;
  object->again = true;
  if (id.process != self_) return ask_owner(id, *object, copy, why, out);
  uncontain(id, out);  // the next value brings its own references
  object = find_object(id);
  if (!dead_keepers_.contains(copy.keeper)) drop_copy(value, out);  // somebody cannot read it, but it may be there
  if (!lineage_.has(id.sequence))
    return settle(id, nullptr, lost_object("the object is lost: " + why + "; " + words_of(object->origin)), out);
  losses_[id] = why;
  rebuilds_.push_back(id);
}

void ObjectBook::ask_owner(ObjectId id, Object& object, const CopyId& copy, const std::string& why, ClientOutbox& out) {
  const Contact& owner = object.shared().owner;
  if (const auto dead = dead_nodes_.find(owner.node); dead != dead_nodes_.end())
    return settle(id, nullptr,
                  lost_object("the object is lost: " + why + "; its owner, who could have it made again, is gone: " +
                              dead->second), out);
  object.shared().asked = true;
  out.learn(owner);
  out.send(owner.process, CopyLost{id, copy.keeper, copy.copy, why});
}

void ObjectBook::lose_if_dead(ObjectId id, ClientOutbox& out) {
  if (dead_keepers_.empty()) return;
  const Object* object = find(id);
  if (object == nullptr || object->value == nullptr || !is_location(*object->value)) return;
  const Result<Location> location = decode_location(*object->value);
  if (!location.ok()) return;
  const auto dead = dead_keepers_.find(location->keeper.process);
  if (dead != dead_keepers_.end()) lose(id, location->id(), dead->second, out);
}

void ObjectBook::on_copy_lost(ProcessId from, const CopyLost& lost, ClientOutbox& out) {
  lose(lost.object, {lost.keeper, lost.copy}, lost.why, out);
  on_fetch(from, lost.object, out);
}

Status ObjectBook::revive(ObjectId id, const Contact& owner) {
  if (find(id) != nullptr || (id.process != self_ && !owner.is_none())) return Status();
  if (id.process != self_ || !lineage_.has(id.sequence))
    return Status(Code::kNotFound, "an argument of its task, " + to_string(id) +
                                       ", is gone too: it was put and dropped, or may not be made again");
  declare(id);
  Object& object = *find_object(id);
  object.handles = 0;  // only the task that takes it will refer to it
  object.again = true;
  lineage_.revive(id.sequence);
  losses_[id] = "it is an argument of a task that is run again";
  rebuilds_.push_back(id);
  return Status();
}

void ObjectBook::explain(ObjectId id, ErrorInfo& error) const {
  const auto loss = losses_.find(id);
  if (loss != losses_.end()) error.message += "; it was being made again, since its copy was lost: " + loss->second;
}

void ObjectBook::set_origin(ObjectId id, Origin origin) {
  if (Object* object = find_object(id)) object->origin = origin;
}

}  // namespace Atoll
