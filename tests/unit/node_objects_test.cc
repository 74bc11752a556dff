// What a daemon fetches from other nodes' arenas: the pulls, and the store under them.
#include <map>
#include <set>

#include "tests/support/objects_fixture.h"

namespace Atoll {

using namespace testing::objects;

TEST_CASE("PULL-1: a copy that several want is fetched once, and kept for who comes later") {
  Node node;
  const std::uint64_t first = node.want(kAnna, 7, 10 * kMiB), second = node.want(kBert, 7, 10 * kMiB);
  REQUIRE(node.out.contacts.size() == 1);
  CHECK(node.out.contacts[0] == contact_of(kFar));
  node.give_hold(7, 10 * kMiB);
  CHECK(node.said_to(kFar) == 3);
  node.give_parts();
  const CopyHeld anna = node.next<CopyHeld>(kAnna), bert = node.next<CopyHeld>(kBert);
  CHECK(anna.request == first);
  CHECK(bert.request == second);
  CHECK(anna.bytes == 10 * kMiB);
  CHECK(anna.copy == bert.copy);
  CHECK(anna.offset == bert.offset);
  node.check_end(7, anna.copy);
  node.want(kCleo, 7, 10 * kMiB);
  CHECK(node.next<CopyHeld>(kCleo).copy == anna.copy);
  CHECK(node.is_silent());
  CHECK(node.objects.pulls().bytes_pulled() == 10 * kMiB);
}

TEST_CASE("PULL-1: copies of two nodes with one number are two") {
  Node node;
  node.want(kAnna, 7, kMiB, kFar);
  node.want(kAnna, 7, kMiB, kOther);
  node.give_hold(7, kMiB, kFar);
  node.give_hold(7, kMiB, kOther);
  node.give_parts(kFar);
  node.give_parts(kOther);
  CHECK(node.next<CopyHeld>(kAnna).copy != node.next<CopyHeld>(kAnna).copy);
}

TEST_CASE("PULL-2: who wants what is gone, or has no room here, hears so") {
  Node node(4 * kMiB);
  const std::uint64_t gone = node.want(kAnna, 7, kMiB), large = node.want(kBert, 8, 5 * kMiB);
  const CopyGone no_room = node.next<CopyGone>(kBert);
  CHECK(no_room.request == large);
  CHECK(no_room.no_room);
  node.say(kFar, CopyGone{node.next<HoldCopy>(kFar).request, "its owner dropped it"});
  const CopyGone lost = node.next<CopyGone>(kAnna);
  CHECK(lost.request == gone);
  CHECK(lost.why == "its owner dropped it");
  CHECK_FALSE(lost.no_room);
  CHECK(node.next<CopyTaken>(kFar).here == 0);
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("PULL-2: a copy of another size than was said is not taken") {
  Node node;
  node.want(kAnna, 7, kMiB);
  node.give_hold(7, 2 * kMiB);
  CHECK(node.next<CopyGone>(kAnna).why == "it has 2097152 bytes, and not 1048576");
  node.check_end(7, 0);
  CHECK(node.is_empty());
}

TEST_CASE("PULL-2: a part that is refused ends it") {
  Node node;
  node.want(kAnna, 7, 9 * kMiB);
  node.give_hold(7, 9 * kMiB);
  node.give_part(node.next<ReadCopy>(kFar));
  node.say(kFar, CopyGone{node.next<ReadCopy>(kFar).request, "it is not held"});
  CHECK(node.next<CopyGone>(kAnna).why == "it is not held");
  const ReadCopy late = node.next<ReadCopy>(kFar);
  CHECK_FALSE(node.objects.pin_to_receive(kFar, CopyBytes{late.request, late.from, late.bytes}));
  node.check_end(7, 0);
  CHECK(node.is_empty());
}

TEST_CASE("PULL-3: copies take turns, and no more is under way than may be") {
  Node node;
  node.want(kAnna, 1, 100 * kMiB);
  node.give_hold(1, 100 * kMiB);
  CHECK(node.said_to(kFar) * kMostRead == kMostPulledOfOne);
  for (std::uint64_t copy = 2; copy <= 9; ++copy) {
    node.want(kAnna, copy, 10 * kMiB);
    node.give_hold(copy, 10 * kMiB);
  }
  std::uint64_t under_way = 0;
  for (const Outbox::Letter& letter : node.out.letters) under_way += std::get<ReadCopy>(letter.message).bytes;
  CHECK(under_way >= kMostPulled);
  CHECK(under_way < kMostPulled + kMostRead);
  // Each part that comes lets another be asked for: of a copy that has waited longer.
  std::set<std::uint64_t> served;
  for (int i = 0; i < 20; ++i) {
    const ReadCopy read = node.next<ReadCopy>(kFar);
    served.insert(read.copy);
    node.give_part(read);
    std::erase_if(node.out.letters, [](const auto& letter) { return !std::holds_alternative<ReadCopy>(letter.message); });
  }
  CHECK(served.size() >= 6);
}

TEST_CASE("PULL-4: a lost connection is tried again, from the beginning") {
  Node node;
  node.want(kAnna, 7, 9 * kMiB);
  node.give_hold(7, 9 * kMiB);
  node.give_part(node.next<ReadCopy>(kFar));
  const ReadCopy old = node.next<ReadCopy>(kFar);
  node.out.clear();
  node.objects.on_ended(node.now, kFar, node.out);
  CHECK_FALSE(node.objects.pin_to_receive(kFar, CopyBytes{old.request, old.from, old.bytes}));
  SUBCASE("and works") {
    node.give_hold(7, 9 * kMiB);
    CHECK(node.said_to(kFar) == 3);
    node.give_parts();
    CHECK(node.next<CopyHeld>(kAnna).bytes == 9 * kMiB);
  }
  SUBCASE("and is lost again and again") {
    for (int i = 1; i < kPullTries; ++i) {
      node.next<HoldCopy>(kFar);
      CHECK(node.is_silent());
      node.objects.on_ended(node.now, kFar, node.out);
    }
    CHECK(node.next<CopyGone>(kAnna).why == "the connection to its node is lost");
    CHECK(node.is_silent());
    CHECK(node.is_empty());
  }
  SUBCASE("and the node has died") {
    node.out.clear();
    node.objects.on_node_died(node.now, kFar, "node n7 died: no power", node.out);
    CHECK(node.next<CopyGone>(kAnna).why == "node n7 died: no power");
    node.want(kBert, 8, kMiB);
    CHECK(node.next<CopyGone>(kBert).why == "node n7 died: no power");
    CHECK(node.is_silent());
    CHECK(node.is_empty());
  }
}

TEST_CASE("STORE-10: what would have to wait for room here is not fetched") {
  Node node(4 * kMiB);
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, 4 * kMiB});
  node.next<RoomMade>(kAnna);
  node.want(kBert, 7, kMiB);
  CHECK(node.next<CopyGone>(kBert).no_room);
  CHECK(node.is_silent());
}

