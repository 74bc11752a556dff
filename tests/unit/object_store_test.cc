#include "runtime/objects/object_store.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "runtime/wire/messages.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ProcessId kAnna{1}, kBert{2}, kCleo{3};
constexpr std::uint64_t kMiB = 1 << 20;

// A store of four MiB, and what it said last.
struct Store {
  Outbox out;
  ObjectStore store{{4 * kMiB, "n1"}};
  Time now{seconds(1000)};
  std::uint64_t requests = 0;

  template <typename Said>
  void say(ProcessId from, const Said& said) {
    out.clear();
    store.handle(now, from, said, out);
  }
  // What was said to `to`, if it is all that was said and a T.
  template <typename T>
  T only(ProcessId to) {
    REQUIRE(out.letters.size() == 1);
    CHECK(out.letters[0].to == to);
    const T* said = std::get_if<T>(&out.letters[0].message);
    REQUIRE(said != nullptr);
    return *said;
  }
  RoomMade make(ProcessId from, std::uint64_t bytes, ProcessId owner) {
    say(from, MakeRoom{++requests, ObjectId{owner, requests}, owner, bytes});
    return only<RoomMade>(from);
  }
  // Made, sealed and let go of by its maker.
  std::uint64_t put(ProcessId from, std::uint64_t bytes, ProcessId owner) {
    const std::uint64_t copy = make(from, bytes, owner).copy;
    say(from, SealCopy{copy});
    say(from, LetGo{{copy}});
    CHECK(out.empty());
    return copy;
  }
  bool holds(ProcessId from, std::uint64_t copy) {
    say(from, HoldCopy{++requests, copy});
    REQUIRE(out.letters.size() == 1);
    return std::holds_alternative<CopyHeld>(out.letters[0].message);
  }
  void end(ProcessId process) {
    out.clear();
    store.on_ended(now, process, out);
  }
  bool is_empty() const { return store.copies() == 0 && store.free() == store.size(); }
};

}  // namespace

TEST_CASE("a copy lives from its making until its owner drops it and nobody holds it") {  // STORE-1, STORE-2
  Store node;
  const RoomMade room = node.make(kAnna, kMiB, kAnna);
  CHECK(room.offset == 0);
  node.say(kAnna, SealCopy{room.copy});
  CHECK(node.holds(kBert, room.copy));
  const auto held = node.only<CopyHeld>(kBert);
  CHECK(held.offset == 0);
  CHECK(held.bytes == kMiB);
  node.say(kAnna, DropCopies{{room.copy}});
  node.say(kAnna, LetGo{{room.copy}});
  CHECK(node.store.free() == 3 * kMiB);
  CHECK(node.make(kCleo, kMiB, kCleo).offset == kMiB);
  node.say(kBert, LetGo{{room.copy}});
  CHECK(node.store.free() == 3 * kMiB);
  CHECK(node.make(kCleo, kMiB, kCleo).offset == 0);
}

TEST_CASE("who holds a copy twice lets go of it twice, unless it ends") {  // STORE-1, STORE-3
  Store node;
  const std::uint64_t copy = node.put(kAnna, kMiB, kAnna);
  for (int i = 0; i < 2; ++i) {
    CHECK(node.holds(kBert, copy));
    CHECK(node.holds(kCleo, copy));
  }
  node.say(kAnna, DropCopies{{copy}});
  node.say(kBert, LetGo{{copy, copy, copy}});
  node.say(kCleo, LetGo{{copy}});
  CHECK(node.store.copies() == 1);
  node.end(kCleo);
  CHECK(node.is_empty());
}

