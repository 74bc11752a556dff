// What a store spills to disk, and when it reads back.
#include <doctest/doctest.h>

#include <algorithm>

#include "runtime/objects/node_objects.h"
#include "runtime/objects/object_store.h"
#include "runtime/wire/messages.h"
#include "tests/support/mail.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ProcessId kSelf{100}, kFar{200}, kOther{201}, kThird{202}, kAnna{1}, kBert{2}, kCleo{3};
constexpr std::uint64_t kMiB = 1 << 20;

// A store of four MiB that may spill, what it said and was not looked at yet, and who plays its disk.
struct Store {
  explicit Store(std::uint64_t limit = 100 * kMiB) : store({4 * kMiB, "n1", kSelf, {true, limit, "/spill"}}) {}

  template <typename Said>
  void say(ProcessId from, const Said& said) {
    store.handle(now, from, said, out);
  }
  // The oldest T that was said to `to`; there must be one.
  template <typename T>
  T next(ProcessId to) {
    return testing::take_letter<T>(out.letters, to);
  }
  // The oldest order, which must be a T.
  template <typename T>
  T order() {
    REQUIRE(!out.spills.empty());
    REQUIRE(std::holds_alternative<T>(out.spills.front()));
    T order = std::get<T>(out.spills.front());
    out.spills.erase(out.spills.begin());
    return order;
  }
  void ask_room(ProcessId from, std::uint64_t bytes) { say(from, MakeRoom{++requests, ObjectId{from, requests}, from, bytes}); }
  // Made, sealed and let go of by its maker, who owns it.
  std::uint64_t put(ProcessId from, std::uint64_t bytes) {
    ask_room(from, bytes);
    const std::uint64_t copy = next<RoomMade>(from).copy;
    say(from, SealCopy{copy});
    say(from, LetGo{{copy}});
    return copy;
  }
  std::uint64_t ask_hold(ProcessId from, std::uint64_t copy) {
    say(from, HoldCopy{++requests, copy});
    return requests;
  }
  void written(const WriteSpill& order) {
    SpillWritten event{order.file, {}};
    for (const SpillPiece& piece : order.pieces) event.copies.emplace_back(piece.copy, piece.copy * 7);
    store.on_spill(now, event, out);
  }
  void failed(const WriteSpill& order, bool for_good = false) {
    store.on_spill(now, SpillFailed{order.file, "the disk is full", for_good}, out);
    CHECK(this->order<DeleteSpill>().file == order.file);
  }
  void read(const ReadSpill& order, const std::string& failure = "") {
    store.on_spill(now, SpillRead{order.file, order.piece.copy, failure}, out);
  }
  void write_all() {
    const auto is_write = [](const SpillOrder& order) { return std::holds_alternative<WriteSpill>(order); };
    for (auto next = std::ranges::find_if(out.spills, is_write); next != out.spills.end(); next = std::ranges::find_if(out.spills, is_write)) {
      const WriteSpill order = std::get<WriteSpill>(*next);
      out.spills.erase(next);
      written(order);
    }
  }
  void tick(Duration later) {
    now += later;
    store.on_tick(now, out);
  }
  void forget_asks() {
    std::erase_if(out.letters, [](const auto& letter) { return std::holds_alternative<LetGoIdle>(letter.message); });
  }
  bool is_silent() const { return out.letters.empty() && out.spills.empty(); }
  // Four copies of Anna's of a MiB each: the first is on disk alone, with Bert's room in its place, the second on disk too.
  std::vector<std::uint64_t> fill() {
    std::vector<std::uint64_t> copies;
    for (int i = 0; i < 4; ++i) copies.push_back(put(kAnna, kMiB));
    write_all();
    ask_room(kBert, kMiB);
    (void)next<RoomMade>(kBert);
    write_all();
    forget_asks();
    return copies;
  }