TEST_CASE("PULL-4: a copy may be read from another node that has it") {
  Node node;
  node.want(kAnna, 7, 5 * kMiB);
  node.say(kFar, CopyElsewhere{node.next<HoldCopy>(kFar).request, contact_of(kOther), 70});
  CHECK(node.out.contacts.back() == contact_of(kOther));
  const HoldCopy hold = node.next<HoldCopy>(kOther);
  CHECK(hold.copy == 70);
  CHECK(hold.copier.is_none());
  SUBCASE("and is") {
    node.say(kOther, CopyHeld{hold.request, 70, 0, 5 * kMiB});
    CHECK(node.said_to(kOther) == 2);
    node.give_parts(kOther);
    CHECK(node.next<LetGo>(kOther).copies == std::vector<std::uint64_t>{70});
  }
  SUBCASE("and is gone there: the first is asked again") {
    node.say(kOther, CopyGone{hold.request, "it was evicted"});
    node.give_hold(7, 5 * kMiB);
    node.give_parts();
    CHECK(node.next<LetGo>(kFar).copies == std::vector<std::uint64_t>{7});
  }
  SUBCASE("and that node is lost in the middle: the first is asked again") {
    node.say(kOther, CopyHeld{hold.request, 70, 0, 5 * kMiB});
    node.give_part(node.next<ReadCopy>(kOther), kOther);
    node.next<ReadCopy>(kOther);
    node.objects.on_ended(node.now, kOther, node.out);
    node.give_hold(7, 5 * kMiB);
    node.give_parts();
    CHECK(node.next<LetGo>(kFar).copies == std::vector<std::uint64_t>{7});
  }
  SUBCASE("and the first is lost in the middle: it must know who has copies") {
    node.say(kOther, CopyHeld{hold.request, 70, 0, 5 * kMiB});
    node.objects.on_ended(node.now, kFar, node.out);
    std::erase_if(node.out.letters, [](const auto& letter) { return std::holds_alternative<ReadCopy>(letter.message); });
    CHECK(node.next<LetGo>(kOther).copies == std::vector<std::uint64_t>{70});
    node.give_hold(7, 5 * kMiB);
    node.give_parts();
    CHECK(node.next<LetGo>(kFar).copies == std::vector<std::uint64_t>{7});
  }
  const CopyHeld held = node.next<CopyHeld>(kAnna);
  CHECK(held.bytes == 5 * kMiB);
  const CopyTaken taken = node.next<CopyTaken>(kFar);
  CHECK(taken.copy == 7);
  CHECK(taken.here == held.copy);
  CHECK(node.is_silent());
}

