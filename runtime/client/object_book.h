#pragma once

#include <memory>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/base/sequence_table.h"
#include "runtime/client/borrow_book.h"
#include "runtime/client/borrower_table.h"
#include "runtime/client/call.h"
#include "runtime/client/lineage.h"
#include "runtime/state/rows.h"
#include "runtime/wire/location.h"

namespace Atoll {

// The objects a process owns or has borrowed: pending until they become a value
// or an error. What was lost is pending again (object_losses.cc).
//
// OBJECTS-1 a pending object is settled once, and later news of it is ignored, until its value is lost
// OBJECTS-2 whoever asked for a pending object is answered when it settles
// OBJECTS-3 an object is forgotten as soon as it is settled and no handle, task or other value here refers to it, and nobody
//           borrows it; another process's object as soon as nothing here refers to it
// OBJECTS-4 a copy in some node's arena that is the value of an object of ours is owned, and dropped with the object; so
//           is one that came too late to be its value
// OBJECTS-5 the references inside the value of an object of ours are pinned while the object has that value
// LINEAGE-3 a lost copy makes an object pending once, however many miss it; who misses one that is no more the object's value
//           is told the present one
// LINEAGE-4 of a lost copy something always comes: another, or an error that says why there is none
//
// borrow_book.h has the rules of what processes say to each other about references.
class ObjectBook {
 public:
  ObjectBook(const Contact& self, BorrowBook& borrows)
      : self_(self.process), contact_(self), borrows_(borrows), lineage_(self.process) {}

  // An object of ours that a task or actor call will settle. It has a handle.
  void declare(ObjectId id);
  // An object of ours whose value, with these references inside, is known.
  void put(ObjectId id, Value value, ClientOutbox& out, const std::vector<InsideRef>& inside = {});
  // The object that stands for the handles to an actor of ours. It has one.
  void declare_handles(ActorId actor);
  // Of which the last is gone, anywhere: each once.
  std::vector<ActorId> take_unhandled() { return std::exchange(unhandled_, {}); }
  bool has_unhandled() const { return !unhandled_.empty(); }
  // A handle came from elsewhere, and there was none in this process.
  void adopt(ObjectId id, const Contact& owner, ClientOutbox& out);
  // What became of it is wanted: of another process's object it is asked, once.
  void fetch(ObjectId id, const Contact& owner, ClientOutbox& out);

  // Settles a pending object; a null value means `error`. Answers whoever asked. The value may be a location.
  void settle(ObjectId id, Value value, Failure error, ClientOutbox& out);

  // The last handle in this process went: the other side of declare(), put() and adopt(). With threads these may come in
  // another order than they happened: handles are counted.
  void drop(ObjectId id, ClientOutbox& out);
  // A task's argument wants what became of an object, and keeps it until the task has been sent for good.
  void pin(ObjectId id, const Contact& owner, ClientOutbox& out);
  void unpin(ObjectId id, ClientOutbox& out);
  // Pins it if it is known here: whether it is.
  bool keep(ObjectId id);

  // The pending object's value is about to come with these references inside: they are kept as long as it. False, and
  // nothing kept, if it is settled or gone.
  bool contain(ObjectId outer, const std::vector<InsideRef>& inside, ClientOutbox& out);
  // Its value did not come.
  void uncontain(ObjectId outer, ClientOutbox& out);
  // The references inside the object's value, as far as they are known here.
  std::vector<InsideRef> inside_of(ObjectId id) const;
  // Pins what is referred to; returns those whose objects are not gone, for release().
  std::vector<InsideRef> hold(const std::vector<InsideRef>& refs, ClientOutbox& out);
  void release(const std::vector<InsideRef>& held, ClientOutbox& out);

  // Another process has references to these objects of ours (BORROW-1); those that are gone are passed over.
  void lend(ProcessId borrower, NodeId node, const std::vector<ObjectId>& objects);
  // It has none to these any more, or to all but these.
  void take_back(ProcessId borrower, const std::vector<ObjectId>& objects, ClientOutbox& out);
  void keep_lent(ProcessId borrower, const std::vector<ObjectId>& but, ClientOutbox& out);
  const BorrowerTable& borrowers() const { return borrowers_; }

  // A daemon asks whether a copy is wanted whose maker has ended.
  void on_orphaned(ProcessId keeper, const CopyOrphaned& orphaned, ClientOutbox& out) const;

