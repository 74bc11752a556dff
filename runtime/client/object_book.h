#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/sequence_table.h"
#include "runtime/client/call.h"
#include "runtime/state/rows.h"

namespace Atoll {

// The objects a process owns or has borrowed: pending until they become a value
// or an error, once.
//
// OBJECTS-1 an object is settled at most once; later news of it is ignored
// OBJECTS-2 whoever asked for a pending object is answered when it settles
// OBJECTS-3 a dropped object is forgotten as soon as no task waits for it
// OBJECTS-4 a copy in some node's arena that is the value of an object of ours is owned, and dropped with the object; so
//           is one that came too late to be its value
class ObjectBook {
 public:
  explicit ObjectBook(ProcessId self) : self_(self) {}

  // An object of ours that a task or actor call will settle.
  void declare(ObjectId id);
  // An object of ours whose value is known.
  void put(ObjectId id, Value value, ClientOutbox& out);
  // Another process's object: asked for, once.
  void borrow(ObjectId id, const Contact& owner, ClientOutbox& out);

  // Settles a pending object; a null value means `error`. Answers whoever asked. The value may be a location.
  void settle(ObjectId id, Value value, Failure error, ClientOutbox& out);

  // Nobody in this process refers to the object any more.
  void drop(ObjectId id, ClientOutbox& out);
  // A task's argument keeps an object until the task has been sent for good.
  void pin(ObjectId id);
  void unpin(ObjectId id, ClientOutbox& out);

  // A daemon asks whether a copy is wanted whose maker has ended.
  void on_orphaned(ProcessId keeper, const CopyOrphaned& orphaned, ClientOutbox& out) const;

  // Another process asks.
  void on_fetch(ProcessId from, ObjectId id, ClientOutbox& out);
  void on_ready(const ObjectReady& ready, ClientOutbox& out);
  // An owner is gone: what was borrowed from it and is pending is lost.
  void on_lost(ProcessId peer, const std::string& why, ClientOutbox& out);
  // So are all owners on a node that died.
  void on_node_died(NodeId node, const std::string& why, ClientOutbox& out);
  // Every pending object becomes `error`: the cluster is gone.
  void fail_all(const ErrorInfo& error, ClientOutbox& out);

  struct Object {
    bool settled = false;
    bool dropped = false;
    std::int32_t pins = 0;
    Value value;
    Failure error;
    // What other processes have to do with it; null for most.
    struct Sharing {
      Contact owner;                    // when borrowed
      std::vector<ProcessId> fetchers;  // who waits for it
    };
    std::unique_ptr<Sharing> sharing;
    Sharing& shared() {
      if (sharing == nullptr) sharing = std::make_unique<Sharing>();
      return *sharing;
    }
  };
  // None if it was never known here, or is forgotten.
  const Object* find(ObjectId id) const;
  std::size_t size() const { return own_.size() + borrowed_.size(); }
  // All of them, as they are listed (client_state.cc).
  void list(StateRows& rows) const;

 private:
  Object* find_object(ObjectId id) { return const_cast<Object*>(find(id)); }
  std::pair<Object*, bool> add(ObjectId id);
  void forget_if_unused(ObjectId id, const Object& object, ClientOutbox& out);
  static void own_copy(const Value& value, ClientOutbox& out);
  static void drop_copy(const Value& value, ClientOutbox& out);
  static ObjectReady reply_of(ObjectId id, const Object& object);
  template <typename Each>
  void for_each(Each each);

  ProcessId self_;
  SequenceTable<Object> own_;  // by sequence
  std::unordered_map<ObjectId, Object> borrowed_;
};

}  // namespace Atoll
