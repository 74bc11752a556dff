#include "runtime/objects/object_store.h"

#include <doctest/doctest.h>

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
  ObjectOutbox out;
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

}  // namespace Atoll
