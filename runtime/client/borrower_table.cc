#include "runtime/client/borrower_table.h"

namespace Atoll {

bool BorrowerTable::add(ProcessId borrower, NodeId node, ObjectId object) {
  Borrower& entry = borrowers_[borrower];
  entry.node = node;
  return entry.objects.insert(object).second;
}

bool BorrowerTable::remove(ProcessId borrower, ObjectId object) {
  const auto entry = borrowers_.find(borrower);
  if (entry == borrowers_.end() || entry->second.objects.erase(object) == 0) return false;
  if (entry->second.objects.empty()) borrowers_.erase(entry);
  return true;
}

std::vector<ObjectId> BorrowerTable::objects_of(ProcessId borrower) const {
  const auto entry = borrowers_.find(borrower);
  if (entry == borrowers_.end()) return {};
  return {entry->second.objects.begin(), entry->second.objects.end()};
}

std::vector<ProcessId> BorrowerTable::on_node(NodeId node) const {
  std::vector<ProcessId> found;
  for (const auto& [borrower, entry] : borrowers_)
    if (entry.node == node) found.push_back(borrower);
  return found;
}

std::vector<ProcessId> BorrowerTable::borrowers_of(ObjectId object) const {
  std::vector<ProcessId> found;
  for (const auto& [borrower, entry] : borrowers_)
    if (entry.objects.contains(object)) found.push_back(borrower);
  return found;
}

}  // namespace Atoll
