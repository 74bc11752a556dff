#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/transport_worlds.h"

namespace Atoll {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using Notice = MemoryNetwork::Notice;

struct Talk {
  MemoryWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();

  Talk() {
    anna.knows(bert);
    bert.knows(anna);
    REQUIRE(anna.send(bert, "hello").ok());
    world.settle();
    REQUIRE(bert.messages.size() == 1);
  }
};

// What a hundred messages among four processes come to, in words.
std::string story(std::uint64_t seed, const MemoryNetwork::Faults& faults) {
  MemoryNetwork network(seed, faults);
  const Secret secret;
  std::vector<std::unique_ptr<TestProcess>> processes;
  std::string told;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    auto process = std::make_unique<TestProcess>();
    process->id = ProcessId{i};
    process->transport = network.add(process->id, secret, *process);
    process->on_message_do = [&told, &network, i](ProcessId from, std::string_view message) {
      told += std::to_string(network.now().time_since_epoch().count()) + " " + std::to_string(i) + " hears " +
              std::string(message) + " of " + to_string(from) + "\n";
    };
    process->on_lost_do = [&told, i](ProcessId peer, const Status& why) {
      told += std::to_string(i) + " loses " + to_string(peer) + ": " + why.message() + "\n";
    };
    for (const auto& other : processes) {
      process->knows(*other);
      other->knows(*process);
    }
    processes.push_back(std::move(process));
  }
  for (std::size_t i = 0; i < 100; ++i) {
    REQUIRE(processes[i % 4]->send(*processes[(i % 4 + 1 + i % 3) % 4], std::to_string(i)).ok());
    network.advance_to(network.now() + microseconds(20));
  }
  network.advance_to(network.now() + std::chrono::seconds(10));
  return told;
}

}  // namespace

TEST_CASE("a simulated network of one seed does the same twice, and of another seed something else") {
  MemoryNetwork::Faults faults;
  faults.break_probability = 0.05;
  faults.drop_probability = 0.05;
  faults.duplicate_probability = 0.05;
  CHECK(story(1, faults) == story(1, faults));
  CHECK(story(1, faults) != story(2, faults));
}

TEST_CASE("an idle simulated network has no next event") {
  Talk talk;
  talk.world.skip(2 * kHelloTimeout);
  CHECK_FALSE(talk.world.network.next_event());
}

TEST_CASE("messages of different pairs overtake each other, those of one pair never") {
  MemoryWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  TestProcess& carl = world.add();
  bert.knows(anna);
  carl.knows(anna);
  REQUIRE(bert.send(anna, "0").ok());
  REQUIRE(carl.send(anna, "0").ok());
  world.settle();
  std::map<ProcessId, int> last;
  bool overtaken = false;
  anna.on_message_do = [&](ProcessId from, std::string_view message) {
    CHECK(std::stoi(std::string(message)) == ++last[from]);
    overtaken |= last[carl.id] > last[bert.id];
  };
  for (int i = 1; i <= 200; ++i) {
    REQUIRE(bert.send(anna, std::to_string(i)).ok());
    REQUIRE(carl.send(anna, std::to_string(i)).ok());
    world.network.advance_to(world.network.now() + microseconds(20));
  }
  world.settle();
  CHECK(last[bert.id] == 200);
  CHECK(last[carl.id] == 200);
  CHECK(overtaken);
}

TEST_CASE("a loud cut ends the connection and each attempt, until it heals") {
  Talk talk;
  talk.world.network.cut(talk.anna.id, talk.bert.id, Notice::kLoud);
  talk.world.settle();
  CHECK(talk.anna.losses.size() == 1);
  CHECK(talk.bert.losses.size() == 1);
  REQUIRE(talk.anna.send(talk.bert, "again").ok());
  talk.world.settle();
  CHECK(talk.anna.losses.size() == 2);
  CHECK(talk.bert.losses.size() == 1);
  talk.world.network.heal(talk.anna.id, talk.bert.id);
  REQUIRE(talk.anna.send(talk.bert, "at last").ok());
  talk.world.settle();
  CHECK(talk.bert.said(1) == "at last");
}

TEST_CASE("a silent cut tells nobody until it heals, and then only if something was missed") {
  for (const bool speak : {false, true}) {
    CAPTURE(speak);
    Talk talk;
    talk.world.network.cut(talk.anna.id, talk.bert.id, Notice::kSilent);
    if (speak) REQUIRE(talk.anna.send(talk.bert, "into the void").ok());
    talk.world.skip(std::chrono::minutes(1));
    CHECK(talk.anna.losses.empty());
    CHECK(talk.bert.losses.empty());
    talk.world.network.heal(talk.anna.id, talk.bert.id);
    talk.world.settle();
    CHECK(talk.anna.losses.size() == (speak ? 1 : 0));
    CHECK(talk.bert.losses.size() == (speak ? 1 : 0));
    REQUIRE(talk.anna.send(talk.bert, "healed").ok());
    talk.world.settle();
    CHECK(talk.bert.said(1) == "healed");
  }
}

