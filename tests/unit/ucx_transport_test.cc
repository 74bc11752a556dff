#include "runtime/wire/ucx_transport.h"

#include <doctest/doctest.h>
#include <dirent.h>
#include <malloc.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "runtime/base/log.h"
#include "runtime/wire/ucx_dead_queue.h"
#include "tests/support/transport_worlds.h"
#include "tests/support/ucx_stranger.h"

namespace Atoll {
namespace {

using std::chrono::milliseconds;

struct Quiet {  // dropped messages are expected here
  Quiet() { log::set_level("off"); }
  ~Quiet() { log::set_level("info"); }
};

int open_descriptors() {
  int count = 0;
  DIR* folder = opendir("/proc/self/fd");
  while (readdir(folder) != nullptr) ++count;
  closedir(folder);
  return count;
}

// A stranger who knows the secret, and has made a connection with it.
struct Renegade {
  ProcessId id = random_process_id();
  UcxStranger wire;
  Hello hello;
  std::uint32_t sequence = 0;

  Renegade(UcxWorld& world, const TestProcess& target)
      : wire(target.transport->address()), hello(Hello::connecting(world.secret, id, target.id)) {
    wire.offer(hello, 7);
    REQUIRE(world.run_until([&] {
      wire.progress();
      return !wire.answers.empty();
    }));
    std::string proof = hello.receive(wire.answers[0].second).value();
    const ProofTail tail{1};
    proof.append(reinterpret_cast<const char*>(&tail), sizeof tail);
    wire.send(kHelloAm, HelloHeader{wire.answers[0].first.from, 7}, proof);
  }
  DataHeader next() { return {hello.send_token(), sequence++}; }
};

// Two who talk while others do harm.
struct Bystanders {
  UcxWorld& world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  int said = 0;

  explicit Bystanders(UcxWorld& its_world) : world(its_world) {
    anna.knows(bert);
    talk();
  }
  void talk() {
    ++said;
    REQUIRE(anna.send(bert, "all well").ok());
    REQUIRE(world.run_until([&] { return heard() == said; }));
    CHECK(anna.losses.empty());
  }
  int heard() const {
    int count = 0;
    for (const auto& message : bert.messages) count += message.first == anna.id;
    return count;
  }
};

}  // namespace

TEST_CASE("an idle transport sleeps on its descriptor and wakes for a message") {  // TRANSPORT-4
  for (const std::string transports : {"all", "posix", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    TestProcess& bert = world.add();
    anna.knows(bert);
    REQUIRE(anna.send(bert, "one").ok());
    REQUIRE(world.run_until([&] { return bert.messages.size() == 1; }));
    world.settle();

    while (!bert.transport->arm()) bert.transport->progress(now());
    pollfd waited{bert.transport->event_fd(), POLLIN, 0};
    CHECK(poll(&waited, 1, 0) == 0);
    REQUIRE(anna.send(bert, "two").ok());
    while (anna.transport->progress(now())) {
    }
    const Time asleep = now();
    CHECK(poll(&waited, 1, 5000) == 1);
    CHECK(now() - asleep < milliseconds(500));  // what wakes for deadlines comes a second later
    REQUIRE(world.run_until([&] { return bert.messages.size() == 2; }));
  }
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // whose heaps do not tell
TEST_CASE("a process that is known, and no more, takes little beside its address") {
  UcxWorld world;
  TestProcess& anna = world.add();
  const std::string address = anna.transport->address();
  const std::size_t before = mallinfo2().uordblks;
  constexpr std::size_t kKnown = 1000;
  for (std::size_t i = 0; i < kKnown; ++i) anna.transport->learn(random_process_id(), address);
  CHECK(mallinfo2().uordblks - before < kKnown * (address.size() + 256));
}

TEST_CASE("what a burst to a slow process took is free again when it is sent") {
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  REQUIRE(anna.send(bert, "hello").ok());
  REQUIRE(world.run_until([&] { return !bert.messages.empty(); }));
  bert.messages.clear();
  const auto in_use = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
  const std::size_t before = in_use();
  constexpr std::size_t kMessages = 8000, kSize = 4000;  // kept 32 MB, and 320 bytes of each in UCX
  world.freeze(bert);
  for (std::size_t i = 0; i < kMessages; ++i) REQUIRE(anna.send(bert, std::string(kSize, 'x')).ok());
  CHECK(in_use() - before > kMessages * kSize / 2);
  world.thaw();
  REQUIRE(world.run_until([&] { return bert.messages.size() == kMessages; }));
  bert.messages = std::vector<std::pair<ProcessId, std::string>>();
  world.settle();
  CHECK(in_use() - before < kMessages * 50);
}
#endif

TEST_CASE("what a slow process was sent before the connection is closed arrives in order") {
  for (const std::string transports : {"all", "tcp"}) {
    CAPTURE(transports);
    const OnlyTransports only(transports.c_str());
    UcxWorld world;
    TestProcess& anna = world.add();
    TestProcess& bert = world.add();
    anna.knows(bert);
    REQUIRE(anna.send(bert, "hello").ok());
    REQUIRE(world.run_until([&] { return !bert.messages.empty(); }));
    bert.messages.clear();
    world.freeze(bert);
    constexpr std::size_t kMessages = 2000;
    for (std::size_t i = 0; i < kMessages; ++i) REQUIRE(anna.send(bert, std::to_string(i) + std::string(4000, 'x')).ok());
    anna.transport->disconnect(bert.id);
    world.thaw();
    REQUIRE(world.run_until([&] { return !bert.losses.empty(); }));
    REQUIRE(bert.messages.size() == kMessages);
    for (std::size_t i = 0; i < kMessages; ++i) REQUIRE(bert.said(i) == std::to_string(i) + std::string(4000, 'x'));
  }
}

TEST_CASE("hundreds of connections over shared memory leave no descriptor behind") {
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  const int before = open_descriptors();
  for (int i = 1; i <= 300; ++i) {
    CAPTURE(i);
    REQUIRE(anna.send(bert, "hello").ok());
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.messages.size()) == i; }));
    anna.transport->disconnect(bert.id);
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.losses.size()) == i; }));
  }
  world.settle();
  CHECK(open_descriptors() <= before + 4);
}

