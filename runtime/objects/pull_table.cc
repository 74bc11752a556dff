#include "runtime/objects/pull_table.h"

#include <algorithm>
#include <utility>

namespace Atoll {

// ------------------------------------------------------------- those who want it

void PullTable::want(Time now, ProcessId from, const HoldCopy& wanted, ObjectOutbox& out) {
  const CopyId key{wanted.keeper.process, wanted.copy};
  if (const auto kept = kept_.find(key); kept != kept_.end()) {
    if (store_.has(kept->second) && wanted.ahead) return;
    if (store_.has(kept->second)) return store_.handle(now, from, HoldCopy{wanted.request, kept->second}, out);
    kept_.erase(kept);
  }
  if (const auto dead = dead_.find(key.keeper); dead != dead_.end())
    return wanted.ahead ? void() : out.send(from, CopyGone{wanted.request, dead->second});
  const auto under_way = pulls_.find(key);
  if (under_way != pulls_.end()) return under_way->second.readers.push_back({from, wanted.request, wanted.ahead});
  if (wanted.ahead && !has_room_ahead(wanted.bytes)) return;
  Pull& pull = pulls_[key];
  pull.readers.push_back({from, wanted.request, wanted.ahead});
  pull.keeper = wanted.keeper;
  pull.bytes = wanted.bytes;
  store_.handle(now, self_, MakeRoom{ask(key, pull), ObjectId(), self_, wanted.bytes}, out);
}

bool PullTable::Pull::is_awaited() const {
  return std::ranges::any_of(readers, [](const Reader& reader) { return !reader.ahead; });
}

bool PullTable::has_room_ahead(std::uint64_t bytes) const {
  const std::uint64_t most = store_.size() / kPartAhead;
  std::uint64_t ahead = 0;
  for (const auto& [key, pull] : pulls_)
    if (!pull.is_awaited()) ahead += pull.bytes;
  return bytes <= most && ahead <= most - bytes && store_.has_room_ahead(bytes);
}

std::uint64_t PullTable::ask(const CopyId& key, Pull& pull) {
  pull.question = next_request_++;
  questions_[pull.question] = key;
  return pull.question;
}

// The pull that asked `from` this, if it still waits for the answer: the store for room, and then others for a hold.
PullTable::Pulls::iterator PullTable::asked_for(ProcessId from, std::uint64_t question) {
  const auto asked = questions_.find(question);
  if (asked == questions_.end()) return pulls_.end();
  const auto pull = pulls_.find(asked->second);
  if (from != (pull->second.local == 0 ? self_ : pull->second.source)) return pulls_.end();
  questions_.erase(asked);
  pull->second.question = 0;
  return pull;
}

void PullTable::on_ended(Time now, ProcessId process, ObjectOutbox& out) {
  for (auto next = pulls_.begin(); next != pulls_.end();) {
    const auto entry = next++;
    auto& [key, pull] = *entry;
    std::erase_if(pull.readers, [process](const Reader& reader) { return reader.from == process; });
    if (pull.source == process) pull.held = false;
    if (key.keeper == process) pull.registered = false;
    if (pull.readers.empty())
      fail(now, entry, {}, out);
    else if (key.keeper == process || pull.source == process)
      try_again(now, entry, "the connection to its node is lost", out);
  }
  const auto first = kept_.lower_bound({process, 0});
  auto last = first;
  for (; last != kept_.end() && last->first.keeper == process; ++last) store_.handle(now, self_, DropCopies{{last->second}}, out);
  kept_.erase(first, last);
  ask_for_more(out);
}

// ---------------------------------------------------------- room, and a hold there

void PullTable::handle(Time now, ProcessId from, const RoomMade& made, ObjectOutbox& out) {
  const auto pull = from == self_ ? asked_for(from, made.request) : pulls_.end();
  if (pull == pulls_.end()) {  // nobody waits any more
    if (from == self_) store_.handle(now, self_, LetGo{{made.copy}}, out);
    return;
  }
  pull->second.local = made.copy;
  pull->second.offset = made.offset;
  pull->second.begin = now;
  ask_keeper(pull->first, pull->second, out);
}

void PullTable::handle(Time now, ProcessId from, const RoomRefused& refused, ObjectOutbox& out) {
  const auto pull = from == self_ ? asked_for(from, refused.request) : pulls_.end();
  if (pull != pulls_.end()) fail(now, pull, {0, refused.why, /*no_room=*/true, refused.no_disk}, out);
}

void PullTable::ask_keeper(const CopyId& key, Pull& pull, ObjectOutbox& out) {
  ++pull.tries;
  pull.registered = true;
  pull.source = key.keeper;
  pull.source_copy = key.copy;
  pull.asked = pull.arrived = 0;
  out.learn(pull.keeper);
  pull.asked_ahead = !pull.is_awaited();
  out.send(key.keeper, HoldCopy{ask(key, pull), key.copy, {}, 0, contact_, pull.asked_ahead});
}

void PullTable::try_again(Time now, Pulls::iterator entry, const std::string& why, ObjectOutbox& out) {
  auto& [key, pull] = *entry;
  const auto dead = dead_.find(key.keeper);
  if (dead != dead_.end() || pull.tries == kPullTries) return fail(now, entry, {0, dead != dead_.end() ? dead->second : why}, out);
  if (pull.local == 0) return;  // it has asked nobody yet
  forget_parts(key);
  let_go(pull, out);
  ask_keeper(key, pull, out);
}

void PullTable::let_go(Pull& pull, ObjectOutbox& out) const {
  if (std::exchange(pull.held, false)) out.send(pull.source, LetGo{{pull.source_copy}});
}

void PullTable::handle(Time, ProcessId from, const CopyElsewhere& elsewhere, ObjectOutbox& out) {
  const auto entry = asked_for(from, elsewhere.request);
  if (entry == pulls_.end()) return;
  auto& [key, pull] = *entry;
  pull.source = elsewhere.source.process;
  pull.source_copy = elsewhere.copy;
  out.learn(elsewhere.source);
  out.send(pull.source, HoldCopy{ask(key, pull), pull.source_copy, {}, 0, {}});
}

void PullTable::handle(Time now, ProcessId from, const CopyHeld& held, ObjectOutbox& out) {
  const auto pull = asked_for(from, held.request);
  if (pull == pulls_.end()) return out.send(from, LetGo{{held.copy}});
  pull->second.held = true;
  store_.name(pull->second.local, held.object);
  if (held.bytes == pull->second.bytes)
    wait_for_turn(pull->first, pull->second);
  else
    fail(now, pull, {0, "it has " + std::to_string(held.bytes) + " bytes, and not " + std::to_string(pull->second.bytes)}, out);
  ask_for_more(out);
}

void PullTable::handle(Time now, ProcessId from, const CopyGone& gone, ObjectOutbox& out) {
  const auto part = parts_.find(gone.request);
  const auto pull = part != parts_.end() ? pulls_.find(part->second.key) : asked_for(from, gone.request);
  if (pull == pulls_.end() || pull->second.source != from) return;
  if (part == parts_.end() && from == pull->first.keeper && pull->second.asked_ahead && pull->second.is_awaited())
    ask_keeper(pull->first, pull->second, out);  // somebody waits by now
  else if (from == pull->first.keeper)
    fail(now, pull, {0, gone.why, gone.no_room, gone.no_disk}, out);
  else
    try_again(now, pull, gone.why, out);
  ask_for_more(out);
}

// ------------------------------------------------------------------------ parts

void PullTable::wait_for_turn(const CopyId& key, Pull& pull) {
  if (pull.waits_for_turn || pull.asked == pull.bytes || pull.asked - pull.arrived >= kMostPulledOfOne) return;
  pull.waits_for_turn = true;
  turns_.push_back(key);
}

void PullTable::ask_for_more(ObjectOutbox& out) {
  while (!turns_.empty() && bytes_under_way_ < kMostPulled) {
    const auto entry = pulls_.find(take_turn());
    if (entry == pulls_.end() || !std::exchange(entry->second.waits_for_turn, false)) continue;
    auto& [key, pull] = *entry;
    const std::uint64_t bytes = std::min(kMostRead, pull.bytes - pull.asked), request = next_request_++;
    parts_[request] = {key, pull.asked, bytes};
    out.send(pull.source, ReadCopy{request, pull.source_copy, pull.asked, bytes});
    pull.asked += bytes;
    bytes_under_way_ += bytes;
    wait_for_turn(key, pull);
  }
}

// Of those that somebody waits for the next, or of the others.
CopyId PullTable::take_turn() {
  auto next = std::ranges::find_if(turns_, [this](const CopyId& key) {
    const auto pull = pulls_.find(key);
    return pull != pulls_.end() && pull->second.is_awaited();
  });
  if (next == turns_.end()) next = turns_.begin();
  const CopyId key = *next;
  turns_.erase(next);
  return key;
}

std::unordered_map<std::uint64_t, CopyId> PullTable::fetched() const {
  std::unordered_map<std::uint64_t, CopyId> all;
  for (const auto& [key, local] : kept_) all[local] = key;
  for (const auto& [key, pull] : pulls_)
    if (pull.local != 0) all[pull.local] = key;
  return all;
}

std::optional<PullTable::Target> PullTable::place_of(ProcessId from, const CopyBytes& part) const {
  const auto found = parts_.find(part.request);
  if (found == parts_.end()) return std::nullopt;
  const Part& asked = found->second;
  const Pull& pull = pulls_.at(asked.key);
  if (pull.source != from || asked.from != part.from || asked.bytes != part.bytes) return std::nullopt;
  return Target{pull.local, pull.offset + part.from};
}

void PullTable::handle(Time now, ProcessId from, const CopyBytes& part, ObjectOutbox& out) {
  if (!place_of(from, part)) return;
  const auto pull = pulls_.find(parts_.at(part.request).key);
  parts_.erase(part.request);
  bytes_under_way_ -= part.bytes;
  bytes_pulled_ += part.bytes;
  pull->second.arrived += part.bytes;
  if (pull->second.arrived == pull->second.bytes)
    finish(now, pull, out);
  else
    wait_for_turn(pull->first, pull->second);
  ask_for_more(out);
}

// What still comes of them has no place any more.
void PullTable::forget_parts(const CopyId& key) {
  std::erase_if(parts_, [&](const auto& entry) {
    if (entry.second.key != key) return false;
    bytes_under_way_ -= entry.second.bytes;
    return true;
  });
  Pull& pull = pulls_.at(key);
  if (pull.question != 0) questions_.erase(std::exchange(pull.question, 0));
  if (std::exchange(pull.waits_for_turn, false)) std::erase(turns_, key);
}

// ----------------------------------------------------------------------- the end

void PullTable::finish(Time now, Pulls::iterator entry, ObjectOutbox& out) {
  auto [key, pull] = std::move(*entry);
  pulls_.erase(entry);
  ++pulled_;
  store_.handle(now, self_, SealCopy{pull.local}, out);
  out.transfers.push_back({pull.source, pull.bytes, pull.begin});
  for (const Reader& reader : pull.readers)
    if (!reader.ahead) store_.handle(now, reader.from, HoldCopy{reader.request, pull.local}, out);
  if (pull.dropped)
    store_.handle(now, self_, DropCopies{{pull.local}}, out);
  else
    kept_[key] = pull.local;
  store_.handle(now, self_, LetGo{{pull.local}}, out);
  let_go(pull, out);
  out.send(key.keeper, CopyTaken{key.copy, pull.local});
}

void PullTable::fail(Time now, Pulls::iterator entry, const CopyGone& why, ObjectOutbox& out) {
  forget_parts(entry->first);
  auto [key, pull] = std::move(*entry);
  pulls_.erase(entry);
  for (const Reader& reader : pull.readers)
    if (!reader.ahead) out.send(reader.from, CopyGone{reader.request, why.why, why.no_room, why.no_disk});
  let_go(pull, out);  // what is still to be held or given room is let go of then
  if (pull.local == 0) return;
  if (pull.registered) out.send(key.keeper, CopyTaken{key.copy, 0});
  store_.handle(now, self_, LetGo{{pull.local}}, out);
}

void PullTable::handle(Time now, ProcessId from, const CopyDropped& dropped, ObjectOutbox& out) {
  const CopyId key{from, dropped.copy};
  if (const auto pull = pulls_.find(key); pull != pulls_.end()) pull->second.dropped = true;
  const auto kept = kept_.find(key);
  if (kept == kept_.end()) return;
  store_.handle(now, self_, DropCopies{{kept->second}}, out);
  kept_.erase(kept);
}

}  // namespace Atoll