  ObjectOutbox out;
  ObjectStore store;
  Time now{seconds(1000)};
  std::uint64_t requests = 0;
};

}  // namespace

TEST_CASE("STORE-11: what nobody holds is spilled ahead of demand, the longest idle first, and keeps its place meanwhile") {
  Store node;
  std::vector<std::uint64_t> copies;
  for (int i = 0; i < 3; ++i) copies.push_back(node.put(kAnna, kMiB));
  CHECK(node.out.spills.empty());
  node.ask_hold(kBert, copies[0]);
  node.say(kBert, LetGo{{copies[0]}});  // it was used last
  node.ask_room(kBert, kMiB / 2);
  const auto write = node.order<WriteSpill>();
  REQUIRE(write.pieces.size() == 1);
  CHECK(write.pieces[0].copy == copies[1]);
  CHECK(write.pieces[0].offset == kMiB);
  CHECK(write.pieces[0].bytes == kMiB);
  CHECK(node.out.spills.empty());
  CHECK_FALSE(node.store.is_on_disk(copies[1]));
  node.ask_hold(kCleo, copies[1]);  // it can be read while it is written
  (void)node.next<CopyHeld>(kCleo);
  node.written(write);
  CHECK(node.store.is_on_disk(copies[1]));
  CHECK(node.store.is_in_memory(copies[1]));
  CHECK(node.store.spills().spilled() == kMiB);
  CHECK(node.store.spills().on_disk() == 2 * kMiB);  // the next is on its way
}

TEST_CASE("what was written gives way without another write, and is read back for all who want it") {  // STORE-8, STORE-12
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  CHECK_FALSE(node.store.is_in_memory(copies[0]));
  const std::uint64_t first = node.ask_hold(kBert, copies[0]), second = node.ask_hold(kCleo, copies[0]);
  const auto read = node.order<ReadSpill>();  // in the place of the next that is on disk too
  CHECK(read.piece.copy == copies[0]);
  CHECK(read.checksum == copies[0] * 7);
  node.forget_asks();
  CHECK(node.out.letters.empty());
  node.read(read);
  CHECK(node.next<CopyHeld>(kBert).request == first);
  const CopyHeld held = node.next<CopyHeld>(kCleo);
  CHECK(held.request == second);
  CHECK(held.offset == read.piece.offset);
  CHECK(node.store.spills().restored() == kMiB);
  node.forget_asks();
  const std::uint64_t spilled = node.store.spills().spilled();
  node.say(kBert, LetGo{{copies[0]}});
  node.say(kCleo, LetGo{{copies[0]}});
  node.write_all();
  for (int i = 0; i < 3; ++i) node.ask_room(kCleo, kMiB);
  node.write_all();
  CHECK_FALSE(node.store.is_in_memory(copies[0]));
  CHECK(node.store.spills().spilled() <= spilled + 3 * kMiB);  // the others, once
}

TEST_CASE("SPILL-1: a file is deleted when its last copy is gone") {
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  const std::uint64_t files = node.store.spills().files();
  REQUIRE(files > 0);
  node.say(kAnna, DropCopies{copies});
  CHECK(node.store.spills().files() == 0);
  CHECK(node.store.spills().on_disk() == 0);
  for (std::uint64_t i = 0; i < files; ++i) (void)node.order<DeleteSpill>();
  CHECK(node.out.spills.empty());
}

TEST_CASE("what is dropped while it is written or read is freed when that is over") {
  Store node;
  for (int i = 0; i < 3; ++i) (void)node.put(kAnna, kMiB);
  const std::uint64_t last = node.put(kAnna, kMiB);
  const auto write = node.order<WriteSpill>();
  node.say(kAnna, DropCopies{{write.pieces[0].copy, last}});
  CHECK(node.store.free() == kMiB);
  node.written(write);
  CHECK(node.store.free() == 2 * kMiB);
  CHECK(node.order<DeleteSpill>().file == write.file);

  Store other;
  const std::vector<std::uint64_t> copies = other.fill();
  other.ask_hold(kCleo, copies[0]);
  const auto read = other.order<ReadSpill>();
  other.say(kAnna, DropCopies{{copies[0]}});
  other.read(read);
  CHECK(other.next<CopyHeld>(kCleo).copy == copies[0]);  // who had asked before still gets it
  other.say(kCleo, LetGo{{copies[0]}});
  CHECK_FALSE(other.store.has(copies[0]));
}

