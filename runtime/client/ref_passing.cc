#include "runtime/client/ref_passing.h"

#include <algorithm>
#include <utility>

namespace Atoll {

// ------------------------------------------------------------------- who sends

void RefPassing::keep(ProcessId to, const PassedValue& value, const std::vector<InsideRef>& inside, ClientOutbox& out) {
  std::vector<InsideRef> others;
  for (const InsideRef& ref : inside)
    if (is_kept_by(self_, to, ref)) others.push_back(ref);
  if (!others.empty()) passed_[{to, value}] = objects_.hold(others, out);
}

void RefPassing::end_call(ProcessId to, TaskDone done, std::vector<InsideRef> inside, ClientOutbox& out) {
  keep(to, {done.task, 0}, inside, out);
  borrows_.say(to, DoneWithRefs{std::move(done), std::move(inside), node_, {}}, out);
}

void RefPassing::send_item(ProcessId to, StreamItem item, std::vector<InsideRef> inside, ClientOutbox& out) {
  keep(to, {item.task, item.index + 1}, inside, out);
  out.send(to, ItemWithRefs{std::move(item), std::move(inside)});
}

void RefPassing::on_taken(ProcessId receiver, const RefsTaken& taken, ClientOutbox& out) {
  objects_.lend(receiver, taken.node, taken.kept);
  if (const auto passed = passed_.extract(Key{receiver, taken.value})) objects_.release(passed.mapped(), out);
}

// ---------------------------------------------------------------- who receives

void RefPassing::take(ProcessId from, const PassedValue& value, const std::vector<InsideRef>& inside, ClientOutbox& out) {
  if (std::ranges::any_of(inside, [&](const InsideRef& ref) { return is_kept_by(from, self_, ref); })) say_taken(from, value, out);
}

void RefPassing::say_taken(ProcessId from, const PassedValue& value, ClientOutbox& out) {
  borrows_.say(from, RefsTaken{value, node_, {}}, out);
}

void RefPassing::on_recount(ProcessId asker, const RecountRefs& recount, ClientOutbox& out) {
  borrows_.report(asker, out);
  for (const PassedValue& value : recount.passed)
    if (!borrows_.is_taking(asker, value)) say_taken(asker, value, out);
}

// --------------------------------------------------------------------- owners

void RefPassing::on_borrowed(ProcessId borrower, const BorrowObjects& borrowed, ClientOutbox& out) {
  objects_.lend(borrower, borrowed.node, borrowed.objects);
  if (borrowed.all) {
    asked_.erase(borrower);
    objects_.keep_lent(borrower, borrowed.objects, out);
  }
  out.send(borrower, ObjectsBorrowed{borrowed.request});
}

bool RefPassing::on_message(ProcessId from, const Message& message, ClientOutbox& out) {
  if (const auto* borrowed = std::get_if<BorrowObjects>(&message))
    on_borrowed(from, *borrowed, out);
  else if (const auto* known = std::get_if<ObjectsBorrowed>(&message))
    borrows_.on_acknowledged(from, *known, out);
  else if (const auto* returned = std::get_if<ReturnObjects>(&message))
    objects_.take_back(from, returned->objects, out);
  else if (const auto* taken = std::get_if<RefsTaken>(&message))
    on_taken(from, *taken, out);
  else if (const auto* recount = std::get_if<RecountRefs>(&message))
    on_recount(from, *recount, out);
  else
    return false;
  return true;
}

// ---------------------------------------------------------- connections that break

std::vector<PassedValue> RefPassing::passed_to(ProcessId receiver) const {
  std::vector<PassedValue> values;
  for (auto entry = passed_.lower_bound({receiver, {}}); entry != passed_.end() && entry->first.first == receiver; ++entry)
    values.push_back(entry->first.second);
  return values;
}

void RefPassing::on_lost(ProcessId peer, ClientOutbox& out) {
  borrows_.on_lost(peer, out);
  std::vector<PassedValue> passed = passed_to(peer);
  if (passed.empty() && !objects_.borrowers().contains(peer)) {
    asked_.erase(peer);
    return;
  }
  if (!asked_.insert(peer).second) return forget(peer, out);
  out.send(peer, RecountRefs{std::move(passed)});
}

void RefPassing::forget(ProcessId peer, ClientOutbox& out) {
  asked_.erase(peer);
  for (const PassedValue& value : passed_to(peer)) objects_.release(passed_.extract({peer, value}).mapped(), out);
  objects_.keep_lent(peer, {}, out);
}

void RefPassing::on_node_died(NodeId node, ClientOutbox& out) {
  borrows_.on_node_died(node, out);
  for (const ProcessId borrower : objects_.borrowers().on_node(node)) forget(borrower, out);
}

}  // namespace Atoll
