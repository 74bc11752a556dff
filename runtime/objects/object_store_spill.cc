// What an ObjectStore spills to disk and reads back.
#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/base/check.h"
#include "runtime/base/words.h"
#include "runtime/objects/object_store.h"

namespace Atoll {

void ObjectStore::on_spill(Time now, const SpillEvent& event, ObjectOutbox& out) {
  std::visit([&](const auto& said) { handle(now, said, out); }, event);
  serve(now, out);
}

// --------------------------------------------------------------------- to disk

// Ahead of demand whole batches; for who waits, what there is.
void ObjectStore::spill(Time now, ObjectOutbox& out) {
  if (!spill_.on()) return;
  while (spill_.writing() < spill_.most_writing()) {
    const std::uint64_t wanted = waiting_.empty() ? 0 : bytes_wanted(waiting_.front());
    const bool is_enough = !is_short() && space_.free() + idle_.bytes + spill_.writing_soon() >= wanted;
    const bool is_waited_for = !waiting_.empty() && spill_.writing() == 0;  // what is free is in pieces
    if ((is_enough && !is_waited_for) || (waiting_.empty() && cold_.bytes < spill_.batch()) || !spill_batch(now, out)) return;
  }
}

// Orders one file to be written; whether there is anything to write, and room on disk.
bool ObjectStore::spill_batch(Time now, ObjectOutbox& out) {
  std::uint64_t allowed = spill_.allowance(now), bytes = 0;
  if (allowed < spill_.batch()) std::ranges::move(spill_.give_back(), std::back_inserter(out.spills));
  if (allowed == 0 || cold_.order.empty()) return false;
  WriteSpill order;
  for (auto next = cold_.order.begin(); next != cold_.order.end() && bytes < spill_.batch();) {
    const std::uint64_t number = next->second;
    Copy& copy = copies_.at(number);
    ++next;  // it leaves the list below
    if (ArenaSpace::rounded(copy.bytes) > allowed) continue;
    if (order.file == 0) order.file = spill_.begin();
    copy.place = Place::kWriting;
    copy.file = order.file;
    copy.at = spill_.add(order.file, copy.bytes);
    note_idle(number);
    order.pieces.push_back({number, copy.offset, copy.at, copy.bytes});
    writing_[order.file].push_back(number);
    allowed -= ArenaSpace::rounded(copy.bytes);
    bytes += copy.bytes;
  }
  if (order.pieces.empty()) {
    spill_.on_failed(now, "none of the objects fits", false);
    return false;
  }
  out.spills.push_back(std::move(order));
  return true;
}

void ObjectStore::handle(Time, const SpillWritten& written, ObjectOutbox& out) {
  const auto file = writing_.find(written.file);
  ATOLL_CHECK(file != writing_.end(), written.file);
  for (const auto& [number, checksum] : written.copies) {
    ATOLL_CHECK(!file->second.empty() && file->second.front() == number, written.file, number);
    file->second.pop_front();
    Copy& copy = copies_.at(number);
    copy.place = Place::kMemory;  // until its room is wanted
    copy.checksum = checksum;
    spill_.on_written(copy.bytes);
    free_if_unused(number, out);
  }
  if (file->second.empty()) writing_.erase(file);
  freed_ = true;
}

void ObjectStore::handle(Time now, const SpillFailed& failed, ObjectOutbox& out) {
  std::deque<std::uint64_t> unwritten;
  if (const auto file = writing_.extract(failed.file)) unwritten = std::move(file.mapped());
  for (const std::uint64_t number : unwritten) {
    Copy& copy = copies_.at(number);
    spill_.on_not_written(copy.bytes);
    copy.place = Place::kMemory;
    forget_on_disk(copy, out);
    free_if_unused(number, out);
  }
  spill_.on_failed(now, failed.why, failed.for_good);
  if (spill_.on()) return;
  for (const auto& [since, number] : std::map(cold_.order)) note_idle(number);
}

void ObjectStore::forget_on_disk(Copy& copy, ObjectOutbox& out) {
  const std::uint64_t file = std::exchange(copy.file, 0);
  if (file == 0) return;
  if (std::optional<SpillOrder> order = spill_.release(file, copy.at, copy.bytes)) out.spills.push_back(std::move(*order));
}

void ObjectStore::handle(Time, const SpillPunched& punched, ObjectOutbox&) { spill_.on_punched(punched.file, punched.bytes); }

// --------------------------------------------------------------------- and back

void ObjectStore::want_back(Time now, std::uint64_t number) {
  Copy& copy = copies_.at(number);
  if (copy.place != Place::kDisk || std::exchange(copy.queued, true)) return;
  if (waiting_.empty()) last_asked_ = Time();
  waiting_.push_back({ProcessId::kNone, {}, now, number});
}

// Whether it waits for room no more.
bool ObjectStore::read_back(std::uint64_t number, ObjectOutbox& out) {
  Copy* copy = find(number);
  if (copy == nullptr) return true;
  if (copy->readers.empty()) {  // they have ended
    copy->queued = false;
    return true;
  }
  std::optional<std::uint64_t> offset = space_.take(copy->bytes);
  while (!offset && evict_for(copy->bytes, out)) offset = space_.take(copy->bytes);
  if (!offset) return false;
  copy->queued = false;
  copy->place = Place::kReading;
  copy->offset = *offset;
  ++reading_;
  out.spills.push_back(ReadSpill{copy->file, {number, *offset, copy->at, copy->bytes}, copy->checksum});
  return true;
}

void ObjectStore::handle(Time now, const SpillRead& read, ObjectOutbox& out) {
  Copy& copy = copies_.at(read.copy);
  ATOLL_CHECK(copy.place == Place::kReading, read.copy);
  --reading_;
  if (read.failure.empty()) {
    copy.place = Place::kMemory;
    spill_.on_restored(copy.bytes);
  } else {
    space_.give_back(copy.offset, copy.bytes);
    copy.place = Place::kLost;
    lost_[read.copy] = lost_words(copy, read.failure);
    forget_on_disk(copy, out);
  }
  freed_ = true;
  for (const Reader& reader : std::exchange(copy.readers, {})) {
    stop_waiting(reader, read.copy);
    give(now, reader, read.copy, out);
  }
  free_if_unused(read.copy, out);
}

std::string ObjectStore::lost_words(const Copy& copy, const std::string& why) const {
  return "node " + node_ + " had spilled object " + print_values(copy.object) + " of " + format_bytes(copy.bytes) + " to disk, and " + why;
}

}  // namespace Atoll