TEST_CASE("what is longer than a small window over TCP comes whole and in order, both ways") {
  const OnlyTransports only("tcp");
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add(world.secret, std::size_t{64} << 10);
  anna.knows(bert);
  bert.knows(anna);
  std::vector<std::string> sent;
  for (const std::size_t size : {100, 300'000, 70'000, 5'000'000, 1, 64 << 10}) sent.emplace_back(size, static_cast<char>('a' + sent.size()));
  for (const std::string& message : sent) {
    REQUIRE(anna.send(bert, message).ok());
    REQUIRE(bert.send(anna, message).ok());
  }
  REQUIRE(world.run_until([&] { return bert.messages.size() == sent.size() && anna.messages.size() == sent.size(); }));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    CHECK(bert.said(i) == sent[i]);
    CHECK(anna.said(i) == sent[i]);
  }
}

// Bert begins to connect when he has answered Anna's hello and she has not heard it yet. UCX dropped what was announced and
// then fetched, as large messages are, if he had one endpoint to answer on and another to begin on.
TEST_CASE("large messages arrive over TCP when both connected at about the same time") {
  const OnlyTransports only("tcp");
  for (int turns = 0; turns < 60; ++turns) {  // one of which is when the hello is on its way
    CAPTURE(turns);
    UcxWorld world;
    TestProcess& anna = world.add();
    TestProcess& bert = world.add();
    anna.knows(bert);
    bert.knows(anna);
    REQUIRE(anna.send(bert, "hello").ok());
    for (int turn = 0; turn < turns; ++turn) world.turn();
    world.freeze(anna);
    for (int turn = 0; turn < 100; ++turn) world.turn();
    REQUIRE(bert.send(anna, "hello").ok());
    world.thaw();
    REQUIRE(world.run_until([&] { return anna.messages.size() == 1 && bert.messages.size() == 1; }));
    for (int turn = 0; turn < 100; ++turn) world.turn();
    for (const std::size_t size : {20'000, 300'000, 3'000'000}) {
      REQUIRE(anna.send(bert, std::string(size, 'a')).ok());
      REQUIRE(bert.send(anna, std::string(size, 'b')).ok());
    }
    REQUIRE(world.run_until([&] { return !anna.losses.empty() || (anna.messages.size() == 4 && bert.messages.size() == 4); }));
    CHECK(anna.losses.empty());
    CHECK(bert.losses.empty());
    CHECK(anna.said(3) == std::string(3'000'000, 'b'));
    CHECK(bert.said(3) == std::string(3'000'000, 'a'));
  }
}

TEST_CASE("connections over TCP leave no descriptor behind") {
  const OnlyTransports only("tcp");
  UcxWorld world;
  TestProcess& anna = world.add();
  TestProcess& bert = world.add();
  anna.knows(bert);
  bert.knows(anna);
  const int before = open_descriptors();
  for (int i = 1; i <= 100; ++i) {
    CAPTURE(i);
    REQUIRE(anna.send(bert, "hello").ok());
    if (i % 3 == 0) REQUIRE(bert.send(anna, "hello to you").ok());
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.messages.size()) == i; }));
    anna.transport->disconnect(bert.id);
    REQUIRE(world.run_until([&] { return static_cast<int>(bert.losses.size()) == i; }));
  }
  REQUIRE(world.run_until([&] { return open_descriptors() <= before + 4; }));
}

