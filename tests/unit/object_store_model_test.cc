// A store against a model of its copies, their bytes and its spill files, under random words, ends and failures of disks.
#include "runtime/objects/object_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <iterator>
#include <map>
#include <random>
#include <set>

#include "runtime/wire/messages.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kMiB = 1 << 20;
constexpr std::uint64_t kSpillLimit = 3 * kMiB;

// What must be true of the store after random words of five processes, which begin anew when they end, and of a disk.
class Model {
 public:
  Model(std::uint64_t seed, bool spills)
      : random_(seed), store_({2 * kMiB, "n1", ProcessId::kNone, {spills, kSpillLimit, "/spill"}}) {
    for (ProcessId& process : processes_) process = ProcessId(next_process_++);
  }

  void step() {
    now_ += milliseconds(roll(40));
    const ProcessId process = processes_[roll(std::size(processes_))];
    if (roll(4) == 0) let_go_idle();
    switch (roll(20)) {
      case 0: case 1: case 2: return make(process);
      case 3: case 4: case 5: return seal(process);
      case 6: case 7: case 8: return hold(process);
      case 9: case 10: return let_go(process);
      case 11: return drop(process);
      case 12: case 13: return own(process);
      case 14: if (roll(6) == 0) end(process); return;
      case 15: case 16: case 17: case 18: return carry_out_one();
      default: store_.on_tick(now_, out_);
    }
  }
  // Checks what the store said, and what it keeps.
  void follow() {
    while (!out_.empty()) {
      ObjectOutbox said = std::exchange(out_, {});
      for (const SpillOrder& order : said.spills)
        if (const auto* read = std::get_if<ReadSpill>(&order)) hear(*read);
      for (const Outbox::Letter& letter : said.letters) hear(letter);
      for (const SpillOrder& order : said.spills) {
        if (const auto* write = std::get_if<WriteSpill>(&order)) hear(*write);
        if (const auto* gone = std::get_if<DeleteSpill>(&order)) hear(*gone);
        orders_.push_back(order);
      }
      drop_for_the_gone();
    }
    free_unused();
    check_sums();
  }
  void end_all() {
    for (const ProcessId process : processes_) {
      end(process);
      follow();
    }
    while (!orders_.empty()) {
      carry_out_one();
      follow();
    }
    REQUIRE(copies_.empty());
    REQUIRE(store_.free() == store_.size());
    REQUIRE(disk_.empty());
    restored_ += store_.spills().restored();
  }
  int waited() const { return waited_; }
  int lost() const { return lost_; }
  int failed() const { return failed_; }
  std::uint64_t restored() const { return restored_; }

 private:
  struct Copy {
    std::uint64_t offset, bytes;
    ProcessId maker, owner;
    bool sealed = false, owned = false, dropped = false, lost = false;
    bool in_transit = false;  // to or from disk
    std::uint64_t file = 0;
    std::multiset<ProcessId> holders = {};
  };
  struct Wanted {
    std::uint64_t request;
    ProcessId from, owner;
    std::uint64_t bytes;
  };
  struct Asked {  // to hold a copy
    ProcessId from;
    std::uint64_t copy;
  };

  std::uint64_t roll(std::uint64_t sides) { return random_() % sides; }
  std::uint64_t any_copy() {
    if (copies_.empty() || roll(20) == 0) return roll(1000);
    return std::next(copies_.begin(), static_cast<std::ptrdiff_t>(roll(copies_.size())))->first;
  }
  template <typename Said>
  void say(ProcessId from, const Said& said) {
    store_.handle(now_, from, said, out_);
  }
  bool is_asked_for(std::uint64_t number) const {
    return std::ranges::any_of(asked_, [number](const auto& entry) { return entry.second.copy == number; });
  }
  void free_unused() {
    std::erase_if(copies_, [this](const auto& entry) {
      const Copy& copy = entry.second;
      return copy.dropped && copy.holders.empty() && !copy.in_transit && !is_asked_for(entry.first);
    });
  }
  void check_sums() const {
    std::uint64_t bytes = 0;
    std::set<std::uint64_t> files;
    for (const auto& [number, copy] : copies_) {
      REQUIRE(store_.has(number));
      if (store_.is_in_memory(number)) bytes += ArenaSpace::rounded(copy.bytes);
      if (!copy.holders.empty()) REQUIRE(store_.is_in_memory(number));
      if (copy.file != 0) files.insert(copy.file);
    }
    REQUIRE(store_.copies() == copies_.size());
    REQUIRE(store_.free() == store_.size() - bytes);
    REQUIRE(store_.waiting() >= wanted_.size());
    REQUIRE(store_.spills().files() == files.size());
    REQUIRE(store_.spills().on_disk() <= kSpillLimit);
  }