TEST_CASE("a copy that is read back for one who ended is not read, or nobody's") {  // STORE-3
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  node.ask_hold(kCleo, copies[0]);
  const auto read = node.order<ReadSpill>();
  node.store.on_ended(node.now, kCleo, node.out);
  node.read(read);
  node.forget_asks();
  CHECK(node.out.letters.empty());
  CHECK(node.store.is_in_memory(copies[0]));
}

TEST_CASE("STORE-5: makers and readers wait in one line, and none passes another") {
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  for (const std::uint64_t copy : {copies[1], copies[2], copies[3]}) node.ask_hold(kBert, copy);  // all that is there is in use
  node.write_all();
  node.out.clear();
  node.ask_hold(kCleo, copies[0]);
  node.ask_room(kAnna, kMiB);
  (void)node.ask_hold(kThird, copies[0]);
  CHECK(node.store.waiting() == 2);
  node.forget_asks();
  CHECK(node.is_silent());
  node.say(kBert, LetGo{{copies[2]}});
  node.write_all();
  const auto read = node.order<ReadSpill>();
  CHECK(node.store.waiting() == 1);
  node.say(kBert, LetGo{{copies[3]}});
  node.write_all();
  (void)node.next<RoomMade>(kAnna);
  node.read(read);
  (void)node.next<CopyHeld>(kCleo);
  (void)node.next<CopyHeld>(kThird);
}

TEST_CASE("STORE-13: what does not read back as it was written is lost, and whoever wants it hears so") {
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  node.ask_hold(kBert, copies[0]);
  node.read(node.order<ReadSpill>(), "its bytes in spill folder /spill are not those that were written");
  const auto gone = node.next<CopyGone>(kBert);
  CHECK(gone.why == "node n1 had spilled object 0000000000000001-1 of 1 MiB to disk, and its bytes in spill folder /spill are not those that were written");
  CHECK_FALSE(gone.no_room);
  node.ask_hold(kCleo, copies[0]);
  CHECK(node.next<CopyGone>(kCleo).why == gone.why);
  node.say(kAnna, DropCopies{{copies[0]}});
  CHECK_FALSE(node.store.has(copies[0]));
}

TEST_CASE("who waits for a disk that is full is told so when nobody frees any, and the rest goes on") {  // STORE-5, SPILL-3
  Store node;
  for (int i = 0; i < 4; ++i) (void)node.put(kAnna, kMiB);
  node.failed(node.order<WriteSpill>());
  node.forget_asks();
  node.ask_room(kCleo, kMiB);
  node.forget_asks();
  CHECK(node.is_silent());  // it was just tried
  node.tick(SpillTable::kRetry);
  node.failed(node.order<WriteSpill>());
  for (int i = 0; i < 8; ++i) {
    node.tick(SpillTable::kRetry);
    node.failed(node.order<WriteSpill>());
  }
  node.tick(SpillTable::kRetry - milliseconds(1));
  node.forget_asks();
  CHECK(node.is_silent());
  node.tick(milliseconds(1));
  node.failed(node.order<WriteSpill>());
  node.tick(milliseconds(1));
  const auto refused = node.next<RoomRefused>(kCleo);
  CHECK(refused.no_disk);
  CHECK(refused.why == "node n1's object memory of 4 MiB is full: 4 objects, the longest free piece is 0 B; 0 B are spilled to /spill, at most "
                       "100 MiB may be, and there the disk is full; drop Refs, free disk space, or change --spill-folder or --spill-limit");
  node.out.clear();
  node.ask_room(kCleo, kMiB);
  node.tick(SpillTable::kRetry);
  node.write_all();
  (void)node.next<RoomMade>(kCleo);
}

