// What a daemon fetches of other nodes' arenas before anybody waits for it.
#include "tests/support/objects_fixture.h"

namespace Atoll {

using namespace testing::objects;

namespace {

struct AheadNode : Node {
  using Node::Node;

  void want_ahead(ProcessId who, std::uint64_t copy, std::uint64_t bytes) {
    say(who, HoldCopy{0, copy, contact_of(kFar), bytes, {}, /*ahead=*/true});
  }
  // The keeper hears that nobody waits for it, and answers.
  void give_hold_ahead(std::uint64_t copy, std::uint64_t bytes) {
    const HoldCopy hold = next<HoldCopy>(kFar);
    CHECK(hold.copy == copy);
    CHECK(hold.ahead);
    say(kFar, CopyHeld{hold.request, copy, 4096, bytes, ObjectId{kBert, copy}});
  }
  // `who` puts so much, drops it never, and lets go of it.
  void put(ProcessId who, std::uint64_t bytes) {
    say(who, MakeRoom{++requests, ObjectId{who, requests}, who, bytes});
    const std::uint64_t copy = next<RoomMade>(who).copy;
    say(who, SealCopy{copy});
    say(who, LetGo{{copy}});
  }
};

}  // namespace

TEST_CASE("PULL-6: what is fetched ahead is answered to nobody, and is there for who wants it then") {
  AheadNode node;
  node.want_ahead(kAnna, 7, 10 * kMiB);
  node.want_ahead(kBert, 7, 10 * kMiB);
  node.give_hold_ahead(7, 10 * kMiB);
  node.give_parts();
  CHECK(node.said_to(kAnna) + node.said_to(kBert) == 0);
  const std::uint64_t here = 1;
  node.check_end(7, here);
  node.want_ahead(kCleo, 7, 10 * kMiB);
  CHECK(node.is_silent());
  node.want(kAnna, 7, 10 * kMiB);
  CHECK(node.next<CopyHeld>(kAnna).copy == here);
  CHECK(node.is_silent());
  CHECK(node.objects.pulls().bytes_pulled() == 10 * kMiB);
}

TEST_CASE("PULL-6: who begins to wait for what is on its way ahead is answered when it is there") {
  AheadNode node;
  node.want_ahead(kAnna, 7, 10 * kMiB);
  node.give_hold_ahead(7, 10 * kMiB);
  const std::uint64_t wanted = node.want(kAnna, 7, 10 * kMiB);
  node.give_parts();
  const CopyHeld held = node.next<CopyHeld>(kAnna);
  CHECK(held.request == wanted);
  CHECK(held.object == ObjectId{kBert, 7});
  node.check_end(7, held.copy);
  CHECK(node.is_silent());
}

TEST_CASE("PULL-6: what may be wanted later takes no more than a fourth of the memory, and none that is short") {
  AheadNode node(40 * kMiB);
  node.want_ahead(kAnna, 1, 6 * kMiB);
  (void)node.next<HoldCopy>(kFar);
  node.out.clear();
  node.want_ahead(kAnna, 2, 5 * kMiB);  // eleven, together
  CHECK(node.is_silent());
  node.want_ahead(kAnna, 3, 4 * kMiB);
  CHECK(node.next<HoldCopy>(kFar).copy == 3);
  AheadNode full(40 * kMiB);
  full.put(kBert, 31 * kMiB);
  full.want_ahead(kAnna, 1, 2 * kMiB);  // less than a fifth would be free
  CHECK(full.is_silent());
  full.want_ahead(kAnna, 2, kMiB);
  CHECK(full.next<HoldCopy>(kFar).copy == 2);
}

TEST_CASE("PULL-6: for what may be wanted later nothing is evicted, and it is what goes when others want room") {
  AheadNode node(40 * kMiB);
  node.fetch(kAnna, 1, 30 * kMiB);
  node.say(kAnna, LetGo{{1}});  // stays, for later
  node.want_ahead(kAnna, 2, 10 * kMiB + 1);
  CHECK(node.is_silent());
  node.want_ahead(kAnna, 3, 10 * kMiB);
  node.give_hold_ahead(3, 10 * kMiB);
  node.give_parts();
  node.check_end(3, 2);
  CHECK(node.objects.store().free() == 0);
  node.put(kBert, 40 * kMiB);  // both have given way
  CHECK(node.objects.store().copies() == 1);
}

TEST_CASE("PULL-6: copies that somebody waits for have their turns first") {
  AheadNode node(1024 * kMiB);
  node.want_ahead(kAnna, 1, 64 * kMiB);
  node.give_hold_ahead(1, 64 * kMiB);
  for (std::uint64_t copy = 2; copy <= 6; ++copy) {  // more than may be under way
    node.want(kBert, copy, 64 * kMiB);
    node.give_hold(copy, 64 * kMiB);
  }
  int ahead = 0;
  for (int part = 0; part < 24; ++part) {
    const ReadCopy read = node.next<ReadCopy>(kFar);
    ahead += read.copy == 1;
    node.give_part(read);
  }
  CHECK(ahead == 4);  // that were under way when the others came
}

TEST_CASE("STORE-14: what lies on disk stays there for who copies it ahead; who waits by then has it read back") {
  ObjectStore store({4 * kMiB, "n1", kSelf, {true, 100 * kMiB, "/spill"}});
  ObjectOutbox out;
  const Time now{};
  for (std::uint64_t copy = 1; copy <= 5; ++copy) {
    store.handle(now, kAnna, MakeRoom{copy, ObjectId{kAnna, copy}, kAnna, kMiB}, out);
    store.handle(now, kAnna, SealCopy{copy}, out);
    store.handle(now, kAnna, LetGo{{copy}}, out);
    for (const SpillOrder& order : std::exchange(out.spills, {}))
      if (const auto* write = std::get_if<WriteSpill>(&order)) {
        SpillWritten written{write->file, {}};
        for (const SpillPiece& piece : write->pieces) written.copies.emplace_back(piece.copy, 7);
        store.on_spill(now, written, out);
      }
  }
  REQUIRE_FALSE(store.is_in_memory(1));
  out.clear();
  store.handle(now, kFar, HoldCopy{1, 1, {}, 0, contact_of(kFar), /*ahead=*/true}, out);
  REQUIRE(out.letters.size() == 1);
  CHECK(std::get<CopyGone>(out.letters[0].message).no_room);
  CHECK(out.spills.empty());
  AheadNode node;
  node.want_ahead(kAnna, 1, kMiB);
  const HoldCopy ahead = node.next<HoldCopy>(kFar);
  node.want(kBert, 1, kMiB);
  node.say(kFar, CopyGone{ahead.request, "it lies on disk", true});
  CHECK_FALSE(node.next<HoldCopy>(kFar).ahead);
  CHECK(node.is_silent());
}

TEST_CASE("PULL-6: what cannot be fetched ahead is nobody's error, and goes with who asked") {
  AheadNode node;
  node.want_ahead(kAnna, 1, kMiB);
  node.say(kFar, CopyGone{node.next<HoldCopy>(kFar).request, "its owner dropped it, or ended"});
  CHECK(node.next<CopyTaken>(kFar).here == 0);
  CHECK(node.is_silent());
  CHECK(node.is_empty());
  node.want_ahead(kAnna, 2, kMiB);
  node.objects.on_ended(node.now, kAnna, node.out);
  CHECK(node.is_empty());
  node.objects.on_node_died(node.now, kFar, "node n2 died", node.out);
  node.out.clear();
  node.want_ahead(kBert, 3, kMiB);
  CHECK(node.is_silent());
}

}  // namespace Atoll
