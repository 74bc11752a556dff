#include "runtime/objects/spread.h"

namespace Atoll {

// ------------------------------------------------------------------------ sources

void Spread::add_source(ProcessId process) {
  if (serves_.emplace(process, 0).second) idlest_.insert({0, process == ProcessId::kNone, process});
}

void Spread::remove_source(ProcessId process) {
  const auto source = serves_.find(process);
  if (source == serves_.end()) return;
  idlest_.erase({source->second, false, process});
  serves_.erase(source);
  for (auto& [reader, member] : members_)  // they find out by themselves, and ask again
    if (member.source == process) member.source.reset();
}

void Spread::count(ProcessId source, int more) {
  const auto entry = serves_.find(source);
  const bool is_keeper = source == ProcessId::kNone;
  idlest_.erase({entry->second, is_keeper, source});
  entry->second += more;
  idlest_.insert({entry->second, is_keeper, source});
}

// ------------------------------------------------------------------------ members

void Spread::ask(const Contact& reader, std::uint64_t request) {
  if (const auto again = members_.find(reader.process); again != members_.end())
    if (const ProcessId source = again->second.source.value_or(ProcessId::kNone); source != ProcessId::kNone) remove_source(source);
  forget(reader.process);
  Member& member = members_[reader.process];
  member.contact = reader;
  member.request = request;
  member.waits = next_place_++;
  queue_[member.waits] = reader.process;
}

// Neither reads nor waits any more.
void Spread::stop(Member& member) {
  if (member.source) count(*std::exchange(member.source, std::nullopt), -1);
  if (member.waits != 0) queue_.erase(std::exchange(member.waits, 0));
}

void Spread::has_it(ProcessId reader, std::uint64_t copy) {
  const auto member = members_.find(reader);
  if (member == members_.end() || copy == 0) return forget(reader);
  stop(member->second);
  member->second.copy = copy;
  add_source(reader);
}

void Spread::forget(ProcessId reader) {
  const auto member = members_.find(reader);
  if (member == members_.end()) return;
  stop(member->second);
  remove_source(reader);
  members_.erase(member);
}

std::vector<ProcessId> Spread::forget_those_who_have_it() {
  std::vector<ProcessId> forgotten;
  for (const auto& [process, member] : members_)
    if (member.copy != 0) forgotten.push_back(process);
  for (const ProcessId process : forgotten) forget(process);
  return forgotten;
}

std::optional<Spread::Turn> Spread::next() {
  if (queue_.empty() || idlest_.begin()->serves >= kMostServed) return std::nullopt;
  const ProcessId source = idlest_.begin()->process;
  Member& member = members_.at(queue_.begin()->second);
  queue_.erase(queue_.begin());
  member.waits = 0;
  member.source = source;
  count(source, 1);
  Turn turn{member.contact.process, member.request, {}, 0};
  if (source == ProcessId::kNone) return turn;
  turn.source = members_.at(source).contact;
  turn.copy = members_.at(source).copy;
  return turn;
}

std::vector<ProcessId> Spread::members() const {
  std::vector<ProcessId> all;
  for (const auto& [process, member] : members_) all.push_back(process);
  return all;
}

std::vector<std::pair<ProcessId, std::uint64_t>> Spread::waiting() const {
  std::vector<std::pair<ProcessId, std::uint64_t>> all;
  for (const auto& [place, process] : queue_) all.emplace_back(process, members_.at(process).request);
  return all;
}

}  // namespace Atoll