  // Another process asks.
  void on_fetch(ProcessId from, ObjectId id, ClientOutbox& out);
  void on_ready(const ObjectReady& ready, ClientOutbox& out);
  // An owner is gone: what was borrowed from it and is pending is lost.
  void on_lost(ProcessId peer, const std::string& why, ClientOutbox& out);
  // So are all owners on a node that died, and the copies there.
  void on_node_died(const NodeDied& died, ClientOutbox& out);
  // Every pending object becomes `error`: the cluster is gone.
  void fail_all(const ErrorInfo& error, ClientOutbox& out);

  // The copy that was the object's value cannot be read any more: its task is to be run again, its owner is asked, or it
  // becomes an error. Nothing, if it has another value or is pending by now.
  void lose(ObjectId id, const CopyId& copy, const std::string& why, ClientOutbox& out);
  // The same, if that is known to be so.
  void lose_if_dead(ObjectId id, ClientOutbox& out);
  // Whether anything ever was, or may be.
  bool any_lost() const { return any_lost_; }
  // Another process cannot read it.
  void on_copy_lost(ProcessId from, const CopyLost& lost, ClientOutbox& out);
  // Objects of ours whose tasks are to be run again, each once.
  std::vector<ObjectId> take_rebuilds() { return std::exchange(rebuilds_, {}); }
  bool has_rebuilds() const { return !rebuilds_.empty(); }
  // An argument of such a task: known here, or made again as well; else why it cannot be had.
  Status revive(ObjectId id, const Contact& owner);
  // Says in an error of such a task why it was run again.
  void explain(ObjectId id, ErrorInfo& error) const;
  // Of an object of ours: who made it, for the day that it is lost.
  void set_origin(ObjectId id, Origin origin);
  Lineage& lineage() { return lineage_; }
  const Lineage& lineage() const { return lineage_; }

  struct Object {
    bool settled = false;
    std::int16_t handles = 0;  // 0 or 1, but for a moment
    bool again = false;  // a value of it was lost
    Origin origin = Origin::kPut;
    std::int32_t pins = 0;
    Value value;
    Failure error;
    // What other processes have to do with it; null for most.
    struct Sharing {
      Contact owner;                    // when it is another's
      bool asked = false;               // the owner, for what became of it
      std::vector<ProcessId> fetchers;  // who waits for it
      std::vector<InsideRef> inside;    // of its value; pinned if it is ours
      std::uint32_t borrowers = 0;
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
  bool owns_any() const { return !own_.empty(); }
  // All of them, as they are listed (client_state.cc).
  void list(StateRows& rows) const;

 private:
  Object* find_object(ObjectId id) { return const_cast<Object*>(find(id)); }
  std::pair<Object*, bool> add(ObjectId id);
  std::pair<Object*, bool> add(ObjectId id, const Contact& owner);
  bool is_unused(ObjectId id, const Object& object) const;
  void forget_if_unused(ObjectId id, const Object& object, ClientOutbox& out) {
    if (is_unused(id, object)) forget(id, out);
  }
  void forget(ObjectId id, ClientOutbox& out);
  void forget_one(ObjectId id, std::vector<ObjectId>& was_inside, ClientOutbox& out);
  void own_copy(ObjectId id, Value& value, ClientOutbox& out) const;
  static void drop_copy(const Value& value, ClientOutbox& out);
  void ask_owner(ObjectId id, Object& object, const CopyId& copy, const std::string& why, ClientOutbox& out);
  static ObjectReady reply_of(ObjectId id, const Object& object);
  template <typename Each>
  void for_each(Each each);

  ProcessId self_;
  Contact contact_;
  BorrowBook& borrows_;
  BorrowerTable borrowers_;
  Lineage lineage_;
  SequenceTable<Object> own_;  // by sequence
  std::unordered_map<ObjectId, Object> borrowed_;
  std::vector<ObjectId> rebuilds_;
  std::vector<ActorId> unhandled_;
  std::unordered_map<ObjectId, std::string> losses_;  // of ours that are made again: why
  std::unordered_map<ProcessId, std::string> dead_keepers_;  // daemons of nodes that died: of what
  std::unordered_map<NodeId, std::string> dead_nodes_;
  bool any_lost_ = false;
};

}  // namespace Atoll