TEST_CASE("STORE-9: one copy goes to many by way of those who have it") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, kMiB});
  const std::uint64_t copy = node.next<RoomMade>(kAnna).copy;
  node.say(kAnna, SealCopy{copy});
  std::vector<ProcessId> daemons;
  for (std::uint64_t i = 0; i < 5; ++i) {
    daemons.push_back(ProcessId(300 + i));
    node.say(daemons.back(), HoldCopy{i, copy, {}, 0, contact_of(daemons.back())});
  }
  node.next<CopyHeld>(daemons[0]);
  node.next<CopyHeld>(daemons[1]);
  CHECK(node.is_silent());
  node.say(daemons[0], LetGo{{copy}});
  node.say(daemons[0], CopyTaken{copy, 30});
  const CopyElsewhere third = node.next<CopyElsewhere>(daemons[2]);
  CHECK(third.source == contact_of(daemons[0]));
  CHECK(third.copy == 30);
  CHECK(node.next<CopyElsewhere>(daemons[3]).source == contact_of(daemons[0]));
  node.next<CopyHeld>(daemons[4]);
  CHECK(node.is_silent());
  // The third cannot read there, and comes back; two who read here end.
  node.say(daemons[2], HoldCopy{9, copy, {}, 0, contact_of(daemons[2])});
  CHECK(node.is_silent());
  node.objects.on_ended(node.now, daemons[1], node.out);
  CHECK(node.next<CopyHeld>(daemons[2]).request == 9);
  node.objects.on_ended(node.now, kAnna, node.out);
  for (const ProcessId daemon : {daemons[0], daemons[2], daemons[3], daemons[4]}) CHECK(node.next<CopyDropped>(daemon).copy == copy);
  for (const ProcessId daemon : {daemons[2], daemons[4]}) node.say(daemon, LetGo{{copy}});
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("nobody copies in another's name") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, kMiB});
  const std::uint64_t copy = node.next<RoomMade>(kAnna).copy;
  node.say(kAnna, SealCopy{copy});
  node.say(kFar, HoldCopy{1, copy, {}, 0, contact_of(kOther)});
  node.next<CopyGone>(kFar);
  node.objects.on_ended(node.now, kAnna, node.out);
  node.objects.on_ended(node.now, kFar, node.out);
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("who waits to copy what is freed meanwhile hears so") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, kMiB});
  const std::uint64_t copy = node.next<RoomMade>(kAnna).copy;
  node.say(kAnna, SealCopy{copy});
  node.say(kAnna, LetGo{{copy}});
  for (std::uint64_t i = 0; i < 3; ++i) node.say(ProcessId(300 + i), HoldCopy{i, copy, {}, 0, contact_of(ProcessId(300 + i))});
  node.say(kAnna, DropCopies{{copy}});
  node.out.clear();
  node.say(ProcessId(300), CopyTaken{copy, 0});  // and the third is served by the keeper
  node.say(ProcessId(300), LetGo{{copy}});
  node.next<CopyHeld>(ProcessId(302));
  node.objects.on_ended(node.now, ProcessId(301), node.out);
  node.say(ProcessId(302), LetGo{{copy}});
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("PULL-5: what its owner drops is dropped here, when nobody here holds it") {
  Node node;
  SUBCASE("while nobody holds it") {
    const CopyHeld held = node.fetch(kAnna, 7, kMiB);
    node.say(kAnna, LetGo{{held.copy}});
    CHECK(node.objects.store().copies() == 1);
    node.say(kFar, CopyDropped{7});
  }
  SUBCASE("while somebody holds it") {
    const CopyHeld held = node.fetch(kAnna, 7, kMiB);
    node.say(kFar, CopyDropped{7});
    CHECK(node.objects.store().copies() == 1);
    node.say(kAnna, LetGo{{held.copy}});
  }
  SUBCASE("while it comes") {
    node.want(kAnna, 7, kMiB);
    node.give_hold(7, kMiB);
    node.say(kFar, CopyDropped{7});
    node.give_parts();
    const CopyHeld held = node.next<CopyHeld>(kAnna);
    node.check_end(7, held.copy);
    node.say(kAnna, LetGo{{held.copy}});
  }
  SUBCASE("with the connection to its node") {
    const CopyHeld held = node.fetch(kAnna, 7, kMiB);
    node.objects.on_ended(node.now, kFar, node.out);
    node.say(kAnna, LetGo{{held.copy}});
  }
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("when all who want it have ended it is not fetched to the end") {
  Node node;
  const auto end = [&node] { node.objects.on_ended(node.now, kAnna, node.out); };
  SUBCASE("before the hold is answered") {
    node.want(kAnna, 7, kMiB);
    const HoldCopy hold = node.next<HoldCopy>(kFar);
    end();
    CHECK(node.next<CopyTaken>(kFar).here == 0);
    CHECK(node.is_silent());
    node.say(kFar, CopyHeld{hold.request, 7, 0, kMiB});
    CHECK(node.next<LetGo>(kFar).copies == std::vector<std::uint64_t>{7});
  }
  SUBCASE("before a part comes") {
    node.want(kAnna, 7, kMiB);
    node.give_hold(7, kMiB);
    const ReadCopy read = node.next<ReadCopy>(kFar);
    end();
    CHECK_FALSE(node.objects.pin_to_receive(kFar, CopyBytes{read.request, read.from, read.bytes}));
    node.check_end(7, 0);
  }
  SUBCASE("while a part comes: its place is not given away") {
    node.want(kAnna, 7, kMiB);
    node.give_hold(7, kMiB);
    const ReadCopy read = node.next<ReadCopy>(kFar);
    const CopyBytes part{read.request, read.from, read.bytes};
    const auto target = node.objects.pin_to_receive(kFar, part);
    REQUIRE(target);
    end();
    CHECK(node.objects.store().copies() == 1);
    node.say(kFar, part);
    node.objects.unpin(node.now, target->copy, node.out);
    node.check_end(7, 0);
  }
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("STORE-8: fetched copies that nobody holds give way, the longest idle first") {
  Node node(4 * kMiB);
  const CopyHeld first = node.fetch(kAnna, 1, kMiB), second = node.fetch(kAnna, 2, kMiB), third = node.fetch(kAnna, 3, kMiB);
  node.say(kAnna, LetGo{{third.copy}});
  node.say(kAnna, LetGo{{first.copy}});
  node.say(kBert, MakeRoom{1, ObjectId{kBert, 1}, kBert, 2 * kMiB});
  node.next<RoomMade>(kBert);
  CHECK(node.objects.store().has(second.copy));
  CHECK_FALSE(node.objects.store().has(third.copy));
  CHECK(node.objects.store().has(first.copy) == (node.objects.store().copies() == 3));
  node.want(kCleo, 3, kMiB);  // and is fetched again
  node.give_hold(3, kMiB);
  node.give_parts();
  CHECK(node.next<CopyHeld>(kCleo).bytes == kMiB);
}

TEST_CASE("STORE-8: where all that could give way would not do, nothing does") {
  Node node(4 * kMiB);
  node.say(kBert, MakeRoom{1, ObjectId{kBert, 1}, kBert, 2 * kMiB});
  node.next<RoomMade>(kBert);
  const CopyHeld idle = node.fetch(kAnna, 1, kMiB);
  node.say(kAnna, LetGo{{idle.copy}});
  node.say(kBert, MakeRoom{2, ObjectId{kBert, 2}, kBert, 3 * kMiB});
  CHECK(node.objects.store().has(idle.copy));
}

TEST_CASE("STORE-9: daemons that copy a copy hear that it was dropped") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, kMiB});
  const std::uint64_t copy = node.next<RoomMade>(kAnna).copy;
  node.say(kFar, HoldCopy{1, copy, {}, 0, contact_of(kFar)});
  node.say(kOther, HoldCopy{1, copy, {}, 0, contact_of(kOther)});
  node.say(kCleo, HoldCopy{1, copy});
  CHECK(node.is_silent());
  node.say(kAnna, SealCopy{copy});
  node.next<CopyHeld>(kFar);
  node.next<CopyHeld>(kOther);
  node.next<CopyHeld>(kCleo);
  node.say(kFar, LetGo{{copy}});
  node.say(kFar, CopyTaken{copy, 3});
  node.say(kOther, LetGo{{copy}});
  node.objects.on_ended(node.now, kOther, node.out);
  SUBCASE("by its owner") { node.say(kAnna, DropCopies{{copy}}); }
  SUBCASE("with its owner") { node.objects.on_ended(node.now, kAnna, node.out); }
  CHECK(node.next<CopyDropped>(kFar).copy == copy);
  CHECK(node.is_silent());
  // Who asks while it is still held is given it, and hears so too.
  node.say(kOther, HoldCopy{2, copy, {}, 0, contact_of(kOther)});
  node.next<CopyHeld>(kOther);
  CHECK(node.next<CopyDropped>(kOther).copy == copy);
  node.objects.on_ended(node.now, kOther, node.out);
  node.objects.on_ended(node.now, kAnna, node.out);
  node.say(kCleo, LetGo{{copy}});
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