TEST_CASE("SPILL-2: no more is spilled than may be; what is in use is nobody's but memory's fault") {
  Store node(kMiB + kMiB / 2);
  const std::vector<std::uint64_t> copies = node.fill();
  CHECK(node.store.spills().on_disk() == kMiB);
  node.out.clear();
  node.ask_room(kCleo, kMiB);
  node.forget_asks();
  CHECK(node.is_silent());
  node.tick(kRoomPatience);
  const auto at_limit = node.next<RoomRefused>(kCleo);
  CHECK(at_limit.why == "node n1's object memory of 4 MiB is full: 4 objects, the longest free piece is 0 B; 1 MiB are spilled to /spill, at most "
                        "1.5 MiB may be, and there none of the objects fits; drop Refs, free disk space, or change --spill-folder or --spill-limit");
  CHECK(at_limit.no_disk);
  for (int i = 1; i < 4; ++i) node.ask_hold(kBert, copies[static_cast<std::size_t>(i)]);
  node.out.clear();
  node.ask_room(kCleo, kMiB);
  node.tick(kRoomPatience);
  const auto refused = node.next<RoomRefused>(kCleo);
  CHECK_FALSE(refused.no_disk);
  CHECK(refused.why.find("all of it is in use, so that none can be spilled") != std::string::npos);
  node.ask_hold(kCleo, copies[0]);  // nor is there room to read one back
  node.tick(kRoomPatience);
  CHECK(node.next<CopyGone>(kCleo).no_room);
}

TEST_CASE("SPILL-3: without a folder nothing is spilled any more") {
  Store node;
  for (int i = 0; i < 4; ++i) (void)node.put(kAnna, kMiB);
  node.failed(node.order<WriteSpill>(), true);
  node.forget_asks();
  node.ask_room(kCleo, kMiB);
  node.tick(kRoomPatience);
  CHECK(node.out.spills.empty());
  CHECK(node.next<RoomRefused>(kCleo).no_disk);
  Store other;
  other.store.on_spill(other.now, SpillFailed{0, "there is no such folder", true}, other.out);
  for (int i = 0; i < 4; ++i) (void)other.put(kAnna, kMiB);
  CHECK(other.out.spills.empty());
}

TEST_CASE("a slow disk is waited for longer") {
  Store node;
  for (int i = 0; i < 4; ++i) (void)node.put(kAnna, kMiB);
  node.ask_room(kCleo, kMiB);
  const auto write = node.order<WriteSpill>();
  node.tick(kDiskPatience - milliseconds(1));
  node.forget_asks();
  CHECK(node.out.letters.empty());
  node.written(write);
  (void)node.next<RoomMade>(kCleo);
}

TEST_CASE("STORE-9: daemons that copy what is on disk are given it when it was read back, or sent where it is") {
  Store node;
  const std::vector<std::uint64_t> copies = node.fill();
  const auto contact = [](ProcessId daemon) { return Contact{daemon, NodeId(7), "there"}; };
  node.say(kFar, HoldCopy{1, copies[0], {}, 0, contact(kFar)});
  node.say(kOther, HoldCopy{2, copies[0], {}, 0, contact(kOther)});
  node.say(kThird, HoldCopy{3, copies[0], {}, 0, contact(kThird)});
  node.read(node.order<ReadSpill>());
  (void)node.next<CopyHeld>(kFar);
  (void)node.next<CopyHeld>(kOther);
  node.say(kFar, LetGo{{copies[0]}});
  node.say(kFar, CopyTaken{copies[0], 30});
  CHECK(node.next<CopyElsewhere>(kThird).copy == 30);
  node.forget_asks();
  CHECK(node.out.letters.empty());
}

