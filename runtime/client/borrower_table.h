#pragma once

#include <map>
#include <set>
#include <vector>

#include "runtime/base/ids.h"

namespace Atoll {

// Who borrows which objects of this process (BORROW-1).
class BorrowerTable {
 public:
  // Returns whether it is new.
  bool add(ProcessId borrower, NodeId node, ObjectId object);
  // Returns whether it was there.
  bool remove(ProcessId borrower, ObjectId object);
  // All that the borrower has.
  std::vector<ObjectId> objects_of(ProcessId borrower) const;

  bool contains(ProcessId borrower) const { return borrowers_.contains(borrower); }
  std::vector<ProcessId> on_node(NodeId node) const;
  // Who borrows the object: looks through all.
  std::vector<ProcessId> borrowers_of(ObjectId object) const;
  std::size_t size() const { return borrowers_.size(); }

 private:
  struct Borrower {
    NodeId node = NodeId::kNone;
    std::set<ObjectId> objects;  // not empty
  };
  std::map<ProcessId, Borrower> borrowers_;
};

}  // namespace Atoll