TEST_CASE("STORE-4: an owner that the daemon does not know is asked at the address that the maker told") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kBert, 1}, kBert, kMiB, "where Bert lives"});
  const std::uint64_t copy = node.next<RoomMade>(kAnna).copy;
  node.say(kAnna, SealCopy{copy});
  node.objects.on_ended(node.now, kAnna, node.out);
  REQUIRE(node.out.contacts.size() == 1);
  CHECK(node.out.contacts[0] == Contact{kBert, NodeId::kNone, "where Bert lives"});
  CHECK(node.next<CopyOrphaned>(kBert).copy == copy);
  node.say(kBert, OwnCopies{{copy}});
  node.say(kAnna, OwnerGone{kBert});
  CHECK(node.is_silent());
}

TEST_CASE("bytes that are being sent stay, whatever becomes of the copy and its reader") {
  Node node;
  node.say(kAnna, MakeRoom{1, ObjectId{kAnna, 1}, kAnna, kMiB});
  const RoomMade made = node.next<RoomMade>(kAnna);
  node.say(kAnna, SealCopy{made.copy});
  node.say(kFar, HoldCopy{1, made.copy, {}, 0, contact_of(kFar)});
  node.next<CopyHeld>(kFar);
  CHECK(node.objects.pin_to_send(kFar, ReadCopy{2, made.copy, 4096, 100}, node.out) == made.offset + 4096);
  CHECK_FALSE(node.objects.pin_to_send(kOther, ReadCopy{2, made.copy, 4096, 100}, node.out));
  CHECK_FALSE(node.objects.pin_to_send(kFar, ReadCopy{3, made.copy, kMiB, 1}, node.out));
  CHECK(node.next<CopyGone>(kOther).request == 2);
  CHECK(node.next<CopyGone>(kFar).request == 3);
  CHECK(node.objects.bytes_sent() == 100);
  node.objects.on_ended(node.now, kFar, node.out);
  node.objects.on_ended(node.now, kAnna, node.out);
  CHECK(node.objects.store().copies() == 1);
  node.objects.unpin(node.now, made.copy, node.out);
  CHECK(node.is_silent());
  CHECK(node.is_empty());
}

}  // namespace Atoll
