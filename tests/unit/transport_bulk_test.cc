// Messages with bytes behind them that are not copied on their way (TRANSPORT-5), over UCX and in memory.
#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <string>

#include "tests/support/transport_worlds.h"

namespace Atoll {
namespace {

// Gives room to what comes, and remembers who still uses it.
struct Landing {
  explicit Landing(TestProcess& process) {
    process.place_for_do = [this](ProcessId, std::string_view message, std::size_t bytes) -> Place {
      if (message == "unwanted") return {};
      const auto room = std::make_shared<std::string>(bytes, '.');
      rooms[std::string(message)] = room;
      in_use[std::string(message)] = room;
      return {room->data(), room};
    };
  }
  std::map<std::string, std::shared_ptr<std::string>> rooms;
  std::map<std::string, std::weak_ptr<std::string>> in_use;
};

std::shared_ptr<std::string> text(std::size_t bytes, char letter) { return std::make_shared<std::string>(bytes, letter); }

// Anna, who knows Bert, and where what she sends him lies.
template <typename World>
struct Pair {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  Landing landing{bert};
  Pair() { anna.knows(bert); }
};

Status send(TestProcess& from, const TestProcess& to, std::string message, const std::shared_ptr<std::string>& bulk) {
  return from.transport->send_bulk(to.id, std::move(message), {*bulk, bulk});
}

constexpr std::size_t kSizes[] = {1, 64, 9000, 300'000, std::size_t{8} << 20};

}  // namespace

#define WORLDS UcxWorld, MemoryWorld

TEST_CASE_TEMPLATE("a bulk lies at its place when its message comes", World, WORLDS) {
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  bert.on_message_do = [&](ProcessId, std::string_view message) {
    const std::string& room = *landing.rooms.at(std::string(message));
    CHECK(std::to_string(room.size()) == message);
    CHECK(room.find_first_not_of(static_cast<char>('a' + room.size() % 26)) == std::string::npos);
  };
  for (const std::size_t size : kSizes)
    REQUIRE(send(anna, bert, std::to_string(size), text(size, static_cast<char>('a' + size % 26))).ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == std::size(kSizes); }));
  for (std::size_t i = 0; i < std::size(kSizes); ++i) CHECK(bert.said(i) == std::to_string(kSizes[i]));
}

TEST_CASE_TEMPLATE("messages with and without a bulk come in the order they were sent", World, WORLDS) {
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  std::vector<std::string> sent;
  for (int round = 0; round < 20; ++round)
    for (const std::size_t size : kSizes) {
      sent.push_back(std::to_string(sent.size()));
      REQUIRE(send(anna, bert, sent.back(), text(size / 8 + 1, 'b')).ok());
      sent.push_back(std::to_string(sent.size()));
      sent.back().resize(round % 4 == 3 ? 100'000 : 8, ' ');
      REQUIRE(anna.send(bert, sent.back()).ok());
    }
  REQUIRE(world.run_until([&] { return bert.messages.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) CHECK((bert.said(i) == sent[i]));
}

TEST_CASE_TEMPLATE("a bulk that has no place is dropped with its message, and nothing else", World, WORLDS) {
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  for (const std::size_t size : kSizes) {
    REQUIRE(send(anna, bert, "unwanted", text(size, 'x')).ok());
    REQUIRE(send(anna, bert, std::to_string(size), text(size, 'y')).ok());
  }
  REQUIRE(world.run_until([&] { return bert.messages.size() == std::size(kSizes); }));
  for (std::size_t i = 0; i < std::size(kSizes); ++i) CHECK(bert.said(i) == std::to_string(kSizes[i]));
  CHECK(bert.losses.empty());
}

TEST_CASE_TEMPLATE("sender and receiver are given their bytes back when they have passed", World, WORLDS) {
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  for (const std::size_t size : kSizes) {
    auto bulk = text(size, 'z');
    const std::weak_ptr<std::string> sent = bulk;
    REQUIRE(send(anna, bert, std::to_string(size), bulk).ok());
    bulk.reset();
    REQUIRE(world.run_until([&] { return bert.messages.size() > 0 && sent.expired(); }));
    world.settle();
    landing.rooms.clear();
    CHECK(landing.in_use.at(std::to_string(size)).expired());
    bert.messages.clear();
  }
}

TEST_CASE_TEMPLATE("bytes on their way when a process ends are given back too", World, WORLDS) {
  // Of shared memory UCX keeps what it was sending over, and a test after this one looks at what is mapped.
  const OnlyTransports between_nodes("tcp,self");
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  std::vector<std::weak_ptr<std::string>> sent;
  for (int i = 0; i < 8; ++i) {
    auto bulk = text(std::size_t{4} << 20, 'z');
    sent.push_back(bulk);
    REQUIRE(send(anna, bert, std::to_string(i), bulk).ok());
  }
  REQUIRE(world.run_until([&] { return !bert.messages.empty(); }));
  landing.rooms.clear();
  SUBCASE("the receiver") { bert.transport.reset(); }
  SUBCASE("the sender") { anna.transport.reset(); }
  world.settle();
  anna.transport.reset();
  bert.transport.reset();
  for (const auto& bulk : sent) CHECK(bulk.expired());
  for (const auto& [message, room] : landing.in_use) CHECK(room.expired());
}

TEST_CASE_TEMPLATE("what is sent before the connection stands, and before it is closed, arrives", World, WORLDS) {
  Pair<World> pair;
  auto& [world, anna, bert, landing] = pair;
  for (int i = 0; i < 4; ++i) REQUIRE(send(anna, bert, std::to_string(i), text(std::size_t{1} << 20, 'q')).ok());
  anna.transport->disconnect(bert.id);
  REQUIRE(world.run_until([&] { return !bert.losses.empty(); }));
  CHECK(bert.messages.size() == 4);
}

TEST_CASE_TEMPLATE("a bulk without bytes, or behind a message too long or empty, is refused", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  CHECK(send(anna, bert, "x", text(1, 'a')).code() == Code::kNotFound);
  anna.knows(bert);
  CHECK(send(anna, bert, "x", text(0, 'a')).code() == Code::kInvalidArgument);
  CHECK(send(anna, bert, "", text(1, 'a')).code() == Code::kInvalidArgument);
  CHECK(send(anna, bert, std::string(kMaxBulkHead + 1, 'x'), text(1, 'a')).code() == Code::kInvalidArgument);
}

}  // namespace Atoll
