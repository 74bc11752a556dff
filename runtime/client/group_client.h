#pragma once

#include <map>
#include <vector>

#include "runtime/client/object_book.h"

namespace Atoll {

// The client's side of placement groups: asks for them, and settles the objects that say that they are ready.
//
// GROUP-CLIENT-1 a ready object is settled once: when the group is created, or by what became of it instead
class GroupClient {
 public:
  GroupClient(const Contact& self, ObjectBook& objects) : self_(self), objects_(objects) {}

  void set_head(ProcessId head) { head_ = head; }

  void create(GroupSpec spec, ClientOutbox& out);
  // `ready`, an object of ours, is settled as soon as the group is created.
  void when_ready(GroupId id, ObjectId ready, ClientOutbox& out);
  // Asks the head for the group's state; the answer is a group update.
  void watch(GroupId id, ClientOutbox& out) const { out.send(head_, WatchGroup{id, ""}); }
  void find(const std::string& name, ClientOutbox& out) const { out.send(head_, WatchGroup{GroupId(), name}); }
  void remove(GroupId id, ClientOutbox& out) const { out.send(head_, RemoveGroup{id}); }

  void on_update(const GroupUpdate& update, ClientOutbox& out);
  // Whether there are groups that end with this process.
  bool owns_any() const;

 private:
  struct Group {
    GroupUpdate last;
    bool is_ours = false;  // it ends with this process
    std::vector<ObjectId> waiting;
  };
  void settle(Group& group, ClientOutbox& out);

  Contact self_;
  ObjectBook& objects_;
  ProcessId head_ = ProcessId::kNone;
  std::map<GroupId, Group> groups_;
};

}  // namespace Atoll