TEST_CASE("STORE-10: the daemon waits for room that spilling makes, and for no other") {
  Store node;
  for (int i = 0; i < 4; ++i) (void)node.put(kAnna, kMiB);
  node.ask_room(kSelf, kMiB);
  node.write_all();
  (void)node.next<RoomMade>(kSelf);
  Store full;
  full.ask_room(kAnna, 4 * kMiB);
  full.ask_room(kSelf, kMiB);
  (void)full.next<RoomRefused>(kSelf);
}

TEST_CASE("SPILL-4: the room of copies that are gone is given back when they are an eighth of their file") {
  SpillTable table({true, 100 * kMiB, "/spill"}, std::uint64_t{1} << 40);
  const std::uint64_t file = table.begin();
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 16; ++i) places.push_back(table.add(file, kMiB));
  CHECK_FALSE(table.release(file, places[3], kMiB));
  const PunchSpill first = std::get<PunchSpill>(table.release(file, places[4], kMiB).value());
  CHECK(first.file == file);
  REQUIRE(first.parts.size() == 1);  // neighbours are one
  CHECK(first.parts[0].at == 3 * kMiB);
  CHECK(first.parts[0].bytes == 2 * kMiB);
  CHECK(table.on_disk() == 16 * kMiB);  // until it was done
  table.on_punched(file, 2 * kMiB);
  CHECK(table.on_disk() == 14 * kMiB);
  CHECK_FALSE(table.release(file, places[9], kMiB));
  CHECK(std::get<PunchSpill>(table.release(file, places[11], kMiB).value()).parts.size() == 2);
  table.on_punched(file, 0);  // that cannot be done there
  CHECK(table.on_disk() == 14 * kMiB);
  std::optional<SpillOrder> last;
  for (const std::size_t i : {0, 1, 2, 5, 6, 7, 8, 10, 12, 13, 14, 15}) last = table.release(file, places[i], kMiB);
  CHECK(std::get<DeleteSpill>(last.value()).file == file);
  CHECK(table.on_disk() == 0);
  table.on_punched(file, kMiB);  // it came late
  CHECK(table.on_disk() == 0);
}

TEST_CASE("SPILL-4: for want of room on disk what is gone is given back before, however little it is") {
  SpillTable table({true, 16 * kMiB, "/spill"}, std::uint64_t{1} << 40);
  const std::uint64_t file = table.begin();
  std::vector<std::uint64_t> places;
  for (int i = 0; i < 16; ++i) places.push_back(table.add(file, kMiB));
  CHECK(table.give_back().empty());
  CHECK_FALSE(table.release(file, places[5], kMiB));
  CHECK(table.allowance(Time()) == 0);
  const std::vector<SpillOrder> orders = table.give_back();
  REQUIRE(orders.size() == 1);
  CHECK(std::get<PunchSpill>(orders[0]).parts.at(0).at == 5 * kMiB);
  CHECK(table.give_back().empty());
  table.on_punched(file, kMiB);
  CHECK(table.allowance(Time()) == kMiB);
}

TEST_CASE("more is on its way to disk the more folders there are, and a fourth of the memory in all") {
  for (const std::uint64_t writers : {1, 2, 5}) {
    CAPTURE(writers);
    SpillTable table({.on = true, .writers = writers}, 240 * kMiB);
    CHECK(table.most_writing() == 60 * kMiB);
    table.add(table.begin(), table.batch());
    CHECK(table.writing_soon() == (writers == 1 ? table.batch() : 0));
  }
}

TEST_CASE("many files are larger ones") {
  SpillTable table({true}, std::uint64_t{1} << 40);
  const std::uint64_t first = table.batch();
  CHECK(first == 64 * kMiB);
  for (int i = 0; i < 128; ++i) table.add(table.begin(), kMiB);
  CHECK(table.batch() == 4 * first);
}

}  // namespace Atoll