TEST_CASE("who wants to read a copy before it is sealed is answered when it is, or when it never will be") {  // STORE-6
  Store node;
  const std::uint64_t copy = node.make(kAnna, kMiB, kAnna).copy, given_up = node.make(kAnna, kMiB, kAnna).copy;
  node.say(kBert, HoldCopy{1, copy});
  CHECK(node.out.empty());
  node.say(kBert, HoldCopy{2, given_up});
  CHECK(node.out.empty());
  node.say(kAnna, SealCopy{copy});
  CHECK(node.only<CopyHeld>(kBert).request == 1);
  node.say(kAnna, LetGo{{given_up}});
  CHECK(node.only<CopyGone>(kBert).request == 2);
  node.end(kAnna);
  CHECK(node.store.copies() == 1);
  node.say(kBert, LetGo{{copy}});
  CHECK(node.is_empty());
}

TEST_CASE("who ends while it waits for a copy to be sealed is not given it") {  // STORE-3, STORE-6
  Store node;
  const std::uint64_t copy = node.make(kAnna, kMiB, kAnna).copy;
  node.say(kBert, HoldCopy{1, copy});
  node.end(kBert);
  node.say(kAnna, SealCopy{copy});
  CHECK(node.out.empty());
  node.say(kAnna, LetGo{{copy}});
  node.say(kAnna, DropCopies{{copy}});
  CHECK(node.is_empty());
}

TEST_CASE("a copy that was dropped or never was cannot be held") {
  Store node;
  const std::uint64_t dropped = node.put(kAnna, kMiB, kAnna);
  node.say(kAnna, DropCopies{{dropped}});
  CHECK_FALSE(node.holds(kBert, dropped));
  CHECK(node.only<CopyGone>(kBert).why == "its owner dropped it, or ended");
  CHECK_FALSE(node.holds(kBert, 4711));
}

TEST_CASE("of a copy that is held what is inside of it can be read") {
  Store node;
  (void)node.put(kAnna, kMiB, kAnna);
  const std::uint64_t copy = node.put(kAnna, kMiB, kAnna);
  CHECK_FALSE(node.store.place_of(kBert, {1, copy, 0, 10}));
  CHECK(node.holds(kBert, copy));
  CHECK(node.store.place_of(kBert, {1, copy, 0, 10}) == kMiB);
  CHECK(node.store.place_of(kBert, {1, copy, kMiB - 10, 10}) == 2 * kMiB - 10);
  constexpr std::uint64_t kMost = ~std::uint64_t{0};
  for (const auto& [from, bytes] : {std::pair{kMiB - 9, std::uint64_t{10}}, {kMiB + 1, 0}, {kMost, 2}, {2, kMost}, {0, kMost}})
    CHECK_FALSE(node.store.place_of(kBert, {1, copy, from, bytes}));
}

TEST_CASE("an unfinished copy is given up by letting go of it") {  // STORE-2
  Store node;
  const std::uint64_t copy = node.make(kAnna, kMiB, kBert).copy;
  node.say(kAnna, LetGo{{copy}});
  CHECK(node.is_empty());
}

TEST_CASE("a process that ends lets go of all, and what it owned goes with it") {  // STORE-2, STORE-3
  Store node;
  (void)node.make(kAnna, kMiB, kAnna);  // being written
  const std::uint64_t held = node.put(kAnna, kMiB, kAnna);
  (void)node.put(kAnna, kMiB, kAnna);
  const std::uint64_t berts = node.put(kBert, kMiB, kBert);
  CHECK(node.holds(kBert, held));
  CHECK(node.holds(kAnna, berts));
  node.end(kAnna);
  CHECK(node.out.empty());
  CHECK(node.store.copies() == 2);
  node.end(kBert);
  CHECK(node.is_empty());
}

TEST_CASE("a maker that ends before the owner was heard leaves the question to the owner") {  // STORE-4
  Store node;
  const std::uint64_t wanted = node.put(kAnna, kMiB, kBert), unknown = node.put(kAnna, kMiB, kBert);
  const std::uint64_t known = node.put(kAnna, kMiB, kBert);
  node.say(kBert, OwnCopies{{known}});
  node.end(kAnna);
  REQUIRE(node.out.letters.size() == 2);
  std::set<std::uint64_t> asked;
  for (const Outbox::Letter& letter : node.out.letters) {
    CHECK(letter.to == kBert);
    asked.insert(std::get<CopyOrphaned>(letter.message).copy);
  }
  CHECK(asked == std::set{wanted, unknown});
  node.say(kBert, OwnCopies{{wanted}});
  node.say(kBert, DropCopies{{unknown}});
  CHECK(node.store.copies() == 2);
  node.say(kBert, DropCopies{{wanted, known}});
  CHECK(node.is_empty());
}

