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

TEST_CASE("a name that nobody has is an answer too") {
  Table table;
  CHECK(!table.wait_name("hits", past()));
  table.name_is_unknown("hits");
  CHECK(table.wait_name("hits", past())->actor.is_none());
}

}  // namespace Atoll