  // ---- memory: what lies at the beginning of each extent
  void write(std::uint64_t offset, std::uint64_t bytes, std::uint64_t what) {
    memory_.erase(memory_.lower_bound(offset), memory_.lower_bound(offset + ArenaSpace::rounded(bytes)));
    memory_[offset] = what;
  }

  // ---- words
  void make(ProcessId process) {
    const ProcessId owner = roll(2) == 0 ? process : processes_[roll(std::size(processes_))];
    wanted_.push_back({++requests_, process, owner, 1 + roll(roll(4) == 0 ? kMiB : 64 << 10)});
    const std::size_t before = wanted_.size();
    say(process, MakeRoom{requests_, ObjectId{owner, requests_}, owner, wanted_.back().bytes});
    follow();
    waited_ += wanted_.size() == before;
  }
  void seal(ProcessId process) {
    const std::uint64_t number = any_copy();
    const auto copy = copies_.find(number);
    const bool can = copy != copies_.end() && copy->second.maker == process;
    if (can && !copy->second.sealed) write(copy->second.offset, copy->second.bytes, number);
    if (can) copy->second.sealed = true;
    const bool was_asked_for = can && store_.is_in_memory(number) && !copy->second.in_transit;
    say(process, SealCopy{number});
    follow();
    if (was_asked_for) REQUIRE(!is_asked_for(number));
  }
  void hold(ProcessId process) {
    const std::uint64_t number = any_copy();
    const auto copy = copies_.find(number);
    const bool is_there = copy != copies_.end();
    const bool is_at_hand = is_there && copy->second.sealed && store_.is_in_memory(number) && !is_asked_for(number);
    asked_[++requests_] = {process, number};
    say(process, HoldCopy{requests_, number});
    const std::uint64_t request = requests_;
    follow();
    if (!is_there || is_at_hand) REQUIRE(!asked_.contains(request));
  }
  void let_go(ProcessId process) {
    const std::uint64_t number = any_copy();
    say(process, LetGo{{number}});
    if (!copies_.contains(number)) return;
    Copy& copy = copies_.at(number);
    const auto held = copy.holders.find(process);
    if (held == copy.holders.end()) return;
    copy.holders.erase(held);
    if (copy.maker == process && !copy.sealed) copy.dropped = copy.owned = true;
  }
  // Who was asked to lets go of all that it does not write.
  void let_go_idle() {
    for (const ProcessId process : std::exchange(asked_to_let_go_, {})) {
      LetGo let_go;
      for (auto& [number, copy] : copies_)
        if (copy.sealed)
          for (auto held = copy.holders.find(process); held != copy.holders.end(); held = copy.holders.find(process)) {
            copy.holders.erase(held);
            let_go.copies.push_back(number);
          }
      say(process, let_go);
      follow();
    }
  }
  void drop(ProcessId process) {
    const std::uint64_t number = any_copy();
    say(process, DropCopies{{number}});
    if (!copies_.contains(number) || copies_.at(number).owner != process) return;
    copies_.at(number).dropped = copies_.at(number).owned = true;
  }
  void own(ProcessId process) {
    const std::uint64_t number = any_copy();
    if (copies_.contains(number) && copies_.at(number).owner == process) copies_.at(number).owned = true;
    say(process, OwnCopies{{number}});
  }
  // Its end, and another in its place. Makers say of what they made for it and it was not heard of.
  void end(ProcessId process) {
    std::set<std::uint64_t> orphans;
    std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.from == process; });
    std::erase_if(asked_, [&](const auto& entry) { return entry.second.from == process; });
    for (auto& [number, copy] : copies_) {
      if (copy.owner == process) copy.dropped = copy.owned = true;
      copy.holders.erase(process);
      if (copy.maker != process) continue;
      if (!copy.sealed) copy.dropped = copy.owned = true;
      if (!copy.owned) orphans.insert(number);
    }
    store_.on_ended(now_, process, out_);
    for (const Outbox::Letter& letter : out_.letters)
      if (const auto* orphaned = std::get_if<CopyOrphaned>(&letter.message)) REQUIRE(orphans.erase(orphaned->copy) == 1);
    REQUIRE(orphans.empty());
    for (ProcessId& each : processes_)
      if (each == process) each = ProcessId(next_process_++);
    for (Wanted& wanted : wanted_)  // what waits for a dead owner is dropped by its maker, when it is made
      if (wanted.owner == process) gone_.insert(process);
  }

  // ---- answers
  void hear(const Outbox::Letter& letter) {
    if (const auto* made = std::get_if<RoomMade>(&letter.message)) return hear_made(letter.to, *made);
    if (const auto* held = std::get_if<CopyHeld>(&letter.message)) return hear_held(letter.to, *held);
    if (const auto* gone = std::get_if<CopyGone>(&letter.message)) return hear_gone(letter.to, *gone);
    if (std::holds_alternative<LetGoIdle>(letter.message)) asked_to_let_go_.insert(letter.to);
    if (const auto* refused = std::get_if<RoomRefused>(&letter.message)) {
      REQUIRE(wanted_.front().request == refused->request);
      wanted_.pop_front();
    }
  }
  void hear_made(ProcessId to, const RoomMade& made) {
    REQUIRE(!wanted_.empty());
    const Wanted wanted = wanted_.front();
    wanted_.pop_front();
    REQUIRE(wanted.request == made.request);
    REQUIRE(wanted.from == to);
    for (const auto& [number, copy] : copies_)
      REQUIRE((!store_.has(number) || !store_.is_in_memory(number) || made.offset >= copy.offset + copy.bytes ||
               made.offset + wanted.bytes <= copy.offset));
    write(made.offset, wanted.bytes, 0);
    Copy& copy = copies_[made.copy];
    copy = {made.offset, wanted.bytes, to, wanted.owner};
    copy.owned = to == wanted.owner;
    copy.holders.insert(to);
  }
  void hear_held(ProcessId to, const CopyHeld& held) {
    const auto asked = asked_.extract(held.request);
    REQUIRE(!asked.empty());
    REQUIRE(asked.mapped().from == to);
    REQUIRE(asked.mapped().copy == held.copy);
    Copy& copy = copies_.at(held.copy);
    REQUIRE(copy.sealed);
    REQUIRE(!copy.lost);
    REQUIRE(held.offset == copy.offset);
    REQUIRE(memory_.at(held.offset) == held.copy);
    copy.holders.insert(to);
  }
  void hear_gone(ProcessId to, const CopyGone& gone) {
    const auto asked = asked_.extract(gone.request);
    REQUIRE(!asked.empty());
    REQUIRE(asked.mapped().from == to);
    const auto copy = copies_.find(asked.mapped().copy);
    if (copy != copies_.end() && copy->second.sealed && !gone.no_room && !copy->second.dropped) REQUIRE(copy->second.lost);
  }
  // What was made for those that had ended meanwhile: they cannot be asked.
  void drop_for_the_gone() {
    for (const ProcessId owner : gone_) {
      if (std::ranges::none_of(copies_, [owner](const auto& entry) { return entry.second.owner == owner && !entry.second.dropped; })) continue;
      store_.on_ended(now_, owner, out_);
      for (auto& [number, each] : copies_)
        if (each.owner == owner) each.dropped = each.owned = true;
    }
  }

  // ---- the disk
  void hear(const WriteSpill& write) {
    for (const SpillPiece& piece : write.pieces) {
      Copy& copy = copies_.at(piece.copy);
      REQUIRE((copy.sealed && copy.owned && !copy.dropped && copy.holders.empty() && !copy.in_transit && copy.file == 0));
      REQUIRE(copy.offset == piece.offset);
      copy.in_transit = true;
      copy.file = write.file;
    }
  }
  void hear(const ReadSpill& read) {
    Copy& copy = copies_.at(read.piece.copy);
    REQUIRE((!copy.in_transit && copy.file == read.file));
    copy.in_transit = true;
    copy.offset = read.piece.offset;
    write(copy.offset, copy.bytes, 0);
  }
  void hear(const DeleteSpill& gone) {
    for (const auto& [number, copy] : copies_)
      if (copy.file == gone.file) REQUIRE((copy.dropped && copy.holders.empty()));
    for (auto& [number, copy] : copies_)
      if (copy.file == gone.file) copy.file = 0;
  }
  void carry_out_one() {
    if (orders_.empty()) return;
    const SpillOrder order = std::move(orders_.front());
    orders_.pop_front();
    if (const auto* write = std::get_if<WriteSpill>(&order)) carry_out(*write);
    if (const auto* read = std::get_if<ReadSpill>(&order)) carry_out(*read);
    if (const auto* gone = std::get_if<DeleteSpill>(&order))
      std::erase_if(disk_, [&](const auto& entry) { return entry.first.first == gone->file; });
    if (const auto* punch = std::get_if<PunchSpill>(&order)) carry_out(*punch);
  }
  // Some file systems cannot.
  void carry_out(const PunchSpill& order) {
    SpillPunched punched{order.file, 0};
    for (const PunchSpill::Part& part : order.parts) {
      const auto first = disk_.lower_bound({order.file, part.at}), last = disk_.lower_bound({order.file, part.at + part.bytes});
      for (auto piece = first; piece != last; ++piece) {
        const auto copy = copies_.find(piece->second);
        REQUIRE((copy == copies_.end() || copy->second.dropped || copy->second.file != order.file));
      }
      disk_.erase(first, last);
      punched.bytes += part.bytes;
    }
    if (roll(4) == 0) punched.bytes = 0;
    punched_ += punched.bytes;
    store_.on_spill(now_, punched, out_);
  }
  // Now and then it fails in the middle.
  void carry_out(const WriteSpill& order) {
    const bool fails = roll(8) == 0;
    const std::size_t whole = fails ? roll(order.pieces.size()) : order.pieces.size();
    SpillWritten written{order.file, {}};
    for (std::size_t i = 0; i < order.pieces.size(); ++i) {
      const SpillPiece& piece = order.pieces[i];
      Copy& copy = copies_.at(piece.copy);
      copy.in_transit = false;
      if (i >= whole) copy.file = 0;
      if (i >= whole) continue;
      REQUIRE(memory_.at(piece.offset) == piece.copy);
      disk_[{order.file, piece.at}] = piece.copy;
      written.copies.emplace_back(piece.copy, piece.copy * 7);
    }
    if (whole > 0) store_.on_spill(now_, written, out_);
    if (fails) {
      failed_ += 1;
      store_.on_spill(now_, SpillFailed{order.file, "the disk is full", false}, out_);
    }
  }
  void carry_out(const ReadSpill& order) {
    Copy& copy = copies_.at(order.piece.copy);
    copy.in_transit = false;
    REQUIRE(disk_.at({order.file, order.piece.at}) == order.piece.copy);
    REQUIRE(order.checksum == order.piece.copy * 7);
    copy.lost = roll(30) == 0;
    if (copy.lost) copy.file = 0;
    lost_ += copy.lost;
    write(order.piece.offset, order.piece.bytes, order.piece.copy);
    store_.on_spill(now_, SpillRead{order.file, order.piece.copy, copy.lost ? "it is torn" : ""}, out_);
  }

  std::mt19937_64 random_;
  Time now_{seconds(1000)};
  std::uint64_t next_process_ = 1, requests_ = 0;
  ProcessId processes_[5];
  ObjectStore store_;
  ObjectOutbox out_;
  std::map<std::uint64_t, Copy> copies_;
  std::map<std::uint64_t, std::uint64_t> memory_;  // by offset: the copy that was written there
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> disk_;  // by file and place
  std::deque<SpillOrder> orders_;
  std::deque<Wanted> wanted_;
  std::map<std::uint64_t, Asked> asked_;  // by request
  std::set<ProcessId> gone_, asked_to_let_go_;
  int waited_ = 0, lost_ = 0, failed_ = 0;
  std::uint64_t restored_ = 0, punched_ = 0;
};

}  // namespace

TEST_CASE("a store agrees with a model of its copies under random words and ends") {  // STORE-1 to 7, 11 to 13, SPILL-1, SPILL-2
  for (const bool spills : {false, true}) {
    CAPTURE(spills);
    int waited = 0, lost = 0, failed = 0;
    std::uint64_t restored = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
      CAPTURE(seed);
      Model model(seed, spills);
      for (int step = 0; step < 1500; ++step) {
        CAPTURE(step);
        model.step();
        model.follow();
      }
      model.end_all();
      waited += model.waited();
      lost += model.lost();
      failed += model.failed();
      restored += model.restored();
    }
    MESSAGE(waited << " had to wait for room; " << (restored >> 20) << " MiB were read back, " << lost << " lost, " << failed << " writes failed");
    CHECK(waited > 100);
    CHECK((restored > 20 * kMiB) == spills);
    CHECK((lost > 10) == spills);
    CHECK((failed > 10) == spills);
  }
}

}  // namespace Atoll