TEST_CASE("a maker that loses its connection to an owner has it asked for what it was not heard of") {  // STORE-4
  Store node;
  const std::uint64_t copy = node.put(kAnna, kMiB, kBert), known = node.put(kAnna, kMiB, kBert);
  node.say(kBert, OwnCopies{{known}});
  node.say(kCleo, OwnerGone{kBert});
  CHECK(node.out.empty());
  node.say(kAnna, OwnerGone{kBert});
  CHECK(node.only<CopyOrphaned>(kBert).copy == copy);
  node.end(kBert);  // it cannot be asked
  CHECK(node.is_empty());
}

TEST_CASE("nobody drops or seals what is another's") {  // STORE-7
  Store node;
  const std::uint64_t copy = node.make(kAnna, kMiB, kBert).copy;
  node.say(kCleo, SealCopy{copy});
  node.say(kCleo, HoldCopy{99, copy});
  CHECK(node.out.empty());
  node.say(kAnna, SealCopy{copy});
  node.say(kAnna, DropCopies{{copy}});
  node.say(kCleo, DropCopies{{copy, 4711}});
  node.say(kCleo, LetGo{{copy, 4711}});
  CHECK(node.holds(kCleo, copy));
}

TEST_CASE("who finds no room waits its turn, and holders are asked for what they do not use") {  // STORE-5
  Store node;
  const std::uint64_t big = node.put(kAnna, 3 * kMiB, kAnna);
  CHECK(node.holds(kBert, big));
  node.say(kCleo, MakeRoom{101, ObjectId{kCleo, 101}, kCleo, 2 * kMiB});
  (void)node.only<LetGoIdle>(kBert);
  node.say(kCleo, MakeRoom{102, ObjectId{kCleo, 102}, kCleo, 1});  // fits, and waits behind the other all the same
  CHECK(node.out.empty());
  CHECK(node.store.waiting() == 2);
  node.say(kAnna, DropCopies{{big}});
  CHECK(node.out.empty());
  node.now += milliseconds(100);
  node.out.clear();
  node.store.on_tick(node.now, node.out);
  (void)node.only<LetGoIdle>(kBert);
  node.say(kBert, LetGo{{big}});
  REQUIRE(node.out.letters.size() == 2);
  CHECK(std::get<RoomMade>(node.out.letters[0].message).request == 101);
  CHECK(std::get<RoomMade>(node.out.letters[1].message).request == 102);
  CHECK_FALSE(node.store.next_deadline());
}

TEST_CASE("who waits in vain is told how full it is; who asks too much, at once") {  // STORE-5
  Store node;
  const std::uint64_t kept = node.put(kAnna, 2 * kMiB, kAnna);
  CHECK(node.holds(kBert, kept));
  node.say(kAnna, DropCopies{{kept}});
  (void)node.put(kAnna, kMiB, kAnna);
  node.say(kCleo, MakeRoom{1, ObjectId{kCleo, 1}, kCleo, 4 * kMiB + 1});
  CHECK(node.only<RoomRefused>(kCleo).why ==
        "an object of 4.0 MiB does not fit into node n1's object memory of 4 MiB; give it more, or put the object in parts");
  node.say(kCleo, MakeRoom{2, ObjectId{kCleo, 2}, kCleo, 2 * kMiB});
  node.now += kRoomPatience - milliseconds(1);
  node.out.clear();
  node.store.on_tick(node.now, node.out);
  CHECK(node.store.waiting() == 1);
  REQUIRE(node.store.next_deadline());
  node.now += milliseconds(1);
  node.out.clear();
  node.store.on_tick(node.now, node.out);
  CHECK(node.only<RoomRefused>(kCleo).why ==
        "node n1's object memory of 4 MiB is full: 2 objects, the longest free piece is 1 MiB; 2 MiB are only kept by values "
        "that were got and still live; drop Refs, or give it more");
  CHECK(node.store.waiting() == 0);
}

