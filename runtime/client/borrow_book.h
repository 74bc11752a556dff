#pragma once

#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <vector>

#include "runtime/client/call.h"

namespace Atoll {

// References to objects of other processes: what their owners know of them. Logic, without I/O.
//
// Every process speaks for itself alone, to each owner over its own connection: an owner keeps a set of borrowers, not a
// count, and what a broken connection swallowed is made good by saying all of it anew.
//
// BORROW-1 an owner keeps an object while it has references to it itself, a value that it keeps has one inside, or a borrower
//          has said so and has not returned it
// BORROW-2 no word by which others may let go (the end of a call, RefsTaken, ReturnObjects) leaves a process before the
//          owners of all references that it has got by then know of them: by that word itself if it goes to the owner, else
//          by BorrowObjects that was acknowledged
// BORROW-3 the last reference to another's object is given back at once; one that its owner never heard of costs no message
// BORROW-4 the references inside a result or an item are kept by who sends it until the receiver has taken them, or is gone;
//          those to the receiver's own objects need not be, unless it is the sender
// BORROW-5 after a lost connection a borrower says anew all that it has of the owner, and an owner or sender asks for it. Who
//          is lost again before it answered is gone: what it had is given back. On the machine of a process that died, and
//          where its address refuses, that is at once
// BORROW-6 a node that died takes its processes with it, whatever became of their connections
// BORROW-7 a call that got no references waits for none of this: its end is sent as ever
//
// What is not covered: who got a reference and has not told the owner yet has it from somebody, and if that one dies in this
// very moment the object may go.
class BorrowBook {
 public:
  explicit BorrowBook(NodeId node) : node_(node) {}

  // There is a reference to another's object in this process, or none any more.
  void found(ObjectId id, const Contact& owner);
  void gave_up(ObjectId id, ClientOutbox& out);

  // Sends `word` when every owner knows what it must (BORROW-2): in most cases now. A DoneWithRefs that says no more than a
  // TaskDone goes as one.
  void say(ProcessId to, Message word, ClientOutbox& out);
  // Tells every owner now what it does not know.
  void tell(ClientOutbox& out);
  // Whether RefsTaken for this value still waits to be sent.
  bool is_taking(ProcessId from, const PassedValue& value) const;

  void on_acknowledged(ProcessId owner, const ObjectsBorrowed& known, ClientOutbox& out);
  // The owner asks.
  void report(ProcessId owner, ClientOutbox& out);
  void on_lost(ProcessId owner, ClientOutbox& out);
  void on_node_died(NodeId node, ClientOutbox& out);

  // Objects of others that this process has references to, and words that wait.
  std::size_t size() const { return mine_.size(); }
  std::size_t waiting() const { return held_.size(); }
  std::size_t unanswered() const { return open_.size(); }

 private:
  struct Mine {
    Contact owner;
    bool told = false;
  };
  struct Held {
    std::uint64_t last = 0;  // of the requests that must be answered first
    ProcessId to = ProcessId::kNone;
    Message word;
  };

  void ask(std::uint64_t request, const Contact& owner, std::vector<ObjectId> objects, bool all, ClientOutbox& out);
  void tell_with(ProcessId owner, std::vector<ObjectId>& kept);
  std::vector<ObjectId> objects_of(ProcessId owner) const;
  void forget(ProcessId owner, ClientOutbox& out);
  void send_held(ClientOutbox& out);
  bool may_speak() const { return open_.empty() && held_.empty(); }

  NodeId node_;
  std::unordered_map<ObjectId, Mine> mine_;
  std::set<ObjectId> untold_;
  std::map<std::uint64_t, ProcessId> open_;  // requests that are not answered, and whom they went to
  std::uint64_t next_request_ = 1;
  std::deque<Held> held_;
  std::set<ProcessId> asked_again_;  // owners that were lost and have not answered since
};

}  // namespace Atoll