TEST_CASE("a connection through a silent cut is lost when the hello's time is over") {
  MemoryWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  world.network.cut(anna.id, bert.id, Notice::kSilent);
  REQUIRE(anna.send(bert, "x").ok());
  world.skip(kHelloTimeout - milliseconds(1));
  CHECK(anna.losses.empty());
  world.skip(milliseconds(2));
  REQUIRE(anna.losses.size() == 1);
  CHECK(anna.losses[0].second.code() == Code::kTimedOut);
}

TEST_CASE("a killed process is heard no more, and its peers are told if the kill is loud") {
  for (const Notice notice : {Notice::kLoud, Notice::kSilent}) {
    Talk talk;
    REQUIRE(talk.anna.send(talk.bert, "too late").ok());
    talk.world.network.kill(talk.bert.id, notice);
    talk.world.skip(kHelloTimeout);
    CHECK(talk.bert.messages.size() == 1);
    CHECK(talk.bert.losses.empty());
    CHECK(talk.anna.losses.size() == (notice == Notice::kLoud ? 1 : 0));
  }
}

TEST_CASE("an isolated process is cut from all and finds all again") {
  Talk talk;
  TestProcess& carl = talk.world.add();
  carl.knows(talk.anna);
  REQUIRE(carl.send(talk.anna, "hello").ok());
  talk.world.settle();
  talk.world.network.isolate(talk.anna.id, Notice::kLoud);
  talk.world.settle();
  CHECK(talk.anna.losses.size() == 2);
  CHECK(talk.bert.losses.size() == 1);
  CHECK(carl.losses.size() == 1);
  talk.world.network.rejoin(talk.anna.id);
  REQUIRE(talk.anna.send(carl, "back").ok());
  talk.world.settle();
  CHECK(carl.said(0) == "back");
}

TEST_CASE("whatever breaks, messages come in order, and a gap only after a loss") {  // TRANSPORT-1
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    MemoryNetwork::Faults faults;
    faults.break_probability = 0.02;
    MemoryNetwork network(seed, faults);
    const Secret secret = Secret::random();
    TestProcess anna, bert;
    anna.transport = network.add(anna.id, secret, anna);
    bert.transport = network.add(bert.id, secret, bert);
    anna.knows(bert);
    int expected = 0;
    bool may_skip = false;
    bert.on_message_do = [&](ProcessId, std::string_view message) {
      const int number = std::stoi(std::string(message));
      CHECK(number >= expected);
      CHECK((number == expected || may_skip));
      may_skip = false;
      expected = number + 1;
    };
    bert.on_lost_do = [&](ProcessId, const Status&) { may_skip = true; };
    for (int i = 0; i < 500; ++i) {
      REQUIRE(anna.send(bert, std::to_string(i)).ok());
      network.advance_to(network.now() + microseconds(7));
      // Nothing of bert's first connection tells that earlier ones never came to be.
      if (bert.messages.empty() && !anna.losses.empty()) may_skip = true;
    }
    network.advance_to(network.now() + std::chrono::seconds(10));
    CHECK(expected > 100);
    CHECK_FALSE(anna.losses.empty());
    anna.transport.reset();
    bert.transport.reset();
  }
}

TEST_CASE("the cheap hello refuses another secret too") {
  MemoryNetwork network(1, {}, MemoryNetwork::HelloMode::kCheap);
  TestProcess anna, bert, mallory;
  const Secret secret = Secret::random();
  anna.transport = network.add(anna.id, secret, anna);
  bert.transport = network.add(bert.id, secret, bert);
  mallory.transport = network.add(mallory.id, Secret::random(), mallory);
  anna.knows(bert);
  mallory.knows(bert);
  REQUIRE(anna.send(bert, "one of us").ok());
  REQUIRE(mallory.send(bert, "not one of us").ok());
  network.advance_to(network.now() + milliseconds(1));
  REQUIRE(bert.messages.size() == 1);
  CHECK(bert.said(0) == "one of us");
  REQUIRE(mallory.losses.size() == 1);
  CHECK(mallory.losses[0].second.code() == Code::kUnauthenticated);
}

TEST_CASE("datagram faults lose and repeat messages without a word") {
  MemoryNetwork::Faults faults;
  MemoryNetwork network(5, faults);
  const Secret secret = Secret::random();
  TestProcess anna, bert;
  anna.transport = network.add(anna.id, secret, anna);
  bert.transport = network.add(bert.id, secret, bert);
  anna.knows(bert);
  faults.drop_probability = 0.3;
  faults.duplicate_probability = 0.3;
  network.set_faults(faults);
  std::map<std::string, int> seen;
  bert.on_message_do = [&](ProcessId, std::string_view message) { ++seen[std::string(message)]; };
  for (int i = 0; i < 1000; ++i) REQUIRE(anna.send(bert, std::to_string(i)).ok());
  network.advance_to(network.now() + std::chrono::seconds(10));
  int twice = 0;
  for (const auto& [message, count] : seen) twice += count == 2;
  CHECK(seen.size() > 600);
  CHECK(seen.size() < 800);
  CHECK(twice > 100);
  CHECK(anna.losses.empty());
  CHECK(bert.losses.empty());
}

}  // namespace Atoll
