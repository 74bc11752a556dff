#pragma once

#include <map>
#include <set>
#include <utility>
#include <vector>

#include "runtime/client/object_book.h"

namespace Atoll {

// References on their way from one process to another, and what is said about borrowed objects: joins the book of objects and
// the book of what their owners know (borrow_book.h has the rules).
class RefPassing {
 public:
  RefPassing(const Contact& self, ObjectBook& objects, BorrowBook& borrows)
      : self_(self.process), node_(self.node), objects_(objects), borrows_(borrows) {}

  // A call for `to` has ended here; `inside` are the references in its value.
  void end_call(ProcessId to, TaskDone done, std::vector<InsideRef> inside, ClientOutbox& out);
  void send_item(ProcessId to, StreamItem item, std::vector<InsideRef> inside, ClientOutbox& out);
  // A value came from there; what was inside is kept now, or not wanted.
  void take(ProcessId from, const PassedValue& value, const std::vector<InsideRef>& inside, ClientOutbox& out);

  // Whether it was about references.
  bool on_message(ProcessId from, const Message& message, ClientOutbox& out);
  void on_lost(ProcessId peer, ClientOutbox& out);
  void on_node_died(NodeId node, ClientOutbox& out);

  // Values that were sent with references inside and are not taken yet.
  std::size_t passed() const { return passed_.size(); }

 private:
  using Key = std::pair<ProcessId, PassedValue>;  // the receiver, and what it receives

  // Whether the sender keeps it for the receiver. Not the receiver's own, since what it hears of them comes in order; but it
  // hears of what it sends itself late.
  static bool is_kept_by(ProcessId sender, ProcessId receiver, const InsideRef& ref) {
    return ref.object.process != receiver || sender == receiver;
  }
  void keep(ProcessId to, const PassedValue& value, const std::vector<InsideRef>& inside, ClientOutbox& out);
  void say_taken(ProcessId from, const PassedValue& value, ClientOutbox& out);
  void on_borrowed(ProcessId borrower, const BorrowObjects& borrowed, ClientOutbox& out);
  void on_taken(ProcessId receiver, const RefsTaken& taken, ClientOutbox& out);
  void on_recount(ProcessId asker, const RecountRefs& recount, ClientOutbox& out);
  std::vector<PassedValue> passed_to(ProcessId receiver) const;
  void forget(ProcessId peer, ClientOutbox& out);

  ProcessId self_;
  NodeId node_;
  ObjectBook& objects_;
  BorrowBook& borrows_;
  std::map<Key, std::vector<InsideRef>> passed_;  // what is held of it
  std::set<ProcessId> asked_;  // peers that were lost and have not answered since
};

}  // namespace Atoll
