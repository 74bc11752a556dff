#include "runtime/client/object_table.h"

#include <doctest/doctest.h>

#include <thread>

#include "tests/support/fake_io.h"

namespace Atoll {
namespace {

const ObjectId kObject{ProcessId(1), 1};
const ObjectId kOther{ProcessId(1), 2};

ObjectTable::Deadline past() { return std::chrono::steady_clock::now(); }

Completion value(ObjectId id, const std::string& bytes) {
  return {id, std::make_shared<const std::string>(bytes), std::nullopt};
}

struct Turns {
  FakeIo io;
  IoTurns turns{io};
};

struct Table : Turns, ObjectTable {
  Table() : ObjectTable(turns) {}
};

}  // namespace

TEST_CASE("an object is waited for until it is settled by another thread") {
  Table table;
  CHECK(table.expect(kObject));
  std::thread settler([&] { table.io.arrive([&] { table.settle(value(kObject, "x")); }); });
  const std::optional<ObjectTable::Settled> settled = table.wait(kObject, std::nullopt);
  settler.join();
  REQUIRE(settled);
  CHECK(*settled->value == "x");
}

TEST_CASE("a deadline that passes leaves the object to come") {
  Table table;
  table.expect(kObject);
  CHECK(!table.wait(kObject, past()));
  table.settle(value(kObject, "x"));
  CHECK(table.wait(kObject, past()));
}

TEST_CASE("an object lives as long as its last handle") {
  Table table;
  CHECK(table.expect(kObject));
  CHECK(!table.expect(kObject));
  table.settle(value(kObject, "x"));
  CHECK(!table.forget(kObject));
  CHECK(table.wait(kObject, past()));
  CHECK(table.forget(kObject));
  table.settle(value(kObject, "y"));  // nobody refers to it: no effect
  CHECK(table.expect(kObject));
  CHECK(!table.wait(kObject, past()));
}

TEST_CASE("waiting for some of many says which are ready") {
  Table table;
  table.expect(kObject);
  table.expect(kOther);
  table.settle(value(kOther, "x"));
  CHECK(table.wait_any({kObject, kOther}, 1, std::nullopt) == std::vector<bool>{false, true});
  CHECK(table.wait_any({kObject, kOther}, 2, past()) == std::vector<bool>{false, true});
}

TEST_CASE("one thread waits for the last of a thousand objects, whoever settles them") {
  Table table;
  std::vector<ObjectId> ids;
  for (std::uint64_t i = 1; i <= 1000; ++i) ids.push_back({ProcessId(1), i});
  for (const ObjectId id : ids) table.expect(id);
  table.settle(value(ids[3], "early"));
  std::thread settler([&] {
    for (const ObjectId id : ids)
      table.io.arrive([&table, id] { table.settle(value(id, std::to_string(id.sequence))); });
  });
  const auto all = table.wait_all(ids, std::nullopt);
  settler.join();
  REQUIRE(all);
  CHECK(*all->at(3).value == "early");  // an object is settled once
  CHECK(*all->at(999).value == "1000");
}

TEST_CASE("an error ends the wait for all while others are pending") {
  Table table;
  table.expect(kObject);
  table.expect(kOther);
  CHECK(!table.wait_all({kObject, kOther}, past()));
  ErrorInfo error;
  error.message = "shelf 7 is empty";
  std::thread settler([&] { table.io.arrive([&] { table.settle({kOther, nullptr, error}); }); });
  const auto all = table.wait_all({kObject, kOther}, std::nullopt);
  settler.join();
  REQUIRE(all);
  CHECK(!all->at(0).error);
  CHECK(all->at(1).error->message == "shelf 7 is empty");
}

TEST_CASE("an object that is listed twice counts twice") {
  Table table;
  table.expect(kObject);
  std::thread settler([&table] { table.io.arrive([&] { table.settle(value(kObject, "x")); }); });
  CHECK(table.wait_any({kObject, kObject}, 2, std::nullopt) == std::vector<bool>{true, true});
  settler.join();
}

TEST_CASE("a callback runs once, on its own thread, before and after its object is settled") {
  Table table;
  table.expect(kObject);
  std::vector<std::thread::id> threads;
  const auto note = [&] { threads.push_back(std::this_thread::get_id()); };
  table.when_settled(kObject, {note});
  table.callbacks().drain();
  CHECK(threads.empty());
  table.settle(value(kObject, "x"));
  table.when_settled(kObject, {note});
  table.settle(value(kObject, "y"));
  table.callbacks().drain();
  REQUIRE(threads.size() == 2);
  CHECK(threads[0] == threads[1]);
  CHECK(threads[0] != std::this_thread::get_id());
}

TEST_CASE("a callback in place runs where its object is settled, before that returns") {
  Table table;
  table.expect(kObject);
  std::vector<std::thread::id> threads;
  const auto note = [&] { threads.push_back(std::this_thread::get_id()); };
  table.when_settled(kObject, {note, nullptr, /*in_place=*/true});
  CHECK(threads.empty());
  table.settle(value(kObject, "x"));
  table.when_settled(kObject, {note, nullptr, /*in_place=*/true});
  CHECK(threads == std::vector{std::this_thread::get_id(), std::this_thread::get_id()});
}

TEST_CASE("a callback that throws does not keep the next from running") {
  Table table;
  table.expect(kObject);
  bool ran = false;
  table.when_settled(kObject, {[] { throw std::runtime_error("no"); }});
  table.when_settled(kObject, {[&ran] { ran = true; }});
  table.settle(value(kObject, "x"));
  table.callbacks().drain();
  CHECK(ran);
}

TEST_CASE("closing calls back for what never settled, and later callbacks are dropped") {
  Table table;
  table.expect(kObject);
  int calls = 0;
  table.when_settled(kObject, {[&calls] { ++calls; }});
  table.close();
  CHECK(calls == 1);
  table.settle(value(kObject, "x"));
  table.when_settled(kObject, {[&calls] { ++calls; }});
  table.callbacks().drain();
  CHECK(calls == 1);
}

TEST_CASE("an actor is waited for until it lives or is dead") {
  Table table;
  const ActorId id{ProcessId(1), 3};
  table.expect_actor(id);
  ActorUpdate update;
  update.actor = id;
  update.state = ActorState::kStarting;
  table.update_actor(update);
  CHECK(!table.wait_actor(id, past()));
  update.state = ActorState::kAlive;
  table.update_actor(update);
  CHECK(table.wait_actor(id, past()));
}

TEST_CASE("what is known of an actor is forgotten once nobody asks, and not if there is news") {
  Table table;
  const ActorId id{ProcessId(1), 3};
  ActorUpdate dead;
  dead.actor = id;
  dead.state = ActorState::kDead;
  table.update_actor(dead);
  {
    const ObjectTable::ActorQuestion first(table, id), second(table, id);
    table.forget_actor(id);
    CHECK(table.wait_actor(id, past()));
  }
  CHECK_FALSE(table.wait_actor(id, past()));
  {
    const ObjectTable::ActorQuestion question(table, id);
    table.update_actor(dead);
    table.forget_actor(id);
    table.update_actor(dead);
  }
  CHECK(table.wait_actor(id, past()));
  table.forget_actor(id);
  CHECK_FALSE(table.wait_actor(id, past()));
}

TEST_CASE("a name that nobody has is an answer too") {
  Table table;
  table.ask_name("hits", "");
  CHECK(!table.wait_name("hits", "", past()));
  table.ask_name("hits", "");
  table.name_is_unknown({"hits", "elsewhere"});
  table.name_is_unknown({"hits", ""});
  CHECK(table.wait_name("hits", "", past())->actor.is_none());
}

}  // namespace Atoll
