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

void ObjectStore::handle(Time now, ProcessId from, const MakeRoom& request, ObjectOutbox& out) {
  if (request.bytes == 0 || request.bytes > space_.size())
    return out.send(from, RoomRefused{request.request, "an object of " + format_bytes(request.bytes) + " does not fit into node " +
                                                           node_ + "'s object memory of " + format_bytes(space_.size()) +
                                                           "; give it more, or put the object in parts"});
  if (!waiting_.empty() || !make_room(from, request, out)) {
    if (from == self_ && !can_come(now, request.bytes)) return out.send(from, RoomRefused{request.request, full_words(is_for_disk()), is_for_disk()});
    if (waiting_.empty()) last_asked_ = Time();
    waiting_.push_back({from, request, now});
  }
  serve(now, out);
}

void ObjectStore::name(std::uint64_t number, ObjectId object) {
  if (Copy* copy = find(number)) copy->object = object;
}

bool ObjectStore::make_room(ProcessId from, const MakeRoom& request, ObjectOutbox& out) {
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

// Lets one of those go that are elsewhere too, if that may make room for so much.
bool ObjectStore::evict_for(std::uint64_t bytes, ObjectOutbox& out) {
  if (idle_.order.empty() || space_.free() + idle_.bytes < bytes) return false;
  give_way(idle_.order.begin()->second, out);
  return true;
}

void ObjectStore::give_way(std::uint64_t number, ObjectOutbox& out) {
  Copy& copy = copies_.at(number);
  ++evicted_;
  evicted_bytes_ += copy.bytes;
  if (copy.owner == self_) return drop_and_free(self_, number, out);
  space_.give_back(copy.offset, copy.bytes);
  copy.place = Place::kDisk;
  note_idle(number);
}

// The longest waiting first: what is large is not passed by what is small.
void ObjectStore::serve(Time now, ObjectOutbox& out) {
  if (std::exchange(freed_, false)) last_freed_ = now;
  while (!waiting_.empty() && serve_front(now, out)) waiting_.pop_front();
  spill(now, out);
  ask_for_idle(now, out);
}

// Whether it waits no more.
bool ObjectStore::serve_front(Time now, ObjectOutbox& out) {
  const Waiting& front = waiting_.front();
  if (front.copy != 0) return read_back(front.copy, out);
  if (make_room(front.from, front.request, out)) return true;
  if (front.from != self_ || can_come(now, front.request.bytes)) return false;
  out.send(self_, RoomRefused{front.request.request, full_words(is_for_disk()), is_for_disk()});
  return true;
}

void ObjectStore::ask_for_idle(Time now, ObjectOutbox& out) {
  const bool have_more = held_since_asked_ >= spill_.batch();
  const bool is_time = waiting_.empty() ? spill_.on() && is_short() && have_more : have_more || now - last_asked_ >= kIdleAskInterval;
  if (!is_time) return;
  last_asked_ = now;
  held_since_asked_ = 0;
  for (const auto& [process, party] : parties_)
    if (!party.holds.empty()) out.send(process, LetGoIdle{});
}

// Little is free, or will be when what is being written has been.
bool ObjectStore::is_short() const {
  return space_.free() + idle_.bytes + spill_.writing() < space_.size() / kSpillAhead;
}

bool ObjectStore::has_room_ahead(std::uint64_t bytes) const {
  const std::uint64_t room = ArenaSpace::rounded(bytes);
  const std::uint64_t left = space_.size() / kSpillAhead + room;
  return waiting_.empty() && space_.longest() >= room && space_.free() + idle_.bytes + spill_.writing() >= left;
}

bool ObjectStore::can_come(Time now, std::uint64_t bytes) const {
  return spill_.on() && spill_.allowance(now) > 0 && space_.free() + idle_.bytes + cold_.bytes + spill_.writing() >= bytes;
}

std::uint64_t ObjectStore::bytes_wanted(const Waiting& waiting) const {
  if (waiting.copy == 0) return waiting.request.bytes;
  const auto copy = copies_.find(waiting.copy);
  return copy == copies_.end() ? 0 : copy->second.bytes;
}

void ObjectStore::on_tick(Time now, ObjectOutbox& out) {
  serve(now, out);
  while (!waiting_.empty() && now - std::max(waiting_.front().since, last_freed_) >= patience()) {
    refuse_front(out);
    serve(now, out);
  }
}

void ObjectStore::refuse_front(ObjectOutbox& out) {
  const Waiting front = std::move(waiting_.front());
  waiting_.pop_front();
  const bool for_disk = is_for_disk();
  if (front.copy == 0) return out.send(front.from, RoomRefused{front.request.request, full_words(for_disk), for_disk});
  Copy* copy = find(front.copy);
  if (copy == nullptr) return;
  copy->queued = false;
  for (const Reader& reader : std::exchange(copy->readers, {})) {
    stop_waiting(reader, front.copy);
    out.send(reader.from, CopyGone{reader.request, full_words(for_disk), /*no_room=*/true, for_disk});
  }
  free_if_unused(front.copy, out);
}

std::optional<Time> ObjectStore::next_deadline() const {
  if (waiting_.empty()) return std::nullopt;
  return std::min(last_asked_ + kIdleAskInterval, std::max(waiting_.front().since, last_freed_) + patience());
}

Duration ObjectStore::patience() const { return spill_.writing() > 0 || reading_ > 0 ? kDiskPatience : kRoomPatience; }

// Whether there would be room but for the disk.
bool ObjectStore::is_for_disk() const { return spill_.has_ended() || cold_.bytes > 0 || spill_.writing() > 0; }

std::string ObjectStore::full_words(bool for_disk) const {
  std::uint64_t unreferenced = 0, here = 0;
  for (const auto& [number, copy] : copies_) {
    if (!copy.is_in_memory()) continue;
    unreferenced += copy.dropped ? copy.bytes : 0;
    ++here;
  }
  std::string words = "node " + node_ + "'s object memory of " + format_bytes(space_.size()) + " is full: " + std::to_string(here) +
                      " objects, the longest free piece is " + format_bytes(space_.longest());
  if (unreferenced > 0) words += "; " + format_bytes(unreferenced) + " are only kept by values that were got and still live";
  if (for_disk) return words + "; " + spill_.words() + "; drop Refs, free disk space, or change --spill-folder or --spill-limit";
  if (spill_.on()) words += "; all of it is in use, so that none can be spilled";
  if (!spill_.why_off().empty()) words += "; objects are not spilled to disk: " + spill_.why_off();
  return words + "; drop Refs, or give it more";
}

// --------------------------------------------------------------- those who hold

void ObjectStore::handle(Time now, ProcessId from, const SealCopy& seal, ObjectOutbox& out) {
  Copy* copy = find(seal.copy);
  if (copy == nullptr || copy->maker != from) return;
  copy->sealed = true;
  for (const Reader& reader : std::exchange(copy->readers, {})) {
    stop_waiting(reader, seal.copy);
    answer(now, reader, seal.copy, out);
  }
  serve(now, out);
}

void ObjectStore::wait_for(const Reader& reader, std::uint64_t number) {
  copies_.at(number).readers.push_back(reader);
  parties_[reader.from].awaits.insert(number);
}

void ObjectStore::stop_waiting(const Reader& reader, std::uint64_t number) {
  if (const auto party = parties_.find(reader.from); party != parties_.end()) party->second.awaits.erase(number);
  tidy(reader.from);
}

void ObjectStore::handle(Time now, ProcessId from, const HoldCopy& request, ObjectOutbox& out) {
  const Copy* copy = find(request.copy);
  const Reader reader{from, request.request, request.copier};
  if (copy == nullptr || (!request.copier.is_none() && request.copier.process != from)) return refuse(reader, out);
  if (!copy->sealed) return wait_for(reader, request.copy);
  if (request.ahead && !copy->is_in_memory()) return out.send(from, CopyGone{request.request, "it lies on disk", /*no_room=*/true});
  answer(now, reader, request.copy, out);
  serve(now, out);
}

// It is sealed.
void ObjectStore::answer(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out) {
  if (!reader.copier.is_none()) return copy_to(now, reader, number, out);
  give(now, reader, number, out);
}

// Or when it was read back.
void ObjectStore::give(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out) {
  const Copy& copy = copies_.at(number);
  if (copy.place == Place::kLost) return out.send(reader.from, CopyGone{reader.request, lost_.at(number)});
  if (copy.place == Place::kDisk || copy.place == Place::kReading) {
    wait_for(reader, number);
    return want_back(now, number);
  }
  hold(reader.from, number);
  out.send(reader.from, CopyHeld{reader.request, number, copy.offset, copy.bytes, copy.object});
}

void ObjectStore::refuse(const Reader& reader, ObjectOutbox& out) {
  out.send(reader.from, CopyGone{reader.request, "its owner dropped it, or ended"});
}

std::optional<std::uint64_t> ObjectStore::place_of(ProcessId from, const ReadCopy& read) const {
  const auto party = parties_.find(from);
  if (party == parties_.end() || !party->second.holds.contains(read.copy)) return std::nullopt;
  const Copy& copy = copies_.at(read.copy);
  const bool inside = copy.sealed && read.bytes <= kMostRead && read.from <= copy.bytes && read.bytes <= copy.bytes - read.from;
  return inside ? std::optional(copy.offset + read.from) : std::nullopt;
}

void ObjectStore::handle(Time now, ProcessId from, const LetGo& let_go_of, ObjectOutbox& out) {
  for (const std::uint64_t number : let_go_of.copies) let_go(from, number, out);
  tidy(from);
  serve(now, out);
}

void ObjectStore::hold(ProcessId process, std::uint64_t number) {
  ++parties_[process].holds[number];
  Copy& copy = copies_.at(number);
  ++copy.holds;
  held_since_asked_ += copy.bytes;
  note_idle(number);
}

void ObjectStore::pin(std::uint64_t number) {
  ++copies_.at(number).pins;
  note_idle(number);
}

void ObjectStore::unpin(Time now, std::uint64_t number, ObjectOutbox& out) {
  --copies_.at(number).pins;
  free_if_unused(number, out);
  serve(now, out);
}

void ObjectStore::let_go(ProcessId process, std::uint64_t number, ObjectOutbox& out) {
  const auto party = parties_.find(process);
  if (party == parties_.end()) return;
  const auto held = party->second.holds.find(number);
  if (held == party->second.holds.end()) return;
  if (--held->second == 0) party->second.holds.erase(held);
  end_holds(process, number, 1, out);
}

void ObjectStore::end_holds(ProcessId process, std::uint64_t number, std::uint32_t count, ObjectOutbox& out) {
  Copy& copy = copies_.at(number);
  copy.holds -= count;
  if (copy.maker == process && !copy.sealed) drop(copy.owner, number, out);
  free_if_unused(number, out);
}

// What is on its way to or from disk is freed when it is there.
void ObjectStore::free_if_unused(std::uint64_t number, ObjectOutbox& out) {
  note_idle(number);
  Copy& copy = copies_.at(number);
  const bool is_awaited = copy.sealed && !copy.readers.empty();
  if (!copy.dropped || !copy.unused() || is_awaited || copy.place == Place::kWriting || copy.place == Place::kReading) return;
  for (const Reader& reader : copy.readers) {
    stop_waiting(reader, number);
    refuse(reader, out);
  }
  if (copy.spread) end_spread(number, out);
  if (copy.is_in_memory()) space_.give_back(copy.offset, copy.bytes);
  forget_on_disk(copy, out);
  lost_.erase(number);
  copies_.erase(number);
  freed_ = true;
}

ObjectStore::Idle ObjectStore::idle_of(const Copy& copy) const {
  if (!copy.sealed || copy.dropped || !copy.unused() || copy.place != Place::kMemory) return Idle::kNot;
  if (copy.owner == self_ || copy.file != 0) return Idle::kFree;
  return copy.owned && spill_.on() ? Idle::kCold : Idle::kNot;
}

// In which list it stands follows from the rest.
void ObjectStore::note_idle(std::uint64_t number) {
  Copy& copy = copies_.at(number);
  const Idle idle = idle_of(copy);
  if (idle != copy.idle && copy.idle != Idle::kNot) {
    list_of(copy.idle).order.erase(copy.since);
    list_of(copy.idle).bytes -= copy.bytes;
  }
  if (!copy.unused())
    copy.since = 0;
  else if (copy.since == 0)
    copy.since = next_idle_++;
  if (idle != copy.idle && idle != Idle::kNot) {
    list_of(idle).order[copy.since] = number;
    list_of(idle).bytes += copy.bytes;
  }
  copy.idle = idle;
}

void ObjectStore::tidy(ProcessId process) {
  const auto party = parties_.find(process);
  if (party != parties_.end() && party->second.idle()) parties_.erase(party);
}

// ----------------------------------------------------------- daemons that copy them

void ObjectStore::copy_to(Time now, const Reader& reader, std::uint64_t number, ObjectOutbox& out) {
  Copy& copy = copies_.at(number);
  if (!copy.spread) copy.spread = std::make_unique<Spread>();
  copy.spread->ask(reader.copier, reader.request);
  parties_[reader.from].copies.insert(number);
  serve_copiers(now, number, out);
  if (copy.dropped) out.send(reader.from, CopyDropped{number});
}

void ObjectStore::serve_copiers(Time now, std::uint64_t number, ObjectOutbox& out) {
  const Copy& copy = copies_.at(number);
  while (const std::optional<Spread::Turn> turn = copy.spread->next()) {
    if (!turn->source.is_none()) {
      out.send(turn->reader, CopyElsewhere{turn->request, turn->source, turn->copy});
      continue;
    }
    give(now, {turn->reader, turn->request}, number, out);
  }
}

void ObjectStore::handle(Time now, ProcessId from, const CopyTaken& taken, ObjectOutbox& out) {
  Copy* copy = find(taken.copy);
  if (copy == nullptr || !copy->spread) return;
  if (taken.here == 0 || copy->dropped) {
    copy->spread->forget(from);
    end_copying(from, taken.copy);
  } else {
    copy->spread->has_it(from, taken.here);
  }
  serve_copiers(now, taken.copy, out);
  serve(now, out);
}

// Its owner dropped it: those who have a copy will free it.
void ObjectStore::tell_copiers(std::uint64_t number, ObjectOutbox& out) {
  const Copy& copy = copies_.at(number);
  if (!copy.spread) return;
  for (const ProcessId copier : copy.spread->members()) out.send(copier, CopyDropped{number});
  for (const ProcessId copier : copy.spread->forget_those_who_have_it()) end_copying(copier, number);
}

// It is freed.
void ObjectStore::end_spread(std::uint64_t number, ObjectOutbox& out) {
  const Copy& copy = copies_.at(number);
  for (const auto& [copier, request] : copy.spread->waiting()) refuse({copier, request}, out);
  for (const ProcessId copier : copy.spread->members()) end_copying(copier, number);
}

void ObjectStore::end_copying(ProcessId copier, std::uint64_t number) {
  if (const auto party = parties_.find(copier); party != parties_.end()) party->second.copies.erase(number);
  tidy(copier);
}

// ------------------------------------------------------------------- their owners

void ObjectStore::handle(Time now, ProcessId from, const OwnCopies& own, ObjectOutbox& out) {
  for (const std::uint64_t number : own.copies)
    if (const Copy* copy = find(number); copy != nullptr && copy->owner == from) hear_owner(number);
  serve(now, out);
}

void ObjectStore::hear_owner(std::uint64_t number) {
  Copy& copy = copies_.at(number);
  copy.owned = true;
  std::string().swap(copy.owner_address);  // with its memory
  note_idle(number);
  if (const auto party = parties_.find(copy.maker); party != parties_.end()) party->second.offers.erase(number);
  tidy(copy.maker);
}

void ObjectStore::handle(Time now, ProcessId from, const DropCopies& dropped, ObjectOutbox& out) {
  for (const std::uint64_t number : dropped.copies)
    if (const Copy* copy = find(number); copy != nullptr && copy->owner == from) drop_and_free(from, number, out);
  tidy(from);
  serve(now, out);
}

void ObjectStore::drop(ProcessId owner, std::uint64_t number, ObjectOutbox& out) {
  hear_owner(number);
  copies_.at(number).dropped = true;
  note_idle(number);
  if (const auto party = parties_.find(owner); party != parties_.end()) party->second.owns.erase(number);
  tell_copiers(number, out);
}

void ObjectStore::handle(Time, ProcessId from, const OwnerGone& gone, ObjectOutbox& out) {
  const auto party = parties_.find(from);
  if (party == parties_.end()) return;
  for (const std::uint64_t number : party->second.offers)
    if (copies_.at(number).owner == gone.owner) ask_owner(number, out);
}

void ObjectStore::ask_owner(std::uint64_t number, ObjectOutbox& out) const {
  const Copy& copy = copies_.at(number);
  if (!copy.owner_address.empty()) out.learn({copy.owner, NodeId::kNone, copy.owner_address});
  out.send(copy.owner, CopyOrphaned{copy.object, number});
}

void ObjectStore::drop_and_free(ProcessId owner, std::uint64_t number, ObjectOutbox& out) {
  drop(owner, number, out);
  free_if_unused(number, out);
}

void ObjectStore::on_ended(Time now, ProcessId process, ObjectOutbox& out) {
  std::erase_if(waiting_, [process](const Waiting& waiting) { return waiting.from == process; });
  if (const auto party = parties_.find(process); party != parties_.end()) {
    const Party was = party->second;
    for (const std::uint64_t number : was.copies) {
      copies_.at(number).spread->forget(process);
      serve_copiers(now, number, out);
    }
    for (const std::uint64_t number : was.awaits) {
      Copy& copy = copies_.at(number);
      std::erase_if(copy.readers, [process](const Reader& reader) { return reader.from == process; });
      if (copy.sealed) free_if_unused(number, out);
    }
    for (const std::uint64_t number : was.owns) drop_and_free(process, number, out);
    for (const auto& [number, count] : was.holds) end_holds(process, number, count, out);
    for (const std::uint64_t number : was.offers)
      if (const Copy* copy = find(number); copy != nullptr && !copy->owned) ask_owner(number, out);
    parties_.erase(process);
  }
  serve(now, out);  // last, since somebody may make a copy for this very process
}

}  // namespace Atoll
