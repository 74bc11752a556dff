#pragma once

#include "runtime/client/actor_client.h"
#include "runtime/client/copy_client.h"
#include "runtime/client/failure_log.h"
#include "runtime/client/group_client.h"
#include "runtime/client/object_book.h"
#include "runtime/client/ref_passing.h"
#include "runtime/client/task_client.h"

namespace Atoll {

// A client's logic, without I/O: what a driver or a worker needs to own tasks,
// objects and actors. The shell (client_runtime.h) or the simulator feeds it
// what the user asks for and what arrives, and carries out the ClientOutbox.
//
// CLIENT-1 whatever happens, every object that was asked for settles: nothing hangs
class ClientCore {
 public:
  struct Options {
    Contact self;
    Contact head;
    ProcessId job = ProcessId::kNone;  // the driver's process
  };
  explicit ClientCore(Options options, ClientOutbox& out);

  // The daemon to ask first for workers, and for room for large objects.
  void set_home(const Contact& home) {
    tasks_.set_home(home);
    copies_.set_home(home);
  }

  void submit(Time now, TaskSpec spec, ClientOutbox& out);
  // `inside` are the references in the value.
  void put(Time now, ObjectId id, Value value, ClientOutbox& out, const std::vector<InsideRef>& inside = {});
  // An object of ours that settle() will settle: with a value, or with an error if that is null.
  void declare(ObjectId id) { objects_.declare(id); }
  void settle(Time now, ObjectId id, Value value, Failure error, ClientOutbox& out);
  // The same for a part of another object's value: the references inside it are those of the whole that it mentions.
  void settle_part(Time now, ObjectId whole, ObjectId part, Value value, Failure error, ClientOutbox& out);
  // A handle came from elsewhere, the first. `tell`: its owner hears of it at once, for no call brought it.
  void adopt(ObjectId id, const Contact& owner, bool tell, ClientOutbox& out);
  // What became of another's object is wanted.
  void fetch(ObjectId id, const Contact& owner, ClientOutbox& out) { objects_.fetch(id, owner, out); }
  // Both.
  void borrow(ObjectId id, const Contact& owner, ClientOutbox& out);
  // Nobody wants the references inside an item any more, or others keep them.
  void release(Time now, const std::vector<InsideRef>& inside, ClientOutbox& out);
  void drop(Time now, ObjectId id, ClientOutbox& out);
  // A user of this process could not read the copy that is, or was, the object's value. A Completion says what comes of it,
  // unless another has said so before.
  void lose(Time now, ObjectId id, const CopyId& copy, const std::string& why, ClientOutbox& out);
  void create_actor(ActorSpec spec, std::vector<CallArgument> arguments, ClientOutbox& out, bool get_if_exists = false);
  void watch_actor(ActorId id, ClientOutbox& out) { actors_.watch(id, out); }
  void find_actor(const std::string& name, const std::string& name_space, ClientOutbox& out);
  void call_actor(Time now, ActorCallSpec spec, ClientOutbox& out);
  // An actor that this process creates has a handle, which drop(handles_of(id)) ends.
  void count_handles(ActorId id) { objects_.declare_handles(id); }
  void kill_actor(ActorId id, bool restart, ClientOutbox& out);
  // Cancels what the object is the result of; its owner is asked if that is another process.
  void cancel(Time now, const CancelObject& request, const Contact& owner, ClientOutbox& out);
  // So many items of the stream were read; `closed`: nobody reads any more.
  void stream_read(Time now, const StreamRead& read, ClientOutbox& out);
  // Cancels the tasks and calls that `parent` submitted in this process.
  void cancel_children(Time now, TaskId parent, ClientOutbox& out);
  // What a call here ends with, for who asked for it: said once the owners of what it got know. `inside` are the references
  // in a TaskDone's value.
  void end_call(ProcessId to, const Message& answer, std::vector<InsideRef> inside, ClientOutbox& out);
  void send_item(ProcessId to, StreamItem item, std::vector<InsideRef> inside, ClientOutbox& out);
  void create_group(GroupSpec spec, ClientOutbox& out) { groups_.create(std::move(spec), out); }
  void group_ready(Time now, GroupId id, ObjectId ready, ClientOutbox& out);
  void watch_group(GroupId id, ClientOutbox& out) { groups_.watch(id, out); }
  void find_group(const std::string& name, ClientOutbox& out) { groups_.find(name, out); }
  void remove_group(GroupId id, ClientOutbox& out);

  void on_message(Time now, ProcessId from, const Message& message, ClientOutbox& out);
  void on_lost(Time now, ProcessId peer, const Status& why, ClientOutbox& out);
  void on_tick(Time now, ClientOutbox& out);
  std::optional<Time> next_deadline() const;
  // Whether something would be lost with this process that is not its own: objects, calls, tasks, actors or groups that it
  // owns, references that it passes on.
  bool is_needed() const;

  // What ended of what this process owns.
  WorkTotals totals() const;
  const TaskClient& tasks() const { return tasks_; }
  const ActorClient& actors() const { return actors_; }
  const ObjectBook& objects() const { return objects_; }
  const BorrowBook& borrows() const { return borrows_; }
  const RefPassing& passing() const { return passing_; }
  CopyClient& copies() { return copies_; }

 private:
  void on_done(Time now, ProcessId from, const DoneWithRefs& done, ClientOutbox& out);
  void on_item(ProcessId from, const ItemWithRefs& item, ClientOutbox& out);
  void on_group(Time now, const GroupUpdate& update, ClientOutbox& out);
  void on_no_group(Time now, const NoSuchGroup& unknown, ClientOutbox& out);
  void on_node_died(Time now, const NodeDied& died, ClientOutbox& out);
  // What people's tools ask (client_state.cc).
  void on_state(Time now, ProcessId from, const GetState& question, ClientOutbox& out) const;
  void release_unhandled(Time now);
  // Objects that settled may let calls go on, which may settle others.
  void propagate(Time now, std::size_t completions_before, ClientOutbox& out);

  Options options_;
  BorrowBook borrows_;
  ObjectBook objects_;
  RefPassing passing_;
  CopyClient copies_;
  TaskClient tasks_;
  ActorClient actors_;
  GroupClient groups_;
  FailureLog failures_;
};

}  // namespace Atoll