TEST_CASE("who waits and ends is not waited for") {  // STORE-5
  Store node;
  const std::uint64_t big = node.put(kAnna, 4 * kMiB, kAnna);
  node.say(kBert, MakeRoom{1, ObjectId{kBert, 1}, kBert, kMiB});
  node.say(kCleo, MakeRoom{2, ObjectId{kCleo, 2}, kCleo, kMiB});
  node.end(kBert);
  node.say(kAnna, DropCopies{{big}});
  CHECK(node.only<RoomMade>(kCleo).request == 2);
}

// -------------------------------------------------------------- random programs

namespace {

// What must be true of the store after random words of five processes, which begin anew when they end.
class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed) {
    for (ProcessId& process : processes_) process = ProcessId(next_process_++);
  }

  void step() {
    now_ += milliseconds(roll(40));
    const ProcessId process = processes_[roll(std::size(processes_))];
    switch (roll(14)) {
      case 0: case 1: case 2: return make(process);
      case 3: case 4: return seal(process);
      case 5: case 6: return hold(process);
      case 7: case 8: return let_go(process);
      case 9: case 10: return drop(process);
      case 11: return own(process);
      case 12: if (roll(6) == 0) end(process); return;
      default: store_.on_tick(now_, out_);
    }
  }
  // Checks what the store said, and what it keeps.
  void follow() {
    while (!out_.empty()) {
      for (const Outbox::Letter& letter : std::exchange(out_.letters, {})) hear(letter);
      drop_for_the_gone();
    }
    std::uint64_t bytes = 0;
    for (const auto& [number, copy] : copies_) bytes += ArenaSpace::rounded(copy.bytes);
    REQUIRE(store_.copies() == copies_.size());
    REQUIRE(store_.free() == store_.size() - bytes);
    REQUIRE(store_.waiting() == wanted_.size());
  }
  void end_all() {
    for (const ProcessId process : processes_) {
      end(process);
      follow();
    }
    REQUIRE(store_.free() == store_.size());
  }
  int waited() const { return waited_; }

 private:
  struct Copy {
    std::uint64_t offset, bytes;
    ProcessId maker, owner;
    bool sealed = false, owned = false, dropped = false;
    std::multiset<ProcessId> holders, readers;
  };
  struct Wanted {
    std::uint64_t request;
    ProcessId from, owner;
    std::uint64_t bytes;
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
  void free_unused() {
    std::erase_if(copies_, [](const auto& entry) { return entry.second.dropped && entry.second.holders.empty(); });
  }

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
    say(process, SealCopy{number});
    if (!copies_.contains(number) || copies_[number].maker != process) return;
    Copy& copy = copies_[number];
    copy.sealed = true;
    REQUIRE(out_.letters.size() == copy.readers.size());
    for (const Outbox::Letter& letter : std::exchange(out_.letters, {})) {
      REQUIRE(std::holds_alternative<CopyHeld>(letter.message));
      REQUIRE(copy.readers.erase(letter.to) > 0);
      copy.holders.insert(letter.to);
    }
  }
  void hold(ProcessId process) {
    const std::uint64_t number = any_copy();
    const bool there = copies_.contains(number), can = there && copies_[number].sealed;
    if (there && !can && copies_[number].readers.contains(process)) return;  // each waits once, to be counted easily
    say(process, HoldCopy{++requests_, number});
    if (there && !can) {
      REQUIRE(out_.empty());
      copies_[number].readers.insert(process);
      return;
    }
    REQUIRE(out_.letters.size() == 1);
    REQUIRE(std::holds_alternative<CopyHeld>(out_.letters[0].message) == can);
    if (can) REQUIRE(std::get<CopyHeld>(out_.letters[0].message).offset == copies_[number].offset);
    if (can) copies_[number].holders.insert(process);
    out_.clear();
  }
  void let_go(ProcessId process) {
    const std::uint64_t number = any_copy();
    say(process, LetGo{{number}});
    if (!copies_.contains(number)) return;
    Copy& copy = copies_[number];
    const auto held = copy.holders.find(process);
    if (held == copy.holders.end()) return;
    copy.holders.erase(held);
    if (copy.maker == process && !copy.sealed) copy.dropped = copy.owned = true;
    free_unused();
  }
  void drop(ProcessId process) {
    const std::uint64_t number = any_copy();
    say(process, DropCopies{{number}});
    if (!copies_.contains(number) || copies_[number].owner != process) return;
    copies_[number].dropped = copies_[number].owned = true;
    free_unused();
  }
  void own(ProcessId process) {
    const std::uint64_t number = any_copy();
    say(process, OwnCopies{{number}});
    if (copies_.contains(number) && copies_[number].owner == process) copies_[number].owned = true;
  }
  // Its end, and another in its place. Makers say of what they made for it and it was not heard of.
  void end(ProcessId process) {
    std::set<std::uint64_t> asked;
    std::erase_if(wanted_, [&](const Wanted& wanted) { return wanted.from == process; });
    for (auto& [number, copy] : copies_) {
      if (copy.owner == process) copy.dropped = copy.owned = true;
      copy.holders.erase(process);
      copy.readers.erase(process);
      if (copy.maker != process) continue;
      if (!copy.sealed) copy.dropped = copy.owned = true;
      if (!copy.owned) asked.insert(number);
    }
    free_unused();
    store_.on_ended(now_, process, out_);
    for (const Outbox::Letter& letter : out_.letters)
      if (const auto* orphaned = std::get_if<CopyOrphaned>(&letter.message)) REQUIRE(asked.erase(orphaned->copy) == 1);
    REQUIRE(asked.empty());
    for (ProcessId& each : processes_)
      if (each == process) each = ProcessId(next_process_++);
    for (Wanted& wanted : wanted_)  // what waits for a dead owner is dropped by its maker, when it is made
      if (wanted.owner == process) gone_.insert(process);
  }

  void hear(const Outbox::Letter& letter) {
    if (const auto* made = std::get_if<RoomMade>(&letter.message)) return hear_made(letter.to, *made);
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
      REQUIRE((made.offset >= copy.offset + copy.bytes || made.offset + wanted.bytes <= copy.offset));
    Copy& copy = copies_[made.copy];
    copy = {made.offset, wanted.bytes, to, wanted.owner, false, false, false, {}, {}};
    copy.owned = to == wanted.owner;
    copy.holders.insert(to);
  }
  // What was made for those that had ended meanwhile: they cannot be asked.
  void drop_for_the_gone() {
    for (const ProcessId owner : gone_) {
      if (std::ranges::none_of(copies_, [owner](const auto& entry) { return entry.second.owner == owner && !entry.second.dropped; })) continue;
      store_.on_ended(now_, owner, out_);
      for (auto& [number, each] : copies_)
        if (each.owner == owner) each.dropped = each.owned = true;
      free_unused();
    }
  }

  std::mt19937_64 random_;
  Time now_{seconds(1000)};
  std::uint64_t next_process_ = 1, requests_ = 0;
  ProcessId processes_[5];
  ObjectStore store_{{2 * kMiB, "n1"}};
  Outbox out_;
  std::map<std::uint64_t, Copy> copies_;
  std::deque<Wanted> wanted_;
  std::set<ProcessId> gone_;
  int waited_ = 0;
};

}  // namespace

TEST_CASE("a store agrees with a model of its copies under random words and ends") {  // STORE-1 to STORE-7
  int waited = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Model model(seed);
    for (int step = 0; step < 1500; ++step) {
      CAPTURE(step);
      model.step();
      model.follow();
    }
    model.end_all();
    waited += model.waited();
  }
  MESSAGE(waited << " had to wait for room");
  CHECK(waited > 100);
}

}  // namespace Atoll
