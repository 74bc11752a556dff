#include "runtime/wire/transport.h"

#include <doctest/doctest.h>
#include <poll.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "runtime/wire/memory_transport.h"
#include "runtime/wire/ucx_transport.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

// The owner of one transport, which writes down what it is told.
struct Process : TransportHandler {
  ProcessId id = random_process_id();
  std::unique_ptr<Transport> transport;
  std::vector<std::pair<ProcessId, std::string>> messages;
  std::vector<std::pair<ProcessId, Status>> losses;
  std::function<void(ProcessId, std::string_view)> on_message_do;
  std::function<void(ProcessId, const Status&)> on_lost_do;

  void on_message(ProcessId from, std::string_view message) override {
    messages.emplace_back(from, message);
    if (on_message_do) on_message_do(from, message);
  }
  void on_lost(ProcessId peer, const Status& why) override {
    losses.emplace_back(peer, why);
    if (on_lost_do) on_lost_do(peer, why);
  }
  void knows(const Process& other) { transport->learn(other.id, other.transport->address()); }
  Status send(const Process& to, std::string message) { return transport->send(to.id, std::move(message)); }
  std::string said(std::size_t index) const { return index < messages.size() ? messages[index].second : "nothing"; }
};

// Several processes in one, over UCX.
struct UcxWorld {
  Secret secret = Secret::random();
  std::vector<std::unique_ptr<Process>> processes;
  Duration ahead{0};
  const Process* frozen = nullptr;

  ~UcxWorld() {
    for (auto& process : processes) process->transport.reset();
  }
  Process& add() { return add(secret); }
  Process& add(const Secret& its_secret) {
    processes.push_back(std::make_unique<Process>());
    Process& process = *processes.back();
    UcxTransport::Options options;
    options.linger = milliseconds(20);  // nobody runs the others while one is destroyed
    auto transport = UcxTransport::create(process.id, its_secret, process, options);
    REQUIRE_MESSAGE(transport.ok(), transport.status().to_string());
    process.transport = std::move(*transport);
    return process;
  }
  void turn() {
    for (auto& process : processes)
      if (process->transport && process.get() != frozen) process->transport->progress(now() + ahead);
  }
  // Stops `process`, as a debugger does.
  void freeze(Process& process) { frozen = &process; }
  void thaw() { frozen = nullptr; }
  bool run_until(const std::function<bool()>& done) {
    const Time end = now() + std::chrono::seconds(10);
    while (!done()) {
      if (now() > end) return false;
      turn();
    }
    return true;
  }
  // Lets `time` pass for all.
  void skip(Duration time) {
    for (Duration passed{0}; passed < time; passed += milliseconds(100)) {
      ahead += milliseconds(100);
      for (int i = 0; i < 20; ++i) turn();
    }
  }
  // What was lost is known by now.
  void settle() {
    for (int i = 0; i < 2000; ++i) turn();
  }
};

// The same in a simulated network.
struct MemoryWorld {
  Secret secret = Secret::random();
  MemoryNetwork network{1};
  std::vector<std::unique_ptr<Process>> processes;
  const Process* frozen = nullptr;

  Process& add() { return add(secret); }
  Process& add(const Secret& its_secret) {
    processes.push_back(std::make_unique<Process>());
    Process& process = *processes.back();
    process.transport = network.add(process.id, its_secret, process);
    return process;
  }
  void turn() { skip(std::chrono::microseconds(50)); }
  bool run_until(const std::function<bool()>& done) {
    while (!done()) {
      const std::optional<Time> next = network.next_event();
      if (!next) return false;
      network.advance_to(*next);
    }
    return true;
  }
  void skip(Duration time) { network.advance_to(network.now() + time); }
  void settle() { skip(milliseconds(100)); }
  void freeze(Process& process) {
    frozen = &process;
    network.isolate(process.id, MemoryNetwork::Notice::kSilent);
  }
  void thaw() { network.rejoin(frozen->id); }
};

std::string numbered(int number, std::size_t size) {
  std::string text = std::to_string(number) + " ";
  text.resize(std::max(size, text.size()), static_cast<char>('a' + number % 26));
  return text;
}

}  // namespace

#define WORLDS UcxWorld, MemoryWorld

TEST_CASE_TEMPLATE("a message to a process that was learned arrives", World, WORLDS) {
  World world;
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
  anna.knows(bert);
  bert.on_message_do = [&](ProcessId from, std::string_view message) {
    CHECK(bert.transport->send(from, "re: " + std::string(message)).ok());
  };
  REQUIRE(anna.send(bert, "hello").ok());
  REQUIRE(world.run_until([&] { return anna.messages.size() == 1; }));
  CHECK(anna.said(0) == "re: hello");
}

TEST_CASE_TEMPLATE("send fails for an unknown process and for a message too long", World, WORLDS) {
  World world;
  Process& anna = world.add();
  Process& bert = world.add();
  CHECK(anna.send(bert, "x").code() == Code::kNotFound);
  anna.knows(bert);
  std::string long_message;
  long_message.resize(kMaxMessageBytes + 1);
  CHECK(anna.send(bert, std::move(long_message)).code() == Code::kInvalidArgument);
  world.settle();
  CHECK(bert.messages.empty());
  CHECK(anna.losses.empty());
}

TEST_CASE_TEMPLATE("small and large messages arrive in the order they were sent", World, WORLDS) {  // TRANSPORT-1
  World world;
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
  Process& carl = world.add();
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
  Process& anna = world.add();
  Process& bert = world.add();
  Process& mallory = world.add(Secret::random());
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
  Process& anna = world.add();
  Process& bert = world.add();
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
  Process& anna = world.add();
  const ProcessId nobody = random_process_id();
  anna.transport->learn(nobody, "nonsense");
  REQUIRE(anna.transport->send(nobody, "x").ok());
  REQUIRE(world.run_until([&] { return anna.losses.size() == 1; }));
  CHECK(anna.losses[0].first == nobody);
}

TEST_CASE("an idle transport sleeps on its descriptor and wakes for a message") {  // TRANSPORT-4
  UcxWorld world;
  Process& anna = world.add();
  Process& bert = world.add();
  anna.knows(bert);
  REQUIRE(anna.send(bert, "one").ok());
  REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
  world.settle();

  const auto sleep = [](Process& process, int timeout) {
    while (!process.transport->arm()) process.transport->progress(now());
    pollfd waited{process.transport->event_fd(), POLLIN, 0};
    return poll(&waited, 1, timeout);
  };
  CHECK(sleep(bert, 0) == 0);
  REQUIRE(anna.send(bert, "two").ok());
  while (anna.transport->progress(now())) {
  }
  CHECK(sleep(bert, 5000) == 1);
  REQUIRE(world.run_until([&] { return bert.messages.size() == 2; }));
}

TEST_CASE("thousands of connections leave nothing behind") {
  UcxWorld world;
  Process& anna = world.add();
  Process& bert = world.add();
  anna.knows(bert);
  const int rounds = 1000;
  for (int i = 1; i <= rounds; ++i) {
    CAPTURE(i);
    REQUIRE(anna.send(bert, "hello").ok());
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.messages.size()) == i; }));
    anna.transport->disconnect(bert.id);
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.losses.size()) == i; }));
  }
}

}  // namespace Atoll
