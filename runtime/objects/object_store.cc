#include "runtime/objects/object_store.h"

#include <algorithm>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/words.h"

namespace Atoll {

ObjectStore::Copy* ObjectStore::find(std::uint64_t number) {
  const auto entry = copies_.find(number);
  return entry == copies_.end() ? nullptr : &entry->second;
}

// ------------------------------------------------------------------------ room

void ObjectStore::handle(Time now, ProcessId from, const MakeRoom& request, Outbox& out) {
  if (request.bytes == 0 || request.bytes > space_.size())
    return out.send(from, RoomRefused{request.request, "an object of " + format_bytes(request.bytes) + " does not fit into node " +
                                                           node_ + "'s object memory of " + format_bytes(space_.size()) +
                                                           "; give it more, or put the object in parts"});
  if (waiting_.empty() && make_room(from, request, out)) return;
  if (from == self_) return out.send(from, RoomRefused{request.request, full_words()});
  if (waiting_.empty()) last_asked_ = Time();
  waiting_.push_back({from, request, now});
  serve(now, out);
}

bool ObjectStore::make_room(ProcessId from, const MakeRoom& request, Outbox& out) {
  std::optional<std::uint64_t> offset = space_.take(request.bytes);
  while (!offset && evict_for(request.bytes, out)) offset = space_.take(request.bytes);
  if (!offset) return false;
  const std::uint64_t number = next_copy_++;
  Copy& copy = copies_[number];
  copy.object = request.object;
  copy.offset = *offset;
  copy.bytes = request.bytes;
  copy.maker = from;
  copy.owner = request.owner;
  copy.owned = request.owner == from;
  copy.owner_address = request.owner_address;
  hold(from, number);
  parties_[request.owner].owns.insert(number);
  if (!copy.owned) parties_[from].offers.insert(number);
  out.send(from, RoomMade{request.request, number, *offset});
  return true;
}

// Frees one of the daemon's own copies, if that may make room for so much.
bool ObjectStore::evict_for(std::uint64_t bytes, Outbox& out) {
  if (idle_.empty() || space_.free() + idle_bytes_ < bytes) return false;
  drop_and_free(self_, idle_.begin()->second, out);
  return true;
}

// The longest waiting first: what is large is not passed by what is small.
void ObjectStore::serve(Time now, Outbox& out) {
  if (std::exchange(freed_, false)) last_freed_ = now;
  while (!waiting_.empty() && make_room(waiting_.front().from, waiting_.front().request, out)) waiting_.pop_front();
  if (waiting_.empty() || now - last_asked_ < kIdleAskInterval) return;
  last_asked_ = now;
  for (const auto& [process, party] : parties_)
    if (!party.holds.empty()) out.send(process, LetGoIdle{});
}

void ObjectStore::on_tick(Time now, Outbox& out) {
  serve(now, out);
  while (!waiting_.empty() && now - std::max(waiting_.front().since, last_freed_) >= kRoomPatience) {
    out.send(waiting_.front().from, RoomRefused{waiting_.front().request.request, full_words()});
    waiting_.pop_front();
    serve(now, out);
  }
}

std::optional<Time> ObjectStore::next_deadline() const {
  if (waiting_.empty()) return std::nullopt;
  return std::min(last_asked_ + kIdleAskInterval, std::max(waiting_.front().since, last_freed_) + kRoomPatience);
}

std::string ObjectStore::full_words() const {
  std::uint64_t unreferenced = 0;
  for (const auto& [number, copy] : copies_) unreferenced += copy.dropped ? copy.bytes : 0;
  std::string words = "node " + node_ + "'s object memory of " + format_bytes(space_.size()) + " is full: " + std::to_string(copies_.size()) +
                      " objects, the longest free piece is " + format_bytes(space_.longest());
  if (unreferenced > 0) words += "; " + format_bytes(unreferenced) + " are only kept by values that were got and still live";
  return words + "; drop Refs, or give it more";
}

// --------------------------------------------------------------- those who hold

void ObjectStore::handle(Time, ProcessId from, const SealCopy& seal, Outbox& out) {
  Copy* copy = find(seal.copy);
  if (copy == nullptr || copy->maker != from) return;
  copy->sealed = true;
  for (const Reader& reader : std::exchange(copy->readers, {})) {
    stop_waiting(reader, seal.copy);
    answer(reader, seal.copy, out);
  }
}

void ObjectStore::stop_waiting(const Reader& reader, std::uint64_t number) {
  if (const auto party = parties_.find(reader.from); party != parties_.end()) party->second.awaits.erase(number);
}

void ObjectStore::handle(Time, ProcessId from, const HoldCopy& request, Outbox& out) {
  Copy* copy = find(request.copy);
  const Reader reader{from, request.request, request.copier};
  if (copy == nullptr || (!request.copier.is_none() && request.copier.process != from)) return refuse(reader, out);
  if (copy->sealed) return answer(reader, request.copy, out);
  copy->readers.push_back(reader);
  parties_[from].awaits.insert(request.copy);
}

void ObjectStore::answer(const Reader& reader, std::uint64_t number, Outbox& out) {
  if (!reader.copier.is_none()) return copy_to(reader, number, out);
  hold(reader.from, number);
  const Copy& copy = copies_.at(number);
  out.send(reader.from, CopyHeld{reader.request, number, copy.offset, copy.bytes});
}

void ObjectStore::refuse(const Reader& reader, Outbox& out) {
  out.send(reader.from, CopyGone{reader.request, "its owner dropped it, or ended"});
}

std::optional<std::uint64_t> ObjectStore::place_of(ProcessId from, const ReadCopy& read) const {
  const auto party = parties_.find(from);
  if (party == parties_.end() || !party->second.holds.contains(read.copy)) return std::nullopt;
  const Copy& copy = copies_.at(read.copy);
  const bool inside = copy.sealed && read.bytes <= kMostRead && read.from <= copy.bytes && read.bytes <= copy.bytes - read.from;
  return inside ? std::optional(copy.offset + read.from) : std::nullopt;
}

void ObjectStore::handle(Time now, ProcessId from, const LetGo& let_go_of, Outbox& out) {
  for (const std::uint64_t number : let_go_of.copies) let_go(from, number, out);
  tidy(from);
  serve(now, out);
}

void ObjectStore::hold(ProcessId process, std::uint64_t number) {
  ++parties_[process].holds[number];
  ++copies_.at(number).holds;
  note_idle(number);
}

void ObjectStore::pin(std::uint64_t number) {
  ++copies_.at(number).pins;
  note_idle(number);
}

void ObjectStore::unpin(Time now, std::uint64_t number, Outbox& out) {
  --copies_.at(number).pins;
  free_if_unused(number, out);
  serve(now, out);
}

void ObjectStore::let_go(ProcessId process, std::uint64_t number, Outbox& out) {
  const auto party = parties_.find(process);
  if (party == parties_.end()) return;
  const auto held = party->second.holds.find(number);
  if (held == party->second.holds.end()) return;
  if (--held->second == 0) party->second.holds.erase(held);
  end_holds(process, number, 1, out);
}

void ObjectStore::end_holds(ProcessId process, std::uint64_t number, std::uint32_t count, Outbox& out) {
  Copy& copy = copies_.at(number);
  copy.holds -= count;
  if (copy.maker == process && !copy.sealed) drop(copy.owner, number, out);
  free_if_unused(number, out);
}

void ObjectStore::free_if_unused(std::uint64_t number, Outbox& out) {
  const auto entry = copies_.find(number);
  note_idle(number);
  if (!entry->second.dropped || !entry->second.unused()) return;
  for (const Reader& reader : entry->second.readers) {
    stop_waiting(reader, number);
    tidy(reader.from);
    refuse(reader, out);
  }
  if (entry->second.spread) end_spread(number, out);
  space_.give_back(entry->second.offset, entry->second.bytes);
  copies_.erase(entry);
  freed_ = true;
}

// Whether it stands in idle_ follows from the rest.
void ObjectStore::note_idle(std::uint64_t number) {
  Copy& copy = copies_.at(number);
  const bool idle = copy.owner == self_ && copy.sealed && !copy.dropped && copy.unused();
  if (idle == (copy.idle != 0)) return;
  if (idle) {
    copy.idle = next_idle_++;
    idle_[copy.idle] = number;
    idle_bytes_ += copy.bytes;
  } else {
    idle_.erase(std::exchange(copy.idle, 0));
    idle_bytes_ -= copy.bytes;
  }
}


void ObjectStore::tidy(ProcessId process) {
  const auto party = parties_.find(process);
  if (party != parties_.end() && party->second.idle()) parties_.erase(party);
}

// ----------------------------------------------------------- daemons that copy them

void ObjectStore::copy_to(const Reader& reader, std::uint64_t number, Outbox& out) {
  Copy& copy = copies_.at(number);
  if (!copy.spread) copy.spread = std::make_unique<Spread>();
  copy.spread->ask(reader.copier, reader.request);
  parties_[reader.from].copies.insert(number);
  serve_copiers(number, out);
  if (copy.dropped) out.send(reader.from, CopyDropped{number});
}

void ObjectStore::serve_copiers(std::uint64_t number, Outbox& out) {
  const Copy& copy = copies_.at(number);
  while (const std::optional<Spread::Turn> turn = copy.spread->next()) {
    if (!turn->source.is_none()) {
      out.send(turn->reader, CopyElsewhere{turn->request, turn->source, turn->copy});
      continue;
    }
    hold(turn->reader, number);
    out.send(turn->reader, CopyHeld{turn->request, number, copy.offset, copy.bytes});
  }
}

void ObjectStore::handle(Time, ProcessId from, const CopyTaken& taken, Outbox& out) {
  Copy* copy = find(taken.copy);
  if (copy == nullptr || !copy->spread) return;
  if (taken.here == 0 || copy->dropped) {
    copy->spread->forget(from);
    end_copying(from, taken.copy);
  } else {
    copy->spread->has_it(from, taken.here);
  }
  serve_copiers(taken.copy, out);
}

// Its owner dropped it: those who have a copy will free it.
void ObjectStore::tell_copiers(std::uint64_t number, Outbox& out) {
  const Copy& copy = copies_.at(number);
  if (!copy.spread) return;
  for (const ProcessId copier : copy.spread->members()) out.send(copier, CopyDropped{number});
  for (const ProcessId copier : copy.spread->forget_those_who_have_it()) end_copying(copier, number);
}

// It is freed.
void ObjectStore::end_spread(std::uint64_t number, Outbox& out) {
  const Copy& copy = copies_.at(number);
  for (const auto& [copier, request] : copy.spread->waiting()) refuse({copier, request}, out);
  for (const ProcessId copier : copy.spread->members()) end_copying(copier, number);
}

void ObjectStore::end_copying(ProcessId copier, std::uint64_t number) {
  if (const auto party = parties_.find(copier); party != parties_.end()) party->second.copies.erase(number);
  tidy(copier);
}

// ------------------------------------------------------------------- their owners

void ObjectStore::handle(Time, ProcessId from, const OwnCopies& own, Outbox&) {
  for (const std::uint64_t number : own.copies)
    if (const Copy* copy = find(number); copy != nullptr && copy->owner == from) hear_owner(number);
}

void ObjectStore::hear_owner(std::uint64_t number) {
  Copy& copy = copies_.at(number);
  copy.owned = true;
  copy.owner_address = std::string();
  if (const auto party = parties_.find(copy.maker); party != parties_.end()) party->second.offers.erase(number);
  tidy(copy.maker);
}

void ObjectStore::handle(Time now, ProcessId from, const DropCopies& dropped, Outbox& out) {
  for (const std::uint64_t number : dropped.copies)
    if (const Copy* copy = find(number); copy != nullptr && copy->owner == from) drop_and_free(from, number, out);
  tidy(from);
  serve(now, out);
}

void ObjectStore::drop(ProcessId owner, std::uint64_t number, Outbox& out) {
  hear_owner(number);
  copies_.at(number).dropped = true;
  note_idle(number);
  if (const auto party = parties_.find(owner); party != parties_.end()) party->second.owns.erase(number);
  tell_copiers(number, out);
}

void ObjectStore::handle(Time, ProcessId from, const OwnerGone& gone, Outbox& out) {
  const auto party = parties_.find(from);
  if (party == parties_.end()) return;
  for (const std::uint64_t number : party->second.offers)
    if (copies_.at(number).owner == gone.owner) ask_owner(number, out);
}

void ObjectStore::ask_owner(std::uint64_t number, Outbox& out) const {
  const Copy& copy = copies_.at(number);
  if (!copy.owner_address.empty()) out.learn({copy.owner, NodeId::kNone, copy.owner_address});
  out.send(copy.owner, CopyOrphaned{copy.object, number});
}

void ObjectStore::drop_and_free(ProcessId owner, std::uint64_t number, Outbox& out) {
  drop(owner, number, out);
  free_if_unused(number, out);
}

void ObjectStore::on_ended(Time now, ProcessId process, Outbox& out) {
  std::erase_if(waiting_, [process](const Waiting& waiting) { return waiting.from == process; });
  if (const auto party = parties_.find(process); party != parties_.end()) {
    const Party was = party->second;
    for (const std::uint64_t number : was.copies) {
      copies_.at(number).spread->forget(process);
      serve_copiers(number, out);
    }
    for (const std::uint64_t number : was.awaits)
      std::erase_if(copies_.at(number).readers, [process](const Reader& reader) { return reader.from == process; });
    for (const std::uint64_t number : was.owns) drop_and_free(process, number, out);
    for (const auto& [number, count] : was.holds) end_holds(process, number, count, out);
    for (const std::uint64_t number : was.offers)
      if (const Copy* copy = find(number); copy != nullptr && !copy->owned) ask_owner(number, out);
    parties_.erase(process);
  }
  serve(now, out);  // last, since somebody may make a copy for this very process
}

}  // namespace Atoll
