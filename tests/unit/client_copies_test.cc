#include "runtime/wire/location.h"
#include "tests/support/client_fixture.h"

// A client and the copies of large objects in the arenas of nodes: what it says to the daemons that keep them.
namespace Atoll {
namespace {

using namespace testing;

const std::string kHere = encode_location({kHome, 7, 1'000'000}), kThere = encode_location({kAway, 8, 1'000'000});

// Whether the value is that copy, of an object that the client owns.
bool is_own_copy(const std::string& value, const std::string& location) {
  return decode_location(value)->id() == decode_location(location)->id() && decode_location(value)->owner == contact_of(kDriver);
}

struct CopyClientFixture : Client {
  std::vector<CopyAnswer> answers;
  std::vector<DroppedCopy> dropped;

  void collect() {
    answers.insert(answers.end(), out.copy_answers.begin(), out.copy_answers.end());
    dropped.insert(dropped.end(), out.dropped_copies.begin(), out.dropped_copies.end());
    take();
  }
  ObjectId put(const std::string& value) {
    const ObjectId id{kDriver, ++sequence};
    core.put(now, id, std::make_shared<const std::string>(value), out);
    collect();
    completions.clear();
    return id;
  }
  void drop(ObjectId id) {
    core.drop(now, id, out);
    collect();
  }
  void ask(const Contact& daemon, std::uint64_t number, Message question) {
    core.copies().ask(daemon, number, std::move(question), out);
    collect();
  }
  void hear(ProcessId from, const Message& message) {
    core.on_message(now, from, message, out);
    collect();
  }
  void miss(ProcessId peer) {
    core.on_lost(now, peer, Status(Code::kUnavailable, "connection reset"), out);
    collect();
  }
};

}  // namespace

TEST_CASE("a location survives its encoding, and no value is taken for one") {
  const Location location{kAway, 17, 1 << 30};
  const std::string bytes = encode_location(location);
  CHECK(is_location(bytes));
  CHECK(*decode_location(bytes) == location);
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) CHECK_FALSE(decode_location(bytes.substr(0, cut)).ok());
  CHECK_FALSE(decode_location(bytes + "x").ok());
  CHECK_FALSE(decode_location("\xc1\xdd\xff\xff\xff\xff").ok());  // of 2^32 - 1 fields
  CHECK_FALSE(is_location(""));
  CHECK_FALSE(decode_location("\xc0").ok());
}

TEST_CASE("OBJECTS-4: a result that is a copy is owned when it comes, and dropped with its object") {
  CopyClientFixture client;
  const TaskId task = client.submit();
  const LeaseGrant granted = client.run();
  client.done(granted.worker.process, task, kThere);
  CHECK(client.mail.expect<OwnCopies>(kAway.process).copies == std::vector<std::uint64_t>{8});
  CHECK(is_own_copy(*client.expect_completion(task).value, kThere));
  client.expect_nothing_else();
  client.drop(result_of(task));
  CHECK(client.mail.expect<DropCopies>(kAway.process).copies == std::vector<std::uint64_t>{8});
  REQUIRE(client.dropped.size() == 1);
  CHECK(client.dropped[0].copy == 8);
  CHECK(client.dropped[0].keeper == kAway.process);
}

TEST_CASE("OBJECTS-4: a copy that comes when nobody wants it any more is dropped") {
  CopyClientFixture client;
  const TaskId task = client.submit();
  const LeaseGrant granted = client.run();
  client.drop(result_of(task));
  client.expect_nothing_else();
  client.done(granted.worker.process, task, kHere);
  CHECK(client.mail.expect<OwnCopies>(kHome.process).copies.size() == 1);
  CHECK(client.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{7});
}

TEST_CASE("OBJECTS-4: a copy that is an argument stays until its task has ended") {
  CopyClientFixture client;
  const ObjectId object = client.put(kHere);
  client.mail.expect<OwnCopies>(kHome.process);
  const TaskId task = client.submit(0, {{nullptr, object, {}, nullptr}});
  const LeaseGrant granted = client.grant(kHome, client.mail.expect<LeaseRequest>(kHome.process).request);
  CHECK(is_own_copy(client.mail.expect<PushTask>(granted.worker.process).arguments.at(0), kHere));
  client.drop(object);
  client.expect_nothing_else();
  client.done(granted.worker.process, task);
  CHECK(client.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{7});
}

TEST_CASE("a daemon that asks for an orphan is told whether it is this object's value") {
  CopyClientFixture client;
  const ObjectId object = client.put(kHere), small = client.put("\x01");
  client.mail.expect<OwnCopies>(kHome.process);
  client.hear(kHome.process, CopyOrphaned{object, 7});
  CHECK(client.mail.expect<OwnCopies>(kHome.process).copies == std::vector<std::uint64_t>{7});
  client.hear(kHome.process, CopyOrphaned{object, 9});
  CHECK(client.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{9});
  client.hear(kAway.process, CopyOrphaned{object, 7});
  CHECK(client.mail.expect<DropCopies>(kAway.process).copies == std::vector<std::uint64_t>{7});
  client.hear(kHome.process, CopyOrphaned{small, 3});
  CHECK(client.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{3});
  client.hear(kHome.process, CopyOrphaned{{kDriver, 4711}, 4});
  CHECK(client.mail.expect<DropCopies>(kHome.process).copies == std::vector<std::uint64_t>{4});
}

TEST_CASE("COPIES-1: every question is answered once") {
  CopyClientFixture client;
  client.ask({}, 1, MakeRoom{1, {kDriver, 1}, kDriver, 5});
  client.ask({}, 2, HoldCopy{2, 9});
  client.ask(kAway, 3, ReadCopy{3, 9, 20, 10});
  client.ask(kAway, 4, HoldCopy{4, 9});
  client.mail.expect<MakeRoom>(kHome.process);
  client.mail.expect<HoldCopy>(kHome.process);
  client.mail.expect<ReadCopy>(kAway.process);
  client.mail.expect<HoldCopy>(kAway.process);
  client.hear(kHome.process, RoomMade{1, 7, 4096});
  client.hear(kHome.process, RoomMade{1, 7, 4096});
  client.hear(kHome.process, CopyGone{2, "its owner dropped it"});
  client.hear(kAway.process, CopyBytes{3, 20, 10});
  client.miss(kAway.process);
  client.miss(kHome.process);
  REQUIRE(client.answers.size() == 4);
  CHECK(client.answers[0].copy == 7);
  CHECK(client.answers[0].offset == 4096);
  CHECK(client.answers[0].why.empty());
  CHECK(client.answers[1].why == "its owner dropped it");
  CHECK(client.answers[2].offset == 20);
  CHECK(client.answers[2].bytes == 10);
  CHECK(client.answers[3].why == "the node daemon that keeps it is gone: connection reset");
}

TEST_CASE("COPIES-2: the daemon hears when somebody for whom copies were made is gone") {
  CopyClientFixture client;
  const ProcessId caller{0xca11};
  client.ask({}, 1, MakeRoom{1, {caller, 1}, caller, 5});
  client.mail.expect<MakeRoom>(kHome.process);
  client.miss(ProcessId(0xbad));
  client.expect_nothing_else();
  client.miss(caller);
  CHECK(client.mail.expect<OwnerGone>(kHome.process).owner == caller);
  client.miss(caller);
  client.expect_nothing_else();
}

}  // namespace Atoll
