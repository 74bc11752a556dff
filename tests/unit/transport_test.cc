#include "runtime/wire/transport.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/transport_worlds.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

std::string numbered(int number, std::size_t size) {
  std::string text = std::to_string(number) + " ";
  text.resize(std::max(size, text.size()), static_cast<char>('a' + number % 26));
  return text;
}

}  // namespace

#define WORLDS UcxWorld, MemoryWorld

TEST_CASE_TEMPLATE("a message to a process that was learned arrives", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  REQUIRE(anna.send(bert, "hello").ok());
  CHECK(bert.messages.empty());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
  CHECK(bert.messages[0] == std::pair<ProcessId, std::string>(anna.id, "hello"));
  CHECK(anna.losses.empty());
  CHECK(bert.losses.empty());
}

TEST_CASE_TEMPLATE("who was connected to can answer without having learned", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  bert.on_message_do = [&](ProcessId from, std::string_view message) {
    CHECK(bert.transport->send(from, "re: " + std::string(message)).ok());
  };
  REQUIRE(anna.send(bert, "hello").ok());
  REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
  CHECK(anna.said(0) == "re: hello");
}

TEST_CASE_TEMPLATE("who is known or has connected can be told of to others", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  TestProcess& cleo = world.add();
  anna.knows(bert);
  CHECK(anna.transport->address_of(bert.id) == bert.transport->address());
  CHECK(bert.transport->address_of(anna.id).empty());
  REQUIRE(anna.send(bert, "hello").ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
  cleo.transport->learn(anna.id, bert.transport->address_of(anna.id));
  REQUIRE(cleo.send(anna, "I have heard of you").ok());
  CHECK(world.run_until([&] { return anna.messages.size() == 1; }));
}

TEST_CASE("a message may be a gibibyte long and no byte more") {
  CHECK(check_message_size(ProcessId{1}, kMaxMessageBytes).ok());
  CHECK(check_message_size(ProcessId{1}, kMaxMessageBytes + 1).to_string() ==
        "invalid argument: a message of 1073741825 bytes to process 0000000000000001; the limit is 1073741824");
}

TEST_CASE_TEMPLATE("nothing can be sent to an unknown process", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  CHECK(anna.send(bert, "x").code() == Code::kNotFound);
  world.settle();
  CHECK(bert.messages.empty());
  CHECK(anna.losses.empty());
}

TEST_CASE_TEMPLATE("small and large messages arrive in the order they were sent", World, WORLDS) {  // TRANSPORT-1
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  const std::size_t sizes[] = {64, 8 << 20, 64, 0, 9000, 64, 300'000, 1, 64, 8 << 20, 8 << 20, 64};
  std::vector<std::string> sent;
  for (int round = 0; round < 3; ++round)
    for (const std::size_t size : sizes) sent.push_back(numbered(static_cast<int>(sent.size()), size));
  for (const std::string& message : sent) REQUIRE(anna.send(bert, message).ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CAPTURE(i);
    CHECK((bert.said(i) == sent[i]));
  }
}

TEST_CASE_TEMPLATE("messages that cross stay in order in each direction", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  bert.knows(anna);
  for (int i = 0; i < 200; ++i) {
    REQUIRE(anna.send(bert, numbered(i, i % 7 == 0 ? 100'000 : 64)).ok());
    REQUIRE(bert.send(anna, numbered(i, i % 5 == 0 ? 100'000 : 64)).ok());
    if (i % 3 == 0) world.turn();
  }
  REQUIRE(world.run_until([&] { return anna.messages.size() == 200 && bert.messages.size() == 200; }));
  for (int i = 0; i < 200; ++i) {
    CHECK((bert.said(i) == numbered(i, i % 7 == 0 ? 100'000 : 64)));
    CHECK((anna.said(i) == numbered(i, i % 5 == 0 ? 100'000 : 64)));
  }
  CHECK(anna.losses.empty());
  CHECK(bert.losses.empty());
}

TEST_CASE_TEMPLATE("two that connect to each other at once lose each other once", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  bert.knows(anna);
  REQUIRE(anna.send(bert, "a").ok());
  REQUIRE(bert.send(anna, "b").ok());
  REQUIRE(world.run_until([&] { return anna.messages.size() == 1 && bert.messages.size() == 1; }));
  world.settle();
  bert.transport.reset();
  REQUIRE(world.run_until([&] { return !anna.losses.empty(); }));
  world.settle();
  CHECK(anna.losses.size() == 1);
  CHECK(anna.losses[0].first == bert.id);
}

TEST_CASE_TEMPLATE("disconnect flushes what was queued, and only the other side is told", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  for (int i = 0; i < 20; ++i) REQUIRE(anna.send(bert, numbered(i, i == 10 ? 4 << 20 : 64)).ok());
  anna.transport->disconnect(bert.id);
  REQUIRE(world.run_until([&] { return !bert.losses.empty(); }));
  CHECK(bert.messages.size() == 20);
  world.settle();
  CHECK(bert.losses.size() == 1);
  CHECK(anna.losses.empty());
}

TEST_CASE_TEMPLATE("a message right after a disconnect begins a new connection", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  REQUIRE(anna.send(bert, "one").ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
  REQUIRE(anna.send(bert, "two").ok());
  anna.transport->disconnect(bert.id);
  REQUIRE(anna.send(bert, "three").ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 3; }));
  CHECK(bert.said(1) == "two");
  CHECK(bert.said(2) == "three");
  CHECK(bert.losses.size() == 1);
  CHECK(anna.losses.empty());
}

TEST_CASE_TEMPLATE("a handler may send, learn and disconnect from inside its callbacks", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  TestProcess& carl = world.add();
  anna.knows(bert);
  bert.on_message_do = [&](ProcessId from, std::string_view message) {
    if (message == "first") {
      CHECK(bert.transport->send(from, "to be flushed").ok());
      bert.knows(carl);
      CHECK(bert.send(carl, "from inside").ok());
      bert.transport->disconnect(from);
      CHECK(bert.transport->send(from, "on a new connection").ok());
    }
  };
  anna.on_lost_do = [&](ProcessId peer, const Status&) { CHECK(anna.transport->send(peer, "again").ok()); };
  REQUIRE(anna.send(bert, "first").ok());
  REQUIRE(anna.send(bert, "second").ok());
  REQUIRE(world.run_until([&] {
    return carl.messages.size() == 1 && anna.messages.size() >= 2 && bert.messages.back().second == "again";
  }));
  CHECK(anna.said(0) == "to be flushed");
  CHECK(anna.said(1) == "on a new connection");
  CHECK(bert.said(0) == "first");
}

TEST_CASE_TEMPLATE("a process with another secret is neither heard nor believed", World, WORLDS) {  // TRANSPORT-2
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  TestProcess& mallory = world.add(Secret::random());
  mallory.knows(anna);
  anna.knows(mallory);
  anna.knows(bert);
  REQUIRE(mallory.send(anna, "let me in").ok());
  REQUIRE(anna.send(mallory, "are you one of us?").ok());
  REQUIRE(anna.send(bert, "hello").ok());
  REQUIRE(world.run_until(
      [&] { return anna.losses.size() == 1 && mallory.losses.size() == 1 && bert.messages.size() == 1; }));
  CHECK(anna.losses[0].first == mallory.id);
  CHECK(anna.losses[0].second.code() == Code::kUnauthenticated);
  CHECK(mallory.losses[0].second.code() == Code::kUnauthenticated);
  CHECK(anna.messages.empty());
  CHECK(mallory.messages.empty());
}

TEST_CASE_TEMPLATE("a connection to a process that does not answer is lost after the hello's time", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  world.freeze(bert);
  REQUIRE(anna.send(bert, "wake up").ok());
  world.skip(kHelloTimeout - milliseconds(500));
  CHECK(anna.losses.empty());
  world.skip(milliseconds(1000));
  REQUIRE(anna.losses.size() == 1);
  CHECK(anna.losses[0].second.code() == Code::kTimedOut);
  world.thaw();
  REQUIRE(anna.send(bert, "again").ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
  CHECK(bert.said(0) == "again");
}

TEST_CASE_TEMPLATE("an address that is none is reported as a loss", World, WORLDS) {
  World world;
  TestProcess& anna = world.add();
  const ProcessId nobody = random_process_id();
  anna.transport->learn(nobody, "nonsense");
  REQUIRE(anna.transport->send(nobody, "x").ok());
  REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));
  CHECK(anna.losses[0].first == nobody);
}

}  // namespace Atoll
