#include "runtime/client/borrow_book.h"

#include <algorithm>
#include <utility>

namespace Atoll {
namespace {

// Where a word says which objects of its receiver the sender has references to; null if it says nothing of that.
std::vector<ObjectId>* kept_in(Message& word) {
  if (auto* done = std::get_if<DoneWithRefs>(&word)) return &done->kept;
  if (auto* taken = std::get_if<RefsTaken>(&word)) return &taken->kept;
  return nullptr;
}

void send_word(ProcessId to, Message word, ClientOutbox& out) {
  auto* done = std::get_if<DoneWithRefs>(&word);
  if (done != nullptr && done->inside.empty() && done->kept.empty()) return out.send(to, std::move(done->done));
  out.send(to, std::move(word));
}

bool add_return(Message& word, ObjectId id) {
  auto* returned = std::get_if<ReturnObjects>(&word);
  if (returned != nullptr) returned->objects.push_back(id);
  return returned != nullptr;
}

}  // namespace

void BorrowBook::found(ObjectId id, const Contact& owner) {
  if (mine_.try_emplace(id, Mine{owner}).second) untold_.insert(id);
}

void BorrowBook::gave_up(ObjectId id, ClientOutbox& out) {
  const auto mine = mine_.extract(id);
  if (mine.empty()) return;
  if (!mine.mapped().told) {
    untold_.erase(id);
    return;
  }
  const ProcessId owner = mine.mapped().owner.process;
  tell(out);
  if (may_speak()) {
    if (!out.letters.empty() && out.letters.back().to == owner && add_return(out.letters.back().message, id)) return;
    return out.send(owner, ReturnObjects{{id}});
  }
  const std::uint64_t last = next_request_ - 1;
  if (!held_.empty() && held_.back().to == owner && held_.back().last == last && add_return(held_.back().word, id)) return;
  held_.push_back({last, owner, ReturnObjects{{id}}});
}

void BorrowBook::say(ProcessId to, Message word, ClientOutbox& out) {
  if (std::vector<ObjectId>* kept = kept_in(word)) tell_with(to, *kept);
  tell(out);
  if (may_speak()) return send_word(to, std::move(word), out);
  held_.push_back({next_request_ - 1, to, std::move(word)});
}

void BorrowBook::tell_with(ProcessId owner, std::vector<ObjectId>& kept) {
  std::erase_if(untold_, [&](ObjectId id) {
    Mine& mine = mine_.at(id);
    if (mine.owner.process != owner) return false;
    mine.told = true;
    kept.push_back(id);
    return true;
  });
}

void BorrowBook::tell(ClientOutbox& out) {
  while (!untold_.empty()) {
    const Contact owner = mine_.at(*untold_.begin()).owner;
    std::vector<ObjectId> objects;
    tell_with(owner.process, objects);
    ask(next_request_++, owner, std::move(objects), /*all=*/false, out);
  }
}

void BorrowBook::ask(std::uint64_t request, const Contact& owner, std::vector<ObjectId> objects, bool all, ClientOutbox& out) {
  open_[request] = owner.process;
  if (!owner.address.empty()) out.learn(owner);
  out.send(owner.process, BorrowObjects{request, node_, std::move(objects), all});
}

bool BorrowBook::is_taking(ProcessId from, const PassedValue& value) const {
  return std::ranges::any_of(held_, [&](const Held& held) {
    const auto* taken = std::get_if<RefsTaken>(&held.word);
    return taken != nullptr && held.to == from && taken->value == value;
  });
}

void BorrowBook::on_acknowledged(ProcessId owner, const ObjectsBorrowed& known, ClientOutbox& out) {
  const auto request = open_.find(known.request);
  if (request == open_.end() || request->second != owner) return;
  open_.erase(request);
  asked_again_.erase(owner);
  send_held(out);
}

void BorrowBook::send_held(ClientOutbox& out) {
  for (; !held_.empty() && (open_.empty() || open_.begin()->first > held_.front().last); held_.pop_front())
    send_word(held_.front().to, std::move(held_.front().word), out);
}

// ---------------------------------------------------------- connections that break

std::vector<ObjectId> BorrowBook::objects_of(ProcessId owner) const {
  std::vector<ObjectId> objects;
  for (const auto& [id, mine] : mine_)
    if (mine.owner.process == owner) objects.push_back(id);
  std::ranges::sort(objects);
  return objects;
}

// In the place of the first question that was not answered, for which words may wait.
void BorrowBook::report(ProcessId owner, ClientOutbox& out) {
  const std::vector<ObjectId> objects = objects_of(owner);
  Contact contact;
  contact.process = owner;
  for (const ObjectId id : objects) {
    Mine& mine = mine_.at(id);
    mine.told = true;
    untold_.erase(id);
    contact = mine.owner;
  }
  std::uint64_t request = 0;
  std::erase_if(open_, [&](const auto& open) {
    if (open.second != owner) return false;
    if (request == 0) request = open.first;
    return true;
  });
  ask(request == 0 ? next_request_++ : request, contact, objects, /*all=*/true, out);
}

void BorrowBook::on_lost(ProcessId owner, ClientOutbox& out) {
  const bool has_any = std::ranges::any_of(mine_, [owner](const auto& mine) { return mine.second.owner.process == owner; });
  const bool has_asked = std::ranges::any_of(open_, [owner](const auto& open) { return open.second == owner; });
  if (has_any || has_asked) asked_again_.insert(owner).second ? report(owner, out) : forget(owner, out);
  tell(out);  // what a call brought is kept by its caller no longer, if that was who was lost
}

void BorrowBook::forget(ProcessId owner, ClientOutbox& out) {
  for (const ObjectId id : objects_of(owner)) {
    mine_.erase(id);
    untold_.erase(id);
  }
  std::erase_if(open_, [owner](const auto& open) { return open.second == owner; });
  asked_again_.erase(owner);
  send_held(out);
}

void BorrowBook::on_node_died(NodeId node, ClientOutbox& out) {
  std::set<ProcessId> owners;
  for (const auto& [id, mine] : mine_)
    if (mine.owner.node == node) owners.insert(mine.owner.process);
  for (const ProcessId owner : owners) forget(owner, out);
}

}  // namespace Atoll