TEST_CASE("garbage is dropped and harms nobody") {  // TRANSPORT-3
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  UcxStranger stranger(bystanders.bert.transport->address());
  const std::size_t sizes[] = {0, 1, kHelloBytes - 1, kHelloBytes, kHelloBytes + 1, 4000, 100'000};
  for (const unsigned am : {kHelloAm, kDataAm, kControlAm, kBulkAm}) {
    for (const std::size_t size : sizes) {
      stranger.send(am, char('x'), std::string(size, 'x'), UCP_AM_SEND_FLAG_REPLY);
      stranger.send(am, HelloHeader{0, 1}, std::string(size, 'x'));
      stranger.send(am, HelloHeader{3, 4}, std::string(size, 'x'), UCP_AM_SEND_FLAG_REPLY);
      stranger.send(am, DataHeader{5, 6}, std::string(size, 'x'));
      stranger.send(am, std::array<char, sizeof(DataHeader) + 5>{}, std::string(size, 'x'));
      stranger.send(am, ControlHeader{5, 6, Control::kGoodbye}, std::string(size, 'x'));
    }
  }
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  bystanders.talk();
  CHECK(bystanders.bert.losses.empty());
  CHECK(bystanders.heard() == static_cast<int>(bystanders.bert.messages.size()));
  CHECK(stranger.answers.empty());
  CHECK(stranger.others == 0);
}

TEST_CASE("a stranger with the wrong secret gets an answer and no further") {  // TRANSPORT-2
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  UcxStranger stranger(bystanders.bert.transport->address());
  const Hello hello = Hello::connecting(Secret::random(), random_process_id(), bystanders.bert.id);
  stranger.offer(hello, 7);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return !stranger.answers.empty();
  }));
  const HelloHeader reply{stranger.answers[0].first.from, 7};
  stranger.send(kHelloAm, reply, stranger.answers[0].second + std::string(100, 'x'));  // a reflection
  stranger.send(kHelloAm, reply, std::string(kHelloBytes + 100, 'x'));
  stranger.send(kDataAm, DataHeader{1, 0}, "may I?");
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  bystanders.talk();
  CHECK(bystanders.bert.losses.empty());
  CHECK(bystanders.heard() == static_cast<int>(bystanders.bert.messages.size()));
}

TEST_CASE("no more hellos are begun than may be unfinished at once") {
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  world.stop_clock();  // four thousand hellos may take longer than one is waited for
  UcxStranger stranger(bystanders.bert.transport->address());
  const std::size_t limit = UcxTransport::Options().max_unproven;
  const Hello hello = Hello::connecting(world.secret, random_process_id(), bystanders.bert.id);
  for (std::size_t i = 0; i < limit + 100; ++i) stranger.offer(hello, i + 1);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return stranger.answers.size() >= limit;
  }));
  for (int i = 0; i < 1000; ++i) {
    stranger.progress();
    world.turn();
  }
  CHECK(stranger.answers.size() == limit);
  bystanders.talk();

  world.skip(kHelloTimeout + milliseconds(500));
  stranger.offer(hello, 1);
  REQUIRE(world.run_until([&] {
    stranger.progress();
    return stranger.answers.size() == limit + 1;
  }));
}

TEST_CASE("a peer that knows the secret and leaves out a message loses its connection") {  // TRANSPORT-1
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  Renegade renegade(world, bystanders.bert);
  renegade.wire.send(kDataAm, renegade.next(), "one");
  (void)renegade.next();
  renegade.wire.send(kDataAm, renegade.next(), "three");
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !bystanders.bert.losses.empty();
  }));
  CHECK(bystanders.bert.messages.back().second == "one");
  CHECK(bystanders.bert.losses[0].first == renegade.id);
  bystanders.talk();
}

// It needs a message between the last two looks at the queue: a sanitizer is too slow for that.
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
TEST_CASE("a transport ends well though somebody goes on to speak to it, and takes no farewell") {
  const Quiet quiet;
  UcxWorld world;
  TestProcess& anna = world.add();
  Renegade renegade(world, anna);
  renegade.wire.send(kDataAm, renegade.next(), "one");
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !anna.messages.empty();
  }));
  std::atomic<bool> over = false;
  int said = 0;
  std::thread speaker([&] {
    for (; !over; ++said) {
      renegade.wire.send(kDataAm, renegade.next(), "on and on");
      for (int i = 0; i < 20; ++i) renegade.wire.progress();
    }
  });
  anna.transport.reset();
  over = true;
  speaker.join();
  // UCX keeps the memory of a queue that it still has messages for, and a test after this one looks at what is mapped.
  for (; said > 0; said -= 16) {
    empty_dead_queues({getpid()});
    renegade.wire.progress();
  }
}
#endif

TEST_CASE("a peer that announces a message too long loses its connection before a byte is allocated") {  // TRANSPORT-3
  const Quiet quiet;
  UcxWorld world;
  Bystanders bystanders(world);
  Renegade renegade(world, bystanders.bert);
  // Never touched, so it costs no memory.
  const std::size_t size = kMaxMessageBytes + 1;
  void* space = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(space != MAP_FAILED);
  renegade.wire.send_in_place(kDataAm, renegade.next(), static_cast<const char*>(space), size);
  REQUIRE(world.run_until([&] {
    renegade.wire.progress();
    return !bystanders.bert.losses.empty();
  }));
  CHECK(bystanders.bert.losses[0].first == renegade.id);
  CHECK(bystanders.bert.losses[0].second.code() == Code::kInvalidArgument);
  bystanders.talk();
  for (int i = 0; i < 100; ++i) renegade.wire.progress();
  munmap(space, size);
}

}  // namespace Atoll
